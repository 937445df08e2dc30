"""Books transactions, and takes them back: rows, balances, budgets, log lines.

It does not ask where they come from: a request, what recurs, an import. A movement sets the balance
of its account by what the wallet says, and is stored by `Transactions.add` alone.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from finance.domain.amounts import MOST_BALANCE, require_balance
from finance.domain.reports.budgets import spent_in
from finance.domain.transactions.transactions import Transaction
from finance.refusals import BalanceOutOfRange
from finance.repository import Accounts, Transactions
from finance.service.reports.budgets import watch_budgets
from kit.db import UnitOfWork
from kit.logs import get_logger

log = get_logger(__name__)


async def book(uow: UnitOfWork, new: Sequence[Transaction]) -> None:
    """Store any number of transactions of locked books.

    Their accounts and categories exist.

    Raises BalanceOutOfRange.
    """
    await Transactions(uow).add(new)
    await _move_balances(uow, (), new)
    await watch_budgets(uow, spent_in(new))
    _log(uow, "transactions_booked", new)


async def rebook(uow: UnitOfWork, old: Sequence[Transaction], new: Sequence[Transaction]) -> None:
    """Store transactions as they are now, in place of what they were.

    Raises BalanceOutOfRange.
    """
    for one in new:
        await Transactions(uow).save(one)
    await _move_balances(uow, old, new)
    await watch_budgets(uow, spent_in(new))
    _log(uow, "transactions_changed", new)


async def unbook(uow: UnitOfWork, old: Sequence[Transaction]) -> None:
    """Delete transactions of locked books.

    Raises BalanceOutOfRange.
    """
    await Transactions(uow).delete([one.id for one in old])
    await _move_balances(uow, old, ())
    _log(uow, "transactions_deleted", old)


async def _move_balances(
    uow: UnitOfWork, old: Sequence[Transaction], new: Sequence[Transaction]
) -> None:
    sums: Counter[UUID] = Counter()
    for one in new:
        sums[one.account_id] += one.amount_minor
    for one in old:
        sums[one.account_id] -= one.amount_minor
    deltas = {account_id: minor for account_id, minor in sums.items() if minor}
    if not deltas:
        return
    if max(map(abs, deltas.values())) > 2 * MOST_BALANCE:  # more than the column could add
        raise BalanceOutOfRange
    for balance_minor in await Accounts(uow).move_balances(deltas):
        require_balance(balance_minor)


def _log(uow: UnitOfWork, event: str, concerned: Sequence[Transaction]) -> None:
    """Write a line for each book, once it is stored.

    It has no amounts: what people spend is nobody's business.
    """
    counts = Counter((one.user_id, one.origin) for one in concerned)
    for (user_id, origin), count in counts.items():
        fields = {"user_id": str(user_id), "origin": origin.value, "count": count}
        uow.after_commit(partial(log.info, event, **fields))
