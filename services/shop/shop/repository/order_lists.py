"""Lists orders of one buyer or of all, along indexes by time."""

# ruff: noqa: S608 - texts are put together from the constants of this file; values are parameters

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from shop.domain.orders import Order, OrderFilter
from shop.repository.orders import ROW, orders_of

_FIRST_ID: Final = UUID(int=0)
_BY_TIME: Final = "created_at DESC, id DESC"
# Along the index of one status. Written as a range of (status, created_at, id), which is the order
# of no other index: with `status = …` a planner whose statistics have seen only one status takes
# the index without it, and reads all rows to find none of another status.
_BY_STATUS_AND_TIME: Final = "status DESC, created_at DESC, id DESC"


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
    """Return the statement of a page; ``value`` makes a parameter of a value."""
    conditions = [f"owner_id = {value(owner_id)}" for owner_id in wanted.owner_ids]
    if wanted.ids is not None:
        conditions.append(f"id = ANY({value(wanted.ids)})")
    conditions += _within(wanted, after, value)
    order = _BY_TIME if wanted.status is None else _BY_STATUS_AND_TIME
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {ROW} FROM shop_order {where} ORDER BY {order} LIMIT {value(limit)}"


def _within(
    wanted: OrderFilter, after: tuple[datetime, UUID] | None, value: Callable[[Any], str]
) -> list[str]:
    """Return the span that the page is read from, of one status where one is wanted."""
    end = _end(wanted, after)
    if wanted.status is None:
        found = [] if end is None else [f"(created_at, id) < ({value(end[0])}, {value(end[1])})"]
        if wanted.span.begin is not None:
            found.append(f"created_at >= {value(wanted.span.begin)}")
        return found
    status = value(wanted.status)
    before_at, before_id = end or (None, LAST_ID)
    first = f"coalesce({value(wanted.span.begin)}::timestamptz, '-infinity')"
    last = f"coalesce({value(before_at)}::timestamptz, 'infinity'), {value(before_id)}"
    return [
        f"(status, created_at) >= ({status}, {first})",
        f"(status, created_at, id) < ({status}, {last})",
    ]


def _end(wanted: OrderFilter, after: tuple[datetime, UUID] | None) -> tuple[datetime, UUID] | None:
    """Return where the page before ended, or the span ends: it is read up to there."""
    ends = [] if after is None else [after]
    if wanted.span.end is not None:
        ends.append((wanted.span.end, _FIRST_ID))
    return min(ends, default=None)
