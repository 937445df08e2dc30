"""Books what wallets have moved; the loop that reads it on commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.wallet import SHOP
from finance.domain.books import BookOwner, FinanceBook
from finance.domain.feed.movements import (
    BalanceDifference,
    BookMovement,
    LinkedAccount,
    MovementGap,
    Surroundings,
    book_page,
)
from finance.repository import (
    BookedMovements,
    Books,
    FinancePeople,
    LinkedAccounts,
    Purchases,
    Rules,
)
from finance.repository.feed.linked_accounts import NewWallet
from finance.service.reports.budgets import watch_budgets
from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.tasks import giving_way

log = get_logger(__name__)


class MovementsMissingError(Exception):
    """Movements before these have not come; they have to be fetched first."""

    def __init__(self, gaps: Sequence[MovementGap]) -> None:
        """Name what is missing."""
        super().__init__(f"of {len(gaps)} wallets")
        self.gaps = gaps


async def book_movements(uow: UnitOfWork, movements: Sequence[BookMovement], time_zone: str) -> int:
    """Book movements of any wallets, each exactly once; return how many were new.

    Locks the books of all owners, in the order of their ids; the deleted have none, which costs
    statements of its own. Others are fixed in number, however many owners and movements there are.
    A new book begins with ``time_zone``.

    Raises:
        BookTakenError: an owner's book is waited for only briefly, and somebody writes in it.
        MovementsMissingError: movements of a wallet that come before these are missing.
    """
    books = await _lock(uow, {one.owner_id for one in movements}, time_zone)
    left = [one for one in movements if one.owner_id in books]
    if not left:
        return 0
    accounts = await _accounts(uow, left)
    around = await _surroundings(uow, left, books)
    in_order = sorted(left, key=attrgetter("seq"))
    pages = [book_page(some, accounts, around) async for some in giving_way(in_order)]
    if gaps := [gap for page in pages for gap in page.gaps]:
        raise MovementsMissingError(gaps)
    booked = [one for page in pages for one in page.booked]
    await BookedMovements(uow).add(booked, uow.clock.now())
    await LinkedAccounts(uow).save({one.account.id: one.account for one in booked}.values())
    await watch_budgets(uow, {spent for one in booked for spent in one.spent})
    _raise_alarm(uow, [one for page in pages for one in page.differences])
    return len(booked)


async def _lock(
    uow: UnitOfWork, owners: Collection[UUID], time_zone: str
) -> Mapping[UUID, FinanceBook]:
    """Lock the books of those who keep one.

    The deleted get one for as long as it takes to see that they are.
    """
    concerned = [BookOwner(one, time_zone) for one in sorted(owners)]
    books = await Books(uow).lock_many(concerned, uow.clock.now())
    gone = await FinancePeople(uow).without_book(owners)
    if gone:
        await Books(uow).forget(gone)
    return {owner: book for owner, book in books.items() if owner not in gone}


async def _accounts(
    uow: UnitOfWork, movements: Iterable[BookMovement]
) -> Mapping[UUID, LinkedAccount]:
    """Return the accounts of the movements' wallets, opening the missing ones."""
    wallets = {
        one.wallet_id: NewWallet(one.wallet_id, one.owner_id, one.currency, one.wallet_name)
        for one in movements
    }
    linked = LinkedAccounts(uow)
    found = await linked.among(wallets)
    missing = [wallets[one] for one in wallets.keys() - found.keys()]
    if not missing:
        return found
    await linked.open(missing, uow.clock.now())
    return await linked.among(wallets)


async def _surroundings(
    uow: UnitOfWork, movements: Iterable[BookMovement], books: Mapping[UUID, FinanceBook]
) -> Surroundings:
    rules = await Rules(uow).of(books)
    ruled = [one for one in movements if one.owner_id in rules]
    others = {one.counterparty_id for one in ruled if one.counterparty_id is not None}
    paid = {one.reference for one in ruled if one.counterparty_id == SHOP}
    return Surroundings(
        zones={one: ZoneInfo(book.time_zone) for one, book in books.items()},
        rules=rules,
        names=await FinancePeople(uow).names(others),
        purchases=await Purchases(uow).among(paid),
    )


def _raise_alarm(uow: UnitOfWork, differences: Iterable[BalanceDifference]) -> None:
    """Log an alarm, after COMMIT, for each balance that is not what it should be."""
    for one in differences:
        fields = {name: str(value) for name, value in one._asdict().items()}
        uow.after_commit(partial(log.error, "movement_balance_differs", **fields))
