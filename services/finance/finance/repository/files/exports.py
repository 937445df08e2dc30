"""Reads a book for an export: what its rows refer to, and the rows."""

# ruff: noqa: S608 - every text is put together from constants and places of parameters

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from finance.domain.dates.periods import BookPeriod
from finance.domain.transactions.transactions import TransactionType
from finance.files.entries import FileAccount, FileBook, FileCategory, FileEntry, FilePart
from finance.repository.periods import day_in, within
from kit.db import Snapshot

BATCH: Final = 2_000
_PATIENCE_SECONDS: Final = 300.0  # for what a large book is sorted and added up in

_CATEGORIES: Final = "SELECT id, name, type, parent_id FROM category WHERE user_id = $1"
_PARTS: Final = """
CASE WHEN is_split THEN (
    SELECT jsonb_agg(jsonb_build_array(category_id, amount_minor, description) ORDER BY position)
    FROM split WHERE transaction_id = transaction.id) END
"""

_MOVED: Final = """(
    SELECT coalesce(sum(amount_minor), 0) FROM transaction WHERE account_id = account.id AND {})"""

EntryOrder = Literal["date", "account"]
_ORDERS: Final[Mapping[EntryOrder, str]] = {
    "date": "day, transaction.id",
    "account": "account_id, day, transaction.id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportScope:
    """Which transactions of a book a file holds."""

    user_id: UUID
    period: BookPeriod
    account_id: UUID | None = None
    category_id: UUID | None = None
    type: TransactionType | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it has all that moved on its accounts in the period."""
        return self.category_id is None and self.type is None


class Exports:
    """A book on its way into a file: all of it is one state, so it needs a snapshot."""

    def __init__(self, connection: Snapshot) -> None:
        self._connection = connection

    async def book(self, scope: ExportScope, today: date) -> FileBook:
        """Return what entries refer to, with the balances around the period."""
        begin = scope.period.begin or await self._first_day(scope) or today
        end = scope.period.end or max(begin, today)
        categories = await self._connection.fetch(_CATEGORIES, scope.user_id)
        return FileBook(
            begin,
            end,
            {one.id: one for one in await self._accounts(scope)},
            {row["id"]: FileCategory(**row) for row in categories},
            scope.period.zone,
        )

    async def count(self, scope: ExportScope) -> int:
        """Return how many entries there are."""
        values: list[Any] = []
        conditions = _conditions(scope, values)
        counted = f"SELECT count(*) FROM transaction WHERE {conditions}"
        found = await self._connection.driver.fetchval(counted, *values, timeout=_PATIENCE_SECONDS)
        return int(found)

    async def entries(
        self, scope: ExportScope, order: EntryOrder
    ) -> AsyncIterator[Sequence[FileEntry]]:
        """Yield the entries in their order, some thousand at a time, by a cursor."""
        values: list[Any] = []
        bind = _binder(values)
        statement = f"""
SELECT transaction.id, account_id, {day_in(scope.period, bind)} AS day, type, amount_minor,
    currency, category_id, {_PARTS} AS parts, at, description, note, tags, transfer_id,
    username AS counterparty, reference
FROM transaction LEFT JOIN person ON person.user_id = counterparty_id
WHERE {_conditions(scope, values)} ORDER BY {_ORDERS[order]}
"""
        cursor = await self._connection.driver.cursor(statement, *values, timeout=_PATIENCE_SECONDS)
        while rows := await cursor.fetch(BATCH, timeout=_PATIENCE_SECONDS):
            yield [_entry(row) for row in rows]

    async def _first_day(self, scope: ExportScope) -> date | None:
        first: date | None = await self._connection.fetchval(
            "SELECT min(date) FROM transaction WHERE user_id = $1", scope.user_id
        )
        return first

    async def _accounts(self, scope: ExportScope) -> list[FileAccount]:
        values: list[Any] = [scope.user_id]
        bind = _binder(values)
        day, begin, end = day_in(scope.period, bind), scope.period.begin, scope.period.end
        before = "0" if begin is None else _MOVED.format(f"{day} < {bind(begin)}::date")
        later = "0" if end is None else _MOVED.format(f"{day} > {bind(end)}::date")
        first = f"opening_minor + {before}" if scope.is_whole else "0"
        only = "" if scope.account_id is None else f"AND id = {bind(scope.account_id)}"
        rows = await self._connection.driver.fetch(
            f"""
SELECT id, name, kind, currency, {first} AS begin_minor, balance_minor - {later} AS end_minor
FROM account WHERE user_id = $1 {only} ORDER BY created_at, id
""",
            *values,
            timeout=_PATIENCE_SECONDS,
        )
        return [
            FileAccount(
                **{
                    **row,
                    "begin_minor": int(row["begin_minor"]),
                    "end_minor": int(row["end_minor"]),
                }
            )
            for row in rows
        ]


def _binder(values: list[Any]) -> Any:
    def bind(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    return bind


def _conditions(scope: ExportScope, values: list[Any]) -> str:
    bind = _binder(values)
    found = [f"transaction.user_id = {bind(scope.user_id)}", *within(scope.period, bind)]
    if scope.account_id is not None:
        found.append(f"account_id = {bind(scope.account_id)}")
    if scope.type is not None:
        found.append(f"type = {bind(scope.type)}")
    if scope.category_id is not None:
        place = bind(scope.category_id)
        found.append(
            f"(category_id = {place} OR is_split AND EXISTS (SELECT FROM split"
            f" WHERE transaction_id = transaction.id AND split.category_id = {place}))"
        )
    return " AND ".join(found)


def _entry(row: Any) -> FileEntry:
    parts = row["parts"]
    return FileEntry(
        id=row["id"],
        account_id=row["account_id"],
        date=row["day"],
        type=row["type"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        parts=(FilePart(row["category_id"], row["amount_minor"]),)
        if parts is None
        else tuple(FilePart(UUID(category_id), minor, text) for category_id, minor, text in parts),
        at=row["at"],
        description=row["description"] or "",
        note=row["note"] or "",
        tags=tuple(row["tags"]),
        transfer_id=row["transfer_id"],
        counterparty=row["counterparty"] or "",
        reference=row["reference"] or "",
    )
