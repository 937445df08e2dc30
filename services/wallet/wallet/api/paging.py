"""Shapes a page of a list: the items, the next cursor, and the Link header that says the same."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request

from kit.web.answers import Answer
from kit.web.pagination import Cursors, Position, next_link
from kit.web.schemas import Model, Page

Item = TypeVar("Item", bound=Model)


def page_of(  # noqa: PLR0913 (what a page is made of)
    page: type[Page[Item]],
    items: Sequence[Item],
    place: Callable[[Item], Position],
    *,
    limit: int,
    cursors: Cursors,
    request: Request,
) -> Answer:
    """Answer at most `limit` of the items; one item more than that says that more follow."""
    shown = list(items[:limit])
    if len(items) <= limit:
        return Answer(200, page(items=shown))
    cursor = cursors.encode(*place(shown[-1]))
    link = next_link(dict(request.query_params), cursor)
    return Answer(200, page(items=shown, next_cursor=cursor), {"Link": link})
