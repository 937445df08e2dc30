"""Shapes a page of a list: the items, the next cursor, and the Link header that says the same."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from fastapi import Request

from kit.web.answers import Answer
from kit.web.pagination import Cursors, next_link
from kit.web.schemas import Model, Page


class Placed(Protocol):
    """Something with a place in a list, newest first."""

    @property
    def id(self) -> UUID: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102


Row = TypeVar("Row", bound=Placed)
Item = TypeVar("Item", bound=Model)


def page_of(  # noqa: PLR0913 - what a page is made of, all named at the call
    model: type[Page[Item]],
    rows: Sequence[Row],
    show: Callable[[Row], Item],
    *,
    limit: int,
    cursors: Cursors,
    request: Request,
) -> Answer:
    """Answer at most `limit` of the rows; one row more than that says that more follow."""
    items = [show(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Answer(200, model(items=items))
    last = rows[limit - 1]
    cursor = cursors.encode(last.created_at, last.id)
    link = next_link(dict(request.query_params), cursor)
    return Answer(200, model(items=items, next_cursor=cursor), {"Link": link})
