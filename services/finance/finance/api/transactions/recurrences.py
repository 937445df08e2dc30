"""Serves recurring transactions: list, show, add, change, delete."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.owners import CREATED, OK, Owning
from finance.domain.transactions.recurrences import Recurrence
from finance.refusals import (
    AccountLinked,
    AccountNotYours,
    CategoryNotYours,
    CategoryTypeDiffers,
    DateOutOfRange,
    RecurrenceEndsEarly,
    RecurrenceNotFound,
    RecurrenceTooEarly,
    TooManyRecurrences,
    TypeNotSaid,
)
from finance.repository import Recurrences
from finance.schemas.transactions.recurrences import (
    RecurrenceAnswer,
    RecurrenceChange,
    RecurrenceRequest,
)
from finance.service.transactions import recurrences as service
from finance.wiring import Wired
from kit.db import UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/recurring"
_ONE: Final = f"{PATH}/{{recurring_id}}"
_EDIT: Final = (RecurrenceNotFound, EditStale, IfMatchMalformed)
_PLAN: Final = (
    AccountNotYours,
    AccountLinked,
    CategoryNotYours,
    CategoryTypeDiffers,
    TypeNotSaid,
    DateOutOfRange,
    RecurrenceTooEarly,
    RecurrenceEndsEarly,
)

router = Router(tags=["recurring"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_recurring",
    summary="List one's recurring transactions",
    description="Newest first.",
    response_model=Page[RecurrenceAnswer],
    refusals=(CursorInvalid,),
)
async def list_recurring(
    owner: Owning, caller: Caller, query: Annotated[SpanQuery, Query()], wired: Wired
) -> Page[RecurrenceAnswer]:
    """Show a page of the caller's recurring transactions."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_recurring", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Recurrences(connection).page(
            owner.user_id, after, query.limit + 1, query.span
        )
    return page_of(
        Page[RecurrenceAnswer], found, RecurrenceAnswer.of, limit=query.limit, cursors=cursors
    )


@router.get(
    _ONE,
    access="owner",
    operation_id="get_recurring",
    summary="Show one recurring transaction",
    response_model=RecurrenceAnswer,
    answer_headers=(ETAG,),
    refusals=(RecurrenceNotFound,),
)
async def get_recurring(recurring_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show a recurring transaction to its owner."""
    async with wired.database.read() as connection:
        found = await Recurrences(connection).find(owner.user_id, recurring_id)
    if found is None:
        raise RecurrenceNotFound
    return _answer(OK, found)


@router.post(
    PATH,
    access="user",
    operation_id="create_recurring",
    summary="Add a recurring transaction",
    description="It books itself on each of its days, in the zone of one's settings, each day"
    " once; days that were missed follow. What it has booked are plain transactions.",
    status_code=201,
    response_model=RecurrenceAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(*_PLAN, TooManyRecurrences),
)
async def create_recurring(
    request: Request, caller: Caller, owner: Owning, body: RecurrenceRequest
) -> Answer:
    """Store a recurring transaction."""

    async def work(uow: UnitOfWork) -> Answer:
        added = await service.add_recurrence(uow, owner, body.draft())
        return _answer(CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_recurring", body=body, work=work)


@router.patch(
    _ONE,
    access="owner",
    operation_id="change_recurring",
    summary="Change a recurring transaction",
    response_model=RecurrenceAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, *_PLAN),
)
async def change_recurring(
    recurring_id: UUID, owner: Owning, body: RecurrenceChange, edition: IfMatch, wired: Wired
) -> Answer:
    """Change the fields that the request names."""
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_recurrence(uow, owner, recurring_id, body.changes(), edition)
    return _answer(OK, changed)


@router.delete(
    _ONE,
    access="owner",
    operation_id="delete_recurring",
    summary="Delete a recurring transaction",
    description="What it has booked stays.",
    refusals=_EDIT,
)
async def delete_recurring(
    recurring_id: UUID, owner: Owning, edition: IfMatch, wired: Wired
) -> None:
    """Delete a recurring transaction; it books nothing more."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_recurrence(uow, owner, recurring_id, edition)


def _answer(status: int, entry: Recurrence, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, RecurrenceAnswer.of(entry), {**(headers or {}), **etag(entry.version)})
