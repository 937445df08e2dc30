"""Holds the verbs of rules: add, change, delete, try, apply. Their caller commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from contracts.wallet import SHOP
from finance.domain.books import BookOwner
from finance.domain.categories import fitting
from finance.domain.feed.categorisation import (
    RuleTrial,
    SortedRow,
    Sorting,
    changes,
    place,
    try_rule,
)
from finance.domain.feed.rules import MOST_RULES, CategoryRule, RuleDraft
from finance.domain.transactions.transactions import Transaction
from finance.refusals import AccountNotYours, RuleNotFound, RulePayeeUnknown, TooManyRules
from finance.repository import (
    Accounts,
    Books,
    FinanceCategories,
    FinancePeople,
    Purchases,
    Rules,
    SortedRows,
)
from finance.repository.feed.categorisation import NEWEST, RowPlace
from finance.service.reports.budgets import watch_budgets
from kit.db import Connection, UnitOfWork
from kit.edits import Edition
from kit.tasks import giving_way

PAGE: Final = 1_000  # transactions that are sorted anew in one unit of work
TRIED: Final = 5_000  # transactions that a rule is tried on


async def add_rule(uow: UnitOfWork, owner: BookOwner, draft: RuleDraft) -> CategoryRule:
    """Store a rule, by default behind all others; it sorts what is booked from now on.

    Raises TooManyRules, CategoryNotYours, AccountNotYours, RulePayeeUnknown.
    """
    await Books(uow).lock(owner, uow.clock.now())
    added = await _drafted(uow, owner, draft, uow.clock.now())
    count, _ = await Rules(uow).count(owner.user_id)
    if count >= MOST_RULES:
        raise TooManyRules(most=MOST_RULES)
    await Rules(uow).add(added)
    return added


async def replace_rule(
    uow: UnitOfWork, owner: BookOwner, rule_id: UUID, draft: RuleDraft, edition: Edition
) -> CategoryRule:
    """Put another rule in the place of one whose version the edit accepts.

    Raises RuleNotFound, EditStale, and the refusals of ``add_rule``.
    """
    await Books(uow).lock(owner, uow.clock.now())
    found = await _find(uow, owner, rule_id)
    edition.check(found.version)
    drafted = await _drafted(uow, owner, draft, uow.clock.now())
    changed = found.replaced(drafted, keeps_place=draft.place is None)
    if changed != found:
        await Rules(uow).save(changed)
    return changed


async def delete_rule(uow: UnitOfWork, owner: BookOwner, rule_id: UUID, edition: Edition) -> None:
    """Delete a rule; what it has sorted stays so until the rules are applied.

    Raises RuleNotFound and EditStale.
    """
    await Books(uow).lock(owner, uow.clock.now())
    found = await _find(uow, owner, rule_id)
    edition.check(found.version)
    await Rules(uow).delete(owner.user_id, found.id)


async def placed(
    uow: UnitOfWork, owner: BookOwner, new: Sequence[Transaction]
) -> list[Transaction]:
    """Return new transactions with what rules give to those that nobody has placed.

    It is for imports; what its owner writes by hand without a category stays so.
    """
    rules = (await Rules(uow).of([owner.user_id])).get(owner.user_id, ())
    return [one async for some in giving_way(new) for one in (place(rules, each) for each in some)]


class Applied(NamedTuple):
    """What applying rules to a page of transactions has come to.

    `end` is where older ones begin; None where there are none.
    """

    looked_at: int
    changed: int
    end: RowPlace | None


async def apply_rules(uow: UnitOfWork, owner: BookOwner, before: RowPlace = NEWEST) -> Applied:
    """Sort a page of the past anew, the newest first; what its owner has sorted stays.

    Takes the same number of statements however many rows change.
    """
    await Books(uow).lock(owner, uow.clock.now())
    rows, end = await SortedRows(uow).page(owner.user_id, before, PAGE)
    around = await _sorting(uow, owner, rows)
    changed = [change async for some in giving_way(rows) for change in changes(some, around)]
    await SortedRows(uow).save(changed, uow.clock.now())
    await watch_budgets(uow, {spent for one in changed for spent in one.spent})
    return Applied(len(rows), len(changed), end)


async def try_on(
    connection: Connection,
    owner: BookOwner,
    draft: RuleDraft,
    replaces: UUID | None,
    now: datetime,
) -> tuple[RuleTrial, RowPlace | None]:
    """Return what a rule would do to the latest, and where older ones begin.

    It stores nothing. With ``replaces`` the rule is meant in the place of that one.

    Raises the refusals of ``add_rule`` but TooManyRules, and RuleNotFound.
    """
    tried = await _drafted(connection, owner, draft, now, within="rule/")
    rows, end = await SortedRows(connection).page(owner.user_id, NEWEST, TRIED)
    around = await _sorting(connection, owner, rows)
    if replaces is not None:
        found = await _find(connection, owner, replaces)
        tried = found.replaced(tried, keeps_place=draft.place is None)
    trials = [try_rule(tried, some, around) async for some in giving_way(rows)]
    return RuleTrial.total(trials), end


async def _sorting(connection: Connection, owner: BookOwner, rows: Sequence[SortedRow]) -> Sorting:
    others = {one.counterparty_id for one in rows if one.counterparty_id is not None}
    paid = {one.reference for one in rows if one.counterparty_id == SHOP and one.reference}
    rules = await Rules(connection).of([owner.user_id])
    return Sorting(
        rules=rules.get(owner.user_id, ()),
        names=await FinancePeople(connection).names(others),
        purchases=await Purchases(connection).among(paid),
    )


async def _find(connection: Connection, owner: BookOwner, rule_id: UUID) -> CategoryRule:
    found = await Rules(connection).find(owner.user_id, rule_id)
    if found is None:
        raise RuleNotFound
    return found


async def _drafted(
    connection: Connection, owner: BookOwner, draft: RuleDraft, now: datetime, within: str = ""
) -> CategoryRule:
    """Return the rule that a draft comes to; its fields stand ``within`` something."""
    found = await FinanceCategories(connection).of(owner.user_id, (draft.category_id,))
    category = fitting(found.get(draft.category_id), None, at=f"{within}category_id")
    if draft.account_id is not None and not await Accounts(connection).of(
        owner.user_id, (draft.account_id,)
    ):
        raise AccountNotYours(f"{within}account_id")
    if draft.payee_username is not None and draft.payee_id is None:
        raise RulePayeeUnknown(f"{within}payee_username")
    _, last = await Rules(connection).count(owner.user_id)
    return draft.rule(owner.user_id, type=category.type, last=last, now=now)
