"""Reads an account's past: balance at a time, entries, statements."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.unit_of_work import Connection
from kit.span import PeriodInvalid
from wallet.domain.wallets import Wallet
from wallet.refusals import StatementTooLong
from wallet.repository.history import EntryLine, History

MAX_LINES = 1000  # of a JSON statement; a CSV has no limit, since it is sent while it is read
_CHUNK = 500
_EVERYTHING = 2**63 - 1


class Period(NamedTuple):
    """A period of time: `begin` is included, `end` is not."""

    begin: datetime
    end: datetime


class EntryRange(NamedTuple):
    """A filter of entries: from `begin` up to but without `end`, seq under `below`."""

    begin: datetime | None
    end: datetime | None
    below: int | None
    limit: int


class Statement(NamedTuple):
    """A statement: entries `after < seq <= through` between two balances."""

    wallet: Wallet
    period: Period
    after: int
    through: int
    opening_minor: int
    closing_minor: int


class ReadSource(Protocol):
    """A source of connections for reading."""

    def read(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection."""
        ...


async def balance_at(connection: Connection, wallet: Wallet, moment: datetime) -> int:
    """Return the balance after all that was posted until a moment, in minor units.

    Entries posted exactly at the moment count.
    """
    history = History(connection)
    seq = await history.entries_before(wallet.id, moment, inclusive=True)
    return await history.balance_after(wallet.id, seq)


async def entries(connection: Connection, account_id: UUID, asked: EntryRange) -> list[EntryLine]:
    """Return an account's entries, newest first."""
    begin, end, below, limit = asked
    history = History(connection)
    after = 0 if begin is None else await history.entries_before(account_id, begin)
    through = _EVERYTHING if end is None else await history.entries_before(account_id, end)
    if below is not None:
        through = min(through, below - 1)
    return await history.newest_first(account_id, after=after, through=through, limit=limit)


async def statement(connection: Connection, wallet: Wallet, period: Period) -> Statement:
    """Find a statement's entries and balances.

    `lines` or `all_lines` reads the entries.

    Raises:
        PeriodInvalid: the period ends before it begins.
    """
    if period.begin >= period.end:
        raise PeriodInvalid
    history = History(connection)
    after = await history.entries_before(wallet.id, period.begin)
    through = await history.entries_before(wallet.id, period.end)
    return Statement(
        wallet,
        period,
        after,
        through,
        await history.balance_after(wallet.id, after),
        await history.balance_after(wallet.id, through),
    )


async def lines(connection: Connection, found: Statement) -> list[EntryLine]:
    """Return a statement's lines, oldest first.

    Raises:
        StatementTooLong: there are more than MAX_LINES.
    """
    if found.through - found.after > MAX_LINES:
        raise StatementTooLong(limit=MAX_LINES)
    return await History(connection).oldest_first(
        found.wallet.id, after=found.after, through=found.through, limit=MAX_LINES
    )


async def all_lines(reader: ReadSource, found: Statement) -> AsyncIterator[list[EntryLine]]:
    """Yield all lines of a statement, oldest first, some hundreds at a time.

    Entries never change, so reading them in parts gives the same as reading them at once.
    """
    after = found.after
    while after < found.through:
        async with reader.read() as connection:
            part = await History(connection).oldest_first(
                found.wallet.id, after=after, through=found.through, limit=_CHUNK
            )
        yield part
        after = part[-1].seq
