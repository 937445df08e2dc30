"""Lists orders of one buyer or of all, along indexes by time."""

# ruff: noqa: S608 - texts are put together from the constants of this file; values are parameters

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.walks import unseen
from kit.ids import LAST_ID
from shop.domain.orders import Order, OrderFilter
from shop.repository.orders import ROW, orders_of

_FIRST_ID: Final = UUID(int=0)


class OrderLists:
    """Stored orders by the page; reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self, wanted: OrderFilter, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Order]:
        """Return a page of orders, newest first, by one statement along an index.

        ``after`` is created_at and id of the order that the page before ended with.
        """
        values: list[Any] = []

        def value(given: Any) -> str:
            values.append(given)
            return f"${len(values)}"

        statement = _page(wanted, after, limit, value)
        return orders_of(await self._connection.fetch(statement, *values))


def _page(
    wanted: OrderFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
    value: Callable[[Any], str],
) -> str:
    """Return the statement of a page; ``value`` makes a parameter of a value.

    Owner and status are the beginning of the range and of the order, and so name the one index
    that has both. By `status = …` a planner whose statistics have seen only one status takes the
    index of another order, and reads all rows to find none of another status; where it sees who the
    owner is, it sorts all orders of one whom statistics know nothing of. Where ids are named, what
    they name is read first.
    """
    fixed = (("owner_id", "uuid", wanted.owner_id), ("status", "text", wanted.status))
    same = {
        column: unseen(value(given), of_type)
        for column, of_type, given in fixed
        if given is not None
    }
    columns = (*same, "created_at", "id")
    end_at, end_id = _end(wanted, after)
    first = f"coalesce({value(wanted.span.begin)}::timestamptz, '-infinity')"
    last = f"coalesce({value(end_at)}::timestamptz, 'infinity')"
    begin, end = (*same.values(), first), (*same.values(), last, value(end_id))
    conditions = [
        f"({_listed(columns[:-1])}) >= ({_listed(begin)})",
        f"({_listed(columns)}) < ({_listed(end)})",
    ]
    source = "shop_order"
    if wanted.ids is not None:
        source = (
            f"(SELECT * FROM shop_order WHERE id = ANY({value(wanted.ids)}) OFFSET 0) AS {source}"
        )
    order = _listed(f"{column} DESC" for column in columns)
    return (
        f"SELECT {ROW} FROM {source} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {order} LIMIT {value(limit)}"
    )


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _end(wanted: OrderFilter, after: tuple[datetime, UUID] | None) -> tuple[datetime | None, UUID]:
    """Return where the page before ended, or the span ends: it is read up to there."""
    ends = [] if after is None else [after]
    if wanted.span.end is not None:
        ends.append((wanted.span.end, _FIRST_ID))
    return min(ends, default=(None, LAST_ID))
