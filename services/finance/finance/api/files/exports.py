"""Serves exports: order, list, show, follow, delete."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.files.patience import WAITING, documented_end, in_time
from finance.api.owners import ACCEPTED, Owning, require_own
from finance.domain.files.file_jobs import FileJob, FileStatus, FileTask
from finance.refusals import (
    AccountNotYours,
    CategoryNotYours,
    ExportNotFound,
    RangeTooLong,
    TooManyExportStreams,
    TooManyFileJobs,
)
from finance.repository import FileJobs
from finance.schemas.files import exports as examples
from finance.schemas.files.exports import ExportAnswer, ExportRequest, FileJobsQuery
from finance.service.files import file_jobs as service
from finance.service.files.exports import require_possible
from finance.wiring import Wired, Wiring
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.ids import new_id
from kit.refusals import CursorInvalid
from kit.span import PeriodInvalid
from kit.web.answers import Answer
from kit.web.event_stream import DOCUMENTED, EventStream, LastEventId, goes_on
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/exports"

router = Router(tags=["exports"], scope="finance")


@router.post(
    PATH,
    access="user",
    operation_id="order_export",
    answer_headers=(LOCATION,),
    answer_examples={202: examples.QUEUED},
    summary="Order a file of one's transactions, or of a report",
    description="Made in the background; the answer says where to look. The file lies in a storage"
    " until it expires, and whoever has its `url` can fetch it. A notice tells of it, and a mail"
    " where `email` asks for one. CSV holds nothing that a spreadsheet would run." + WAITING,
    status_code=202,
    response_model=ExportAnswer,
    responses=documented_end(ExportAnswer),
    takes_turn=False,
    is_idempotent=True,
    refusals=(PeriodInvalid, AccountNotYours, CategoryNotYours, RangeTooLong, TooManyFileJobs),
)
async def order_export(  # noqa: PLR0913, PLR0917 (one for each part of the request)
    request: Request,
    caller: Caller,
    owner: Owning,
    body: ExportRequest,
    wait: PreferWait,
    wired: Wired,
) -> Answer:
    """Store the order; a process of its own makes the file."""
    if body.begin is not None and body.end is not None and body.begin > body.end:
        raise PeriodInvalid("/to")

    async def work(uow: UnitOfWork) -> Answer:
        await require_own(
            uow, owner.user_id, account_id=body.account_id, category_id=body.category_id
        )
        now, job_id = uow.clock.now(), new_id()
        job = FileJob(
            id=job_id,
            user_id=owner.user_id,
            task=FileTask.EXPORT,
            format=body.format,
            options=body.options(owner.time_zone),
            created_at=now,
            updated_at=now,
            expires_at=now + wired.settings.export_ttl,
        )
        await _require_possible(uow, job)
        await service.order(uow, job, most=wired.settings.most_open_files)
        return Answer(ACCEPTED, _shown(wired, job), {LOCATION: f"{PATH}/{job.id}"})

    accepted = await idempotently(request, caller, operation="order_export", body=body, work=work)
    return await in_time(accepted, wait, caller, wired, partial(_shown, wired))


@router.get(
    PATH,
    access="user",
    operation_id="list_exports",
    summary="List one's exports",
    description="Newest first.",
    response_model=Page[ExportAnswer],
    refusals=(CursorInvalid,),
)
async def list_exports(
    query: Annotated[FileJobsQuery, Query()], caller: Caller, wired: Wired
) -> Page[ExportAnswer]:
    """Show a page of the caller's exports."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_exports", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await FileJobs(connection).page(
            caller.user,
            are_exports=True,
            status=query.wanted,
            span=query.span,
            after=after,
            limit=query.limit + 1,
        )
    return page_of(
        Page[ExportAnswer],
        found,
        lambda job: _shown(wired, job),
        limit=query.limit,
        cursors=cursors,
    )


@router.get(
    f"{PATH}/{{export_id}}",
    access="owner",
    operation_id="get_export",
    summary="Show an export, and where its file is",
    response_model=ExportAnswer,
    refusals=(ExportNotFound,),
)
async def get_export(export_id: UUID, caller: Caller, wired: Wired) -> ExportAnswer:
    """Show one export of the caller."""
    return _shown(wired, await _own(wired, caller.user, export_id))


@router.get(
    f"{PATH}/{{export_id}}/events",
    access="owner",
    operation_id="stream_export",
    summary="Follow an export until it has ended",
    description="Sends Server-Sent Events, each the export as it is then; after `Last-Event-ID`"
    " only what changed since.",
    responses=DOCUMENTED,
    refusals=(ExportNotFound, TooManyExportStreams),
)
async def stream_export(
    request: Request,
    export_id: UUID,
    caller: Caller,
    wired: Wired,
    last_event_id: LastEventId = None,
) -> EventStream:
    """Follow one export of the caller."""
    job = await _own(wired, caller.user, export_id)
    wired.export_streams.require_place(caller.user)
    may_go_on = goes_on(request, caller)

    def shown(current: FileJob) -> bytes:
        return _shown(wired, current).model_dump_json().encode()

    async def events() -> AsyncGenerator[bytes, None]:
        async for text in wired.export_streams.events(job, last_event_id or 0, shown, may_go_on):
            yield text

    return EventStream(events())


@router.delete(
    f"{PATH}/{{export_id}}",
    access="owner",
    operation_id="delete_export",
    summary="Delete an export and its file",
    description="Its address leads nowhere soon after. One that is still being made is given up.",
    refusals=(ExportNotFound,),
)
async def delete_export(export_id: UUID, caller: Caller, wired: Wired) -> None:
    """Delete one export of the caller."""
    async with wired.database.unit_of_work() as uow:
        await service.delete(uow, caller.user, export_id, is_import=False)


async def _require_possible(uow: UnitOfWork, job: FileJob) -> None:
    try:
        await require_possible(uow, job)
    except RangeTooLong as refused:  # it names a field of a query
        raise RangeTooLong("to", **refused.params) from None


async def _own(wired: Wiring, user_id: UUID, export_id: UUID) -> FileJob:
    async with wired.database.read() as connection:
        job = await FileJobs(connection).get(export_id)
    if job is None or job.user_id != user_id or job.is_import:
        raise ExportNotFound
    return job


def _shown(wired: Wiring, job: FileJob) -> ExportAnswer:
    url = None
    if job.status is FileStatus.DONE and job.object_key and job.expires_at:
        good_for = job.expires_at - wired.database.clock.now()
        if good_for > timedelta(seconds=1):
            url = wired.storage.address(job.object_key, good_for=good_for)
    return ExportAnswer.of(job, url)
