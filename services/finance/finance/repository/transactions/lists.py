"""Lists the transactions of a book, newest first.

The order is (date, id), along the index of what is asked for, so a page begins where the one before
ended, at the same cost, whatever statistics know.
"""

# ruff: noqa: S608 - texts are put together from the constants of this file; values are parameters

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from finance.domain.transactions.transactions import Transaction, TransactionFilter
from finance.repository.periods import Bind, exactly
from finance.repository.transactions.transactions import ROW, Transactions
from kit.db import Connection
from kit.db.walks import unforeseen, unseen
from kit.ids import LAST_ID

_ESCAPED: Final = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
_ALL: Final = ("transaction", "split")
# What is named is read first.
_NAMED: Final = (
    "(SELECT * FROM transaction WHERE id = ANY({ids}) OFFSET 0) AS transaction",
    "(SELECT * FROM split WHERE transaction_id = ANY({ids}) OFFSET 0) AS split",
)
_PARTS: Final = """
(SELECT transaction_id, position, date AS part_date, category_id AS part_category_id
    FROM {splits}) AS part JOIN transaction ON id = transaction_id
"""
# A transaction with two parts of one category is listed by the first of them.
_IS_FIRST: Final = """
NOT EXISTS (SELECT FROM split AS other WHERE other.transaction_id = part.transaction_id
    AND other.category_id = part_category_id AND other.position < part.position)
"""


class _Walk(NamedTuple):
    """A source of transactions, its way along an index, and what else must hold."""

    source: str
    columns: tuple[str, str, str]
    begin: tuple[str, str]
    end: tuple[str, str, str]
    conditions: tuple[str, ...]
    filters: tuple[str, ...]

    def statement(self, limit: str) -> str:
        """Return the statement of the page.

        The first column stands in both ends of the range, which leaves the planner no other index.
        """
        where = " AND ".join(
            (
                f"{_row(self.columns[:2])} >= {_row(self.begin)}",
                f"{_row(self.columns)} < {_row(self.end)}",
                *self.conditions,
                *unforeseen(self.filters),
            )
        )
        order = ", ".join(f"{column} DESC" for column in self.columns)
        return f"SELECT {ROW} FROM {self.source} WHERE {where} ORDER BY {order} LIMIT {limit}"


class TransactionLists:
    """Stored transactions by the page; reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self, wanted: TransactionFilter, after: tuple[date, UUID] | None, limit: int
    ) -> list[Transaction]:
        """Return a page of transactions.

        `after` is day and id of what the page before ended with. An account or a category that is
        asked for must be the user's.
        """
        statement, values = page_statement(wanted, after, limit)
        rows = await self._connection.fetch(statement, *values)
        return await Transactions(self._connection).read(rows)


def page_statement(
    wanted: TransactionFilter, after: tuple[date, UUID] | None, limit: int
) -> tuple[str, list[Any]]:
    """Return the statement of a page, and its parameters."""
    values: list[Any] = []

    def value(given: Any) -> str:
        values.append(given)
        return f"${len(values)}"

    most = value(limit)
    walks = [walk.statement(most) for walk in _walks(wanted, after, value)]
    return _merged(walks, most), values


def _merged(walks: list[str], limit: str) -> str:
    if len(walks) == 1:
        return walks[0]
    every = " UNION ALL ".join(f"({walk})" for walk in walks)
    return f"SELECT * FROM ({every}) AS found ORDER BY date DESC, id DESC LIMIT {limit}"


def _walks(
    wanted: TransactionFilter, after: tuple[date, UUID] | None, value: Bind
) -> Iterator[_Walk]:
    """Yield the walks of a page; `value` makes a parameter of a value."""
    begin, end = _range(wanted, after, value)
    kept = tuple(_conditions(wanted, value))
    whole, splits = _ALL
    if wanted.ids is not None:
        ids = value(wanted.ids)
        whole, splits = (one.format(ids=ids) for one in _NAMED)
    if wanted.category_id is not None:
        category = unseen(value(wanted.category_id), "uuid")
        ends = (category, begin), (category, *end)
        columns = ("category_id", "date", "id")
        yield _Walk(whole, columns, *ends, ("category_id IS NOT NULL",), kept)
        columns = ("part_category_id", "part_date", "transaction_id")
        yield _Walk(_PARTS.format(splits=splits), columns, *ends, (), (*kept, _IS_FIRST))
        return
    name, of = "user_id", wanted.user_id
    if wanted.account_id is not None:
        name, of = "account_id", wanted.account_id
    first = unseen(value(of), "uuid")
    yield _Walk(whole, (name, "date", "id"), (first, begin), (first, *end), (), kept)


def _range(
    wanted: TransactionFilter, after: tuple[date, UUID] | None, value: Bind
) -> tuple[str, tuple[str, str]]:
    """Return the first day of the page, and the day and id that all of it are before."""
    last = (wanted.period.last_day or date.max, LAST_ID)
    day, last_id = last if after is None else min(after, last)
    begin = value(wanted.period.first_day or date.min)
    return f"{begin}::date", (f"{value(day)}::date", f"{value(last_id)}::uuid")


def _conditions(wanted: TransactionFilter, value: Bind) -> Iterator[str]:
    yield from exactly(wanted.period, value)
    if wanted.category_id is not None and wanted.account_id is not None:
        yield f"account_id = {value(wanted.account_id)}"
    if wanted.type is not None:
        yield f"type = {value(wanted.type)}"
    if wanted.text is not None:
        like = value(f"%{wanted.text.translate(_ESCAPED)}%")
        yield f"(description ILIKE {like} OR note ILIKE {like})"
    if wanted.tag is not None:
        yield f"{value(wanted.tag)} = ANY(tags)"
    if wanted.currency is not None:
        yield f"currency = {value(wanted.currency)}"
    if wanted.amount_min is not None:
        yield f"abs(amount_minor) >= {value(wanted.amount_min)}"
    if wanted.amount_max is not None:
        yield f"abs(amount_minor) <= {value(wanted.amount_max)}"
    if wanted.is_uncategorised:
        yield "category_id IS NULL AND NOT is_split AND type <> 'transfer'"


def _row(parts: tuple[str, ...]) -> str:
    return f"({', '.join(parts)})"
