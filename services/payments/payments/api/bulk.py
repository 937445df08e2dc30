"""Serves bulks: sends many payments at once, and shows what has become of them."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel

from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.refusals import CursorInvalid
from kit.scopes import KeyBounded
from kit.step_up import StepUpRequired
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.csv_bodies import CSV
from kit.web.idempotency import idempotently
from kit.web.pagination import Position, page_of
from kit.web.queries import PageQuery
from kit.web.routes import Router
from kit.web.schemas import Page
from kit.web.serving.bodies import JSON
from kit.web.step_up import without_step_up
from payments.api.viewer import ACCEPTED, Viewing
from payments.domain.bulk import WAITING, all_failed
from payments.refusals import BulkNotFound, TooManyBulks
from payments.repository import Bulks
from payments.schemas.bulk import (
    BulkAnswer,
    BulkItem,
    BulkRequest,
    BulkRows,
    BulkWithRows,
    item,
    read_rows,
    summary,
)
from payments.schemas.bulk_csv import BULK_CSV, DOCUMENTED
from payments.service import bulk as service
from payments.wiring import Wired

# A thousand rows with every text at its longest, in Latin letters, fit into this.
MAX_BYTES: Final = 12 * 1024 * 1024

router = Router(tags=["bulk payments"], scope="payments")


class _BulkNamed(BaseModel):
    """Names which bulk an answer is about."""

    id: UUID


@router.post(
    "/v1/payments/bulk",
    access="user",
    operation_id="send_bulk",
    answer_headers=(LOCATION,),
    summary="Create and pay many payments at once",
    description="Takes up to 1,000 payments, as a JSON list or as CSV whose first line names the "
    "columns. If any row is malformed, the whole bulk is refused and nothing is stored; otherwise "
    "each row is accepted or refused on its own.",
    status_code=202,
    response_model=BulkAnswer,
    is_idempotent=True,
    max_body_bytes=MAX_BYTES,
    other_bodies={CSV: BULK_CSV.document, JSON: read_rows},
    refusals=(TooManyBulks, KeyBounded, StepUpRequired),
    openapi_extra={"requestBody": {"content": {CSV: DOCUMENTED}}},
)
async def send_bulk(request: Request, viewer: Viewing, body: BulkRows, wired: Wired) -> Answer:
    """Store all rows; a background loop creates and pays the payments."""
    viewer.caller.require_all_wallets()
    viewer.caller.require_no_amount()
    orders = [row.order(viewer.user_id) for row in body]

    async def work(uow: UnitOfWork) -> Answer:
        without_step_up(viewer.caller, uow.clock.now()).require(*(row.money for row in body))
        bulk = await service.accept(uow, viewer.user_id, orders, most=wired.settings.most_bulks)
        uow.after_commit(wired.bulk_wake_up.set)
        uow.after_commit(uow.wake_up.set)  # a worker of its own hears that
        shown = BulkAnswer(**summary(bulk, {WAITING: bulk.total}))
        return Answer(ACCEPTED, shown, {LOCATION: f"/v1/payments/bulk/{bulk.id}"})

    whole = BulkRequest.model_construct(payments=body)
    return await idempotently(
        request, viewer.caller, operation="send_bulk", body=whole, work=work, stands=_stands
    )


async def _stands(uow: UnitOfWork, accepted: Answer) -> bool:
    """Tell whether any payment has come of a bulk, or still may."""
    return not all_failed(await Bulks(uow).counts(accepted.says(_BulkNamed).id))


@router.get(
    "/v1/payments/bulk/{bulk_id}",
    access="owner",
    operation_id="get_bulk",
    summary="Show a bulk and its rows",
    description="Counts the rows by status, and shows a page of them in their order.",
    response_model=BulkWithRows,
    refusals=(BulkNotFound, CursorInvalid, KeyBounded),
)
async def get_bulk(
    viewer: Viewing,
    bulk_id: UUID,
    query: Annotated[PageQuery, Query()],
    wired: Wired,
    audit: Auditing,
) -> BulkWithRows:
    """Show a bulk to its sender and to administrators."""
    viewer.caller.require_all_wallets()
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="get_bulk",
        subject=viewer.caller.subject,
        bulk_id=bulk_id,
    )
    after, limit = cursors.decode(query.cursor), query.limit
    async with wired.database.snapshot() as connection:
        bulks = Bulks(connection)
        bulk = await bulks.get(bulk_id)
        if bulk is None or not viewer.caller.is_admin:
            bulk = service.visible_bulk(bulk, viewer.user_id)
        counts = await bulks.counts(bulk.id)
        outcomes = await bulks.outcomes(bulk.id, 0 if after is None else after.id.int, limit + 1)
    await audit.read("bulk", bulk.id, bulk.user_id)
    rows = page_of(
        Page[BulkItem],
        outcomes,
        lambda outcome: item(outcome, bulk.user_id, viewer.language),
        limit=limit,
        cursors=cursors,
        # A cursor needs an id: within one bulk a row's position is unique.
        place=lambda outcome: Position(bulk.created_at, UUID(int=outcome.position)),
    )
    return BulkWithRows.model_construct(**summary(bulk, counts), **dict(rows))
