"""Keeps purchases, and sorts their payments by them. Its caller commits."""

from collections.abc import Sequence

from contracts.wallet import SHOP
from finance.domain.feed.categorisation import Sorting, changes
from finance.domain.feed.purchases import Purchase
from finance.repository import FinancePeople, Purchases, Rules, SortedRows
from finance.service.reports.budgets import watch_budgets
from kit.db import UnitOfWork


async def keep_purchases(uow: UnitOfWork, told: Sequence[Purchase]) -> None:
    """Store purchases, and sort what is booked already anew; books are locked.

    A payment that is booked later finds its purchase then.
    """
    if not told:
        return
    now = uow.clock.now()
    await Purchases(uow).add(told, now)
    rules = await Rules(uow).of({one.user_id for one in told})
    if not rules:
        return
    by_payment = {str(one.payment_id): one for one in told}
    rows = [one for one in await SortedRows(uow).paid_by(by_payment) if one.user_id in rules]
    names = await FinancePeople(uow).names([SHOP])
    changed = [
        change
        for user_id, own in rules.items()
        for change in changes(
            [one for one in rows if one.user_id == user_id], Sorting(own, names, by_payment)
        )
    ]
    await SortedRows(uow).save(changed, now)
    await watch_budgets(uow, {spent for one in changed for spent in one.spent})
