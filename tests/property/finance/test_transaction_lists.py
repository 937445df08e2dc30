"""Lists of transactions: every filter gives what a plain model says, page by page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.integration.finance.room import Room, opened

from finance.domain.dates.days import day_of
from finance.domain.dates.periods import BookPeriod
from finance.domain.transactions.transactions import (
    Split,
    Transaction,
    TransactionFilter,
    TransactionType,
)
from finance.repository import Books, TransactionLists
from finance.service.transactions.bookings import book
from kit.ids import new_id
from testkit.databases import Cluster

BOOK_ZONE = "America/New_York"
ZONES = (BOOK_ZONE, "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")
TEXTS = ("Обед", "обедня", "100%", "100 %", "a_b", "ab", None)
SOUGHT = ("обед", "100%", "_", "%", "B", "нет")
# Around the night in which New York's clocks go forwards, and a year's end.
MOMENTS = tuple(
    start + timedelta(hours=5 * step)
    for start in (datetime(2026, 3, 7, tzinfo=UTC), datetime(2025, 12, 30, tzinfo=UTC))
    for step in range(20)
)


@dataclass(frozen=True)
class Shelf:
    """Random transactions, in the database and as a plain list."""

    room: Room
    accounts: Sequence[UUID]
    categories: Sequence[UUID]
    transactions: Sequence[Transaction]

    def expected(self, wanted: TransactionFilter) -> list[UUID]:
        """Return what a list must hold, in its order."""
        found = [one for one in self.transactions if fits(one, wanted)]
        return [one.id for one in sorted(found, key=lambda one: (one.day, one.id), reverse=True)]


def is_in(one: Transaction, period: BookPeriod) -> bool:
    """Tell whether a transaction is in a period, as its definition says."""
    zone = ZoneInfo(period.zone)
    day = one.day if one.at is None else day_of(one.at, period.zone)
    moment = one.at or datetime.combine(one.day, time.min, zone).astimezone(UTC)
    begin, end = period.begin, period.end
    if begin is not None and (moment < begin if isinstance(begin, datetime) else day < begin):
        return False
    return end is None or (moment < end if isinstance(end, datetime) else day <= end)


def fits(one: Transaction, wanted: TransactionFilter) -> bool:
    """Tell whether a transaction fits all that is asked for."""
    categories = {one.category_id, *(part.category_id for part in one.splits)}
    texts = " ".join(filter(None, (one.description, one.note))).casefold()
    amount = abs(one.amount_minor)
    return (
        is_in(one, wanted.period)
        and (wanted.ids is None or one.id in wanted.ids)
        and wanted.account_id in (None, one.account_id)
        and (wanted.category_id is None or wanted.category_id in categories)
        and wanted.type in (None, one.type)
        and (wanted.text is None or wanted.text.casefold() in texts)
        and (wanted.tag is None or wanted.tag in one.tags)
        and (wanted.amount_min is None or amount >= wanted.amount_min)
        and (wanted.amount_max is None or amount <= wanted.amount_max)
        and not (wanted.is_uncategorised and (categories - {None}))
    )


def transaction(random: Random, user: UUID, shelf: tuple[list[UUID], list[UUID]]) -> Transaction:
    """Return a random expense or income."""
    accounts, categories = shelf
    at = random.choice(MOMENTS)
    minor = random.choice([-200, -100, 100])
    parts: tuple[Split, ...] = ()
    if random.random() < 0.3:
        parts = tuple(Split(random.choice(categories), minor // 2) for _ in range(2))
    has_moment = random.random() < 0.6
    return Transaction(
        id=new_id(),
        user_id=user,
        account_id=random.choice(accounts),
        type=TransactionType.INCOME if minor > 0 else TransactionType.EXPENSE,
        amount_minor=minor,
        currency="RUB",
        category_id=None if parts else random.choice([*categories, None]),
        description=random.choice(TEXTS),
        note=random.choice(TEXTS),
        day=day_of(at, BOOK_ZONE if has_moment else "UTC"),
        at=at if has_moment else None,
        tags=tuple(random.sample(("a", "b", "ab"), random.randint(0, 2))),
        splits=parts,
        created_at=at,
        updated_at=at,
    )


def question(random: Random, shelf: Shelf) -> TransactionFilter:
    """Return a random filter."""

    def some(chance: float, *choices: object) -> object:
        return random.choice(choices) if random.random() < chance else None

    edges: list[date | datetime | None] = [None]
    edges += [random.choice(MOMENTS), random.choice(MOMENTS).date()]
    period = BookPeriod(random.choice(edges), random.choice(edges), random.choice(ZONES), BOOK_ZONE)
    ids = random.sample([one.id for one in shelf.transactions], 12)
    return TransactionFilter(
        user_id=shelf.room.user,
        period=period,
        ids=some(0.2, tuple(ids)),  # type: ignore[arg-type]
        account_id=some(0.3, *shelf.accounts),  # type: ignore[arg-type]
        category_id=some(0.3, *shelf.categories),  # type: ignore[arg-type]
        type=some(0.2, *TransactionType),  # type: ignore[arg-type]
        text=some(0.2, *SOUGHT),  # type: ignore[arg-type]
        tag=some(0.2, "a", "b", "c"),  # type: ignore[arg-type]
        amount_min=some(0.1, 101),  # type: ignore[arg-type]
        amount_max=some(0.1, 150),  # type: ignore[arg-type]
        is_uncategorised=random.random() < 0.1,
    )


@pytest.fixture(params=range(2))
async def shelf(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[Shelf]:
    random = Random(request.param)
    async with opened(cluster) as room:
        accounts = [UUID(await room.account(name)) for name in ("Cash", "Card")]
        categories = [UUID(await room.category(name)) for name in ("Food", "Rent", "Fun")]
        many = [transaction(random, room.user, (accounts, categories)) for _ in range(150)]
        async with room.database.unit_of_work() as uow:
            await Books(uow).lock(room.owner, uow.clock.now())
            await book(uow, many)
        yield Shelf(room, accounts, categories, many)


async def listed(shelf: Shelf, wanted: TransactionFilter, limit: int) -> list[UUID]:
    """Return a whole list, read by pages of a size."""
    found: list[UUID] = []
    after = None
    async with shelf.room.database.read() as connection:
        while True:
            page = await TransactionLists(connection).page(wanted, after, limit)
            found += [one.id for one in page]
            if len(page) < limit:
                return found
            after = page[-1].day, page[-1].id


async def test_a_list_holds_what_fits_newest_day_first_whatever_its_pages(shelf: Shelf) -> None:
    random = Random(5)
    sizes = set()
    for _ in range(120):
        wanted = question(random, shelf)
        expected = shelf.expected(wanted)
        sizes.add(len(expected))
        assert await listed(shelf, wanted, 1_000) == expected, wanted
        assert await listed(shelf, wanted, random.choice([1, 2, 3, 7])) == expected, wanted
    assert len(sizes) > 10  # the questions were not all answered by nothing
