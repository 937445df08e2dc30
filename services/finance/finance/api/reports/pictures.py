"""Serves reports as pictures (SVG): over time, by category, net worth."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Query
from starlette.responses import Response

from finance.api.owners import OK, Owning
from finance.api.reports.answers import X_CACHE, Rendering, book_of, found_report
from finance.api.reports.reports import PATH, REFUSED
from finance.charts.charts import (
    MOST_POINTS,
    Frame,
    Slice,
    draw_categories,
    draw_net_worth,
    draw_series,
)
from finance.domain.books import FinanceBook
from finance.refusals import RangeTooLong
from finance.schemas.reports.queries import CategoriesPictureQuery, TimelinePictureQuery
from finance.service.reports import reports
from finance.service.reports.reports import ReportTimeline
from finance.wiring import Wired, Wiring
from kit.db import Connection
from kit.http import ETAG
from kit.web.language import CallerLanguage
from kit.web.routes import Router

_SVG: Final = "image/svg+xml"
_NOT_MODIFIED: Final = 304
# Nothing but its own style sheet: a picture that is opened by itself runs and loads nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {_SVG: {"schema": {"type": "string"}}}},
    304: {"description": "The picture is the one that the caller has (`If-None-Match`)."},
}

router = Router(tags=["reports"], scope="finance")


async def _known_tags(
    if_none_match: Annotated[
        str | None, Header(description="The ETag of a picture that the caller has; 304 if same.")
    ] = None,
) -> str:
    return if_none_match or ""


KnownTags = Annotated[str, Depends(_known_tags)]


@router.get(
    f"{PATH}/series.svg",
    access="user",
    operation_id="draw_series",
    summary="Draw income and expense by day, week or month",
    description="In the colours, light or dark, that the reader's screen asks for.",
    responses=_PICTURE,
    response_class=Response,
    answer_headers=(X_CACHE, ETAG),
    refusals=(*REFUSED, RangeTooLong),
)
async def draw_series_picture(
    query: Annotated[TimelinePictureQuery, Query()],
    owner: Owning,
    language: CallerLanguage,
    known: KnownTags,
    wired: Wired,
) -> Response:
    """Draw a series of one currency."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    timeline = ReportTimeline.of(scope, query.by, MOST_POINTS)
    frame = Frame(query.currency, scope.days, query.lang or language)

    async def render(connection: Connection) -> bytes:
        found = await reports.series(connection, scope, timeline)
        totals = found.figures.get(query.currency, [])
        income = [one.income_minor for one in totals] or [0] * len(timeline.spans)
        expense = [one.expense_minor for one in totals] or [0] * len(timeline.spans)
        return await asyncio.to_thread(
            draw_series, frame, timeline.by, timeline.spans, income, expense
        )

    asked = f"{scope} {timeline.by} {frame.language}"
    return await _drawn(wired, book, Rendering("series.svg", asked, render), known)


@router.get(
    f"{PATH}/by-category.svg",
    access="user",
    operation_id="draw_report_by_category",
    summary="Draw the largest categories of a period",
    description="In the colours, light or dark, that the reader's screen asks for.",
    responses=_PICTURE,
    response_class=Response,
    answer_headers=(X_CACHE, ETAG),
    refusals=REFUSED,
)
async def draw_categories_picture(
    query: Annotated[CategoriesPictureQuery, Query()],
    owner: Owning,
    language: CallerLanguage,
    known: KnownTags,
    wired: Wired,
) -> Response:
    """Draw the categories of one currency and type."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    frame = Frame(query.currency, scope.days, query.lang or language)
    at_top = query.level == "top"

    async def render(connection: Connection) -> bytes:
        found = await reports.by_category(connection, scope, query.type, at_top=at_top)
        slices = [
            Slice(one.sum.name, one.sum.amount_minor, one.share)
            for one in found.get((query.currency, query.type), [])
        ]
        return await asyncio.to_thread(draw_categories, frame, query.type, slices)

    asked = f"{scope} {query.type} {at_top} {frame.language}"
    return await _drawn(wired, book, Rendering("by-category.svg", asked, render), known)


@router.get(
    f"{PATH}/net-worth.svg",
    access="user",
    operation_id="draw_net_worth",
    summary="Draw net worth over time",
    description="In the colours, light or dark, that the reader's screen asks for.",
    responses=_PICTURE,
    response_class=Response,
    answer_headers=(X_CACHE, ETAG),
    refusals=(*REFUSED, RangeTooLong),
)
async def draw_net_worth_picture(
    query: Annotated[TimelinePictureQuery, Query()],
    owner: Owning,
    language: CallerLanguage,
    known: KnownTags,
    wired: Wired,
) -> Response:
    """Draw net worth in one currency."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    timeline = ReportTimeline.of(scope, query.by, MOST_POINTS)
    frame = Frame(query.currency, scope.days, query.lang or language)

    async def render(connection: Connection) -> bytes:
        found = await reports.net_worth(connection, scope, timeline)
        worth = found.figures.get(query.currency) or [0] * len(timeline.spans)
        return await asyncio.to_thread(draw_net_worth, frame, timeline.by, timeline.spans, worth)

    asked = f"{scope} {timeline.by} {frame.language}"
    return await _drawn(wired, book, Rendering("net-worth.svg", asked, render), known)


async def _drawn(wired: Wiring, book: FinanceBook, wanted: Rendering, known: str) -> Response:
    """Answer with a picture, or tell that the caller has it."""
    report, tag = await found_report(wired, book, wanted)
    headers = {
        ETAG: f'"{tag}"',
        X_CACHE: report.outcome.value,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Authorization",
        "Content-Security-Policy": _POLICY,
    }
    if headers[ETAG] in known:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(report.body, OK, headers, _SVG)
