"""Serves budgets: list those of a month, set, show, change, delete."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from pydantic_core import to_json

from finance.api.owners import CREATED, OK, Owning
from finance.api.reports.answers import X_CACHE, Rendering, answered, book_of
from finance.domain.dates.calendar import month_of
from finance.domain.dates.days import day_of
from finance.domain.reports.budgets import Budget
from finance.refusals import (
    BudgetExists,
    BudgetNotFound,
    CategoryNotYours,
    CategoryTypeDiffers,
    TooManyBudgets,
)
from finance.repository import Budgets
from finance.schemas.reports.budgets import (
    BudgetAnswer,
    BudgetChange,
    BudgetRequest,
    BudgetsAnswer,
    BudgetsQuery,
    first_day,
)
from finance.service.reports import budgets as service
from finance.wiring import Wired
from kit.db import Connection, UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.routes import Router

PATH: Final = "/v1/finance/budgets"
_EDIT: Final = (BudgetNotFound, EditStale, IfMatchMalformed)

router = Router(tags=["budgets"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_budgets",
    summary="List the budgets of a month, with what is used of them",
    description="What is spent on a category counts in the budgets of all above it. With carry-over"
    " what was left of the months before is added, or taken where they were overspent. At 80 % and"
    " at 100 % a notice is sent, once in a month.",
    response_model=BudgetsAnswer,
    answer_headers=(X_CACHE,),
)
async def list_budgets(
    query: Annotated[BudgetsQuery, Query()], owner: Owning, wired: Wired
) -> Answer:
    """Show the budgets that hold in a month."""
    book = await book_of(wired, owner)
    today = day_of(wired.database.clock.now(), book.time_zone)
    month = month_of(today).first if query.month is None else first_day(query.month)

    async def render(connection: Connection) -> bytes:
        found = await service.standings_in(connection, owner.user_id, month)
        return to_json(BudgetsAnswer.of(month, found))

    return await answered(wired, book, Rendering("budgets", f"{month}", render))


@router.post(
    PATH,
    access="user",
    operation_id="set_budget",
    summary="Set a budget from a month on",
    status_code=201,
    response_model=BudgetAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(CategoryNotYours, CategoryTypeDiffers, BudgetExists, TooManyBudgets),
)
async def set_budget(
    request: Request, caller: Caller, owner: Owning, body: BudgetRequest
) -> Answer:
    """Store a budget."""

    async def work(uow: UnitOfWork) -> Answer:
        new = body.budget(owner.user_id, uow.clock.now())
        await service.set_budget(uow, owner, new)
        return _answer(CREATED, new, {LOCATION: f"{PATH}/{new.id}"})

    return await idempotently(request, caller, operation="set_budget", body=body, work=work)


@router.get(
    f"{PATH}/{{budget_id}}",
    access="owner",
    operation_id="get_budget",
    summary="Show one budget, as it was set",
    response_model=BudgetAnswer,
    answer_headers=(ETAG,),
    refusals=(BudgetNotFound,),
)
async def get_budget(budget_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show a budget."""
    async with wired.database.read() as connection:
        found = await Budgets(connection).find(owner.user_id, budget_id)
    if found is None:
        raise BudgetNotFound
    return _answer(OK, found)


@router.put(
    f"{PATH}/{{budget_id}}",
    access="owner",
    operation_id="change_budget",
    summary="Change amount and carry-over of a budget",
    description="In all months that it holds in. To change them from some month on, set another.",
    response_model=BudgetAnswer,
    answer_headers=(ETAG,),
    refusals=_EDIT,
)
async def change_budget(
    budget_id: UUID, body: BudgetChange, edition: IfMatch, owner: Owning, wired: Wired
) -> Answer:
    """Change a budget."""
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_budget(uow, owner, budget_id, body.changes, edition)
    return _answer(OK, changed)


@router.delete(
    f"{PATH}/{{budget_id}}",
    access="owner",
    operation_id="delete_budget",
    summary="Delete a budget",
    description="The one before it holds again. To end a budget from some month on, set one of"
    " `0.00`.",
    refusals=_EDIT,
)
async def delete_budget(budget_id: UUID, edition: IfMatch, owner: Owning, wired: Wired) -> None:
    """Delete a budget."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_budget(uow, owner, budget_id, edition)


def _answer(status: int, budget: Budget, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, BudgetAnswer.of(budget), {**(headers or {}), **etag(budget.version)})
