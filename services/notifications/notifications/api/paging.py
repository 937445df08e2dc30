"""Shapes a page of a list: what is shown, and the cursor of the next."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from kit.web.pagination import Cursors
from kit.web.schemas import Model, Page
from notifications.queries import PageQuery


class Placed(Protocol):
    """Something with a place in a list, newest first."""

    @property
    def id(self) -> UUID: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102


Row = TypeVar("Row", bound=Placed)
Item = TypeVar("Item", bound=Model)


def page_of(
    model: type[Page[Item]],
    rows: Sequence[Row],
    show: Callable[[Row], Item],
    query: PageQuery,
    cursors: Cursors,
) -> Page[Item]:
    """Show at most as many of the rows as asked for; one row more says that more follow."""
    items = [show(row) for row in rows[: query.limit]]
    if len(rows) <= query.limit:
        return model(items=items)
    last = rows[query.limit - 1]
    return model(items=items, next_cursor=cursors.encode(last.created_at, last.id))
