"""Serves reports as JSON: summary, by category, over time, cash flow, net worth."""

from typing import Annotated, Final

from fastapi import Query
from pydantic_core import to_json

from finance.api.owners import Owning
from finance.api.reports.answers import X_CACHE, Rendering, answered, book_of
from finance.refusals import AccountNotYours, DateOutOfRange, RangeTooLong
from finance.schemas.reports.categories import ByCategoryAnswer
from finance.schemas.reports.flows import CashFlowAnswer
from finance.schemas.reports.queries import CategoriesReportQuery, ComparedQuery, TimelineQuery
from finance.schemas.reports.timelines import NetWorthAnswer, SeriesAnswer
from finance.schemas.reports.totals import SummaryAnswer
from finance.service.reports import reports
from finance.service.reports.reports import ReportTimeline
from finance.wiring import Wired
from kit.db import Connection
from kit.web.answers import Answer
from kit.web.routes import Router

PATH: Final = "/v1/finance/reports"
REFUSED: Final = (DateOutOfRange, AccountNotYours)
_OVER_TIME: Final = (*REFUSED, RangeTooLong)

router = Router(tags=["reports"], scope="finance")


@router.get(
    f"{PATH}/summary",
    access="user",
    operation_id="get_summary",
    summary="Show income, expense and balance of a period",
    description="Each currency for itself. Transfers between own accounts are neither income nor"
    " expense. `X-Cache` says whether the answer was kept (`hit`), computed (`miss`), or computed"
    " without the cache (`bypass`); it has everything that was written before, in any case.",
    response_model=SummaryAnswer,
    answer_headers=(X_CACHE,),
    refusals=REFUSED,
)
async def get_summary(
    query: Annotated[ComparedQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show the totals of each currency."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())

    async def render(connection: Connection) -> bytes:
        found = await reports.summary(connection, scope, compare=query.compare)
        return to_json(SummaryAnswer.of(scope, found))

    return await answered(wired, book, Rendering("summary", f"{scope} {query.compare}", render))


@router.get(
    f"{PATH}/by-category",
    access="user",
    operation_id="get_report_by_category",
    summary="Show income and expense of a period by category",
    description="Each currency and type for itself, with shares that add up to 100.00. A split"
    " transaction counts in each of its categories.",
    response_model=ByCategoryAnswer,
    answer_headers=(X_CACHE,),
    refusals=REFUSED,
)
async def get_report_by_category(
    query: Annotated[CategoriesReportQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show what each category has."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    at_top = query.level == "top"

    async def render(connection: Connection) -> bytes:
        found = await reports.by_category(
            connection, scope, query.type, at_top=at_top, compare=query.compare
        )
        return to_json(ByCategoryAnswer.of(scope, found, compare=query.compare))

    asked = f"{scope} {query.type} {at_top} {query.compare}"
    return await answered(wired, book, Rendering("by-category", asked, render))


@router.get(
    f"{PATH}/series",
    access="user",
    operation_id="get_series",
    summary="Show income and expense by day, week or month",
    description="Also those in which nothing was. Their days are meant in the zone of `tz`.",
    response_model=SeriesAnswer,
    answer_headers=(X_CACHE,),
    refusals=_OVER_TIME,
)
async def get_series(
    query: Annotated[TimelineQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show the totals of each bucket."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    timeline = ReportTimeline.of(scope, query.by, compare=query.compare)

    async def render(connection: Connection) -> bytes:
        found = await reports.series(connection, scope, timeline)
        return to_json(SeriesAnswer.of(scope, found))

    asked = f"{scope} {timeline.by} {query.compare}"
    return await answered(wired, book, Rendering("series", asked, render))


@router.get(
    f"{PATH}/cash-flow",
    access="user",
    operation_id="get_cash_flow",
    summary="Show what each account held, and what came in and went out",
    description="Transfers between own accounts count, apart from income and expense.",
    response_model=CashFlowAnswer,
    answer_headers=(X_CACHE,),
    refusals=REFUSED,
)
async def get_cash_flow(
    query: Annotated[ComparedQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show the cash flow of each account."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())

    async def render(connection: Connection) -> bytes:
        found = await reports.cash_flow(connection, scope, compare=query.compare)
        return to_json(CashFlowAnswer.of(scope, found, compare=query.compare))

    return await answered(wired, book, Rendering("cash-flow", f"{scope} {query.compare}", render))


@router.get(
    f"{PATH}/net-worth",
    access="user",
    operation_id="get_net_worth",
    summary="Show what all accounts held, at the end of each day, week or month",
    description="Each currency for itself. Opening balances count from always.",
    response_model=NetWorthAnswer,
    answer_headers=(X_CACHE,),
    refusals=_OVER_TIME,
)
async def get_net_worth(
    query: Annotated[TimelineQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show net worth over time."""
    book = await book_of(wired, owner)
    scope = query.scope(book, wired.database.clock.now())
    timeline = ReportTimeline.of(scope, query.by, compare=query.compare)

    async def render(connection: Connection) -> bytes:
        found = await reports.net_worth(connection, scope, timeline)
        return to_json(NetWorthAnswer.of(scope, found))

    asked = f"{scope} {timeline.by} {query.compare}"
    return await answered(wired, book, Rendering("net-worth", asked, render))
