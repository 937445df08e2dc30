"""Serves adjustments: two administrators move money by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import Connection, Database, UnitOfWork
from kit.http import LOCATION
from kit.refusals import CursorInvalid, NotFound
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from wallet import refusals
from wallet.domain.book import Book
from wallet.repository.adjustments import Adjustment, AdjustmentFilter, Adjustments
from wallet.repository.houses import Houses
from wallet.schemas.adjustments import AdjustmentAnswer, AdjustmentForeseen, AdjustmentRequest
from wallet.schemas.queries import AdjustmentsQuery
from wallet.service import adjustments
from wallet.service.adjustments import Preview
from wallet.wiring import Wired

router = Router(tags=["adjustments"])


@router.post(
    "/v1/ledger/adjustments",
    access="admin",
    operation_id="propose_adjustment",
    summary="Propose to move money by hand; a dry run shows what would be posted",
    status_code=201,
    response_model=AdjustmentAnswer,
    responses={200: {"model": AdjustmentForeseen, "description": "What would be posted."}},
    is_idempotent=True,
    refusals=(refusals.AccountUnknown, refusals.AdjustmentImpossible, refusals.WalletClosed),
)
async def propose_adjustment(
    body: AdjustmentRequest, caller: Caller, request: Request, wired: Wired, audit: Auditing
) -> Answer:
    """Store a proposal for another administrator, or show what it would post."""
    if body.dry_run:
        book = await _foreseen(wired.database, caller.user, body)
        async with wired.database.read() as connection:
            sides = [side.wallet_id for side in (body.proposal.payer, body.proposal.payee)]
            owners = await Houses(connection).owners(sides)
        await audit.read("adjustment", None, *owners)
        return Answer(200, AdjustmentForeseen.of(book))

    async def work(uow: UnitOfWork) -> Answer:
        made = await adjustments.propose(uow, caller.user, body.proposal)
        await audit.changed(uow, "adjustment", made.id, *await _owners(uow, made))
        location = {LOCATION: f"/v1/ledger/adjustments/{made.id}"}
        return Answer(201, AdjustmentAnswer.of(made), location)

    return await idempotently(request, caller, operation="propose_adjustment", body=body, work=work)


async def _foreseen(database: Database, by: UUID, body: AdjustmentRequest) -> Book:
    try:
        async with database.unit_of_work() as uow:
            await adjustments.preview(uow, by, body.proposal)
    except Preview as preview:
        return preview.book


@router.get(
    "/v1/ledger/adjustments",
    access="admin",
    operation_id="list_adjustments",
    summary="List adjustments, newest first",
    response_model=Page[AdjustmentAnswer],
    refusals=(CursorInvalid,),
)
async def list_adjustments(
    caller: Caller,
    wired: Wired,
    query: Annotated[AdjustmentsQuery, Query()],
    audit: Auditing,
) -> Page[AdjustmentAnswer]:
    """List proposals and what was decided about them."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_adjustments", subject=caller.subject
    )
    before = cursors.decode(query.cursor)
    wanted = AdjustmentFilter(query.status, query.wallet_id, query.transfer_id, query.span)
    async with wired.database.read() as connection:
        rows = await Adjustments(connection, wired.database.clock.now()).page(
            wanted, before, query.limit + 1
        )
        owners = await Houses(connection).owners([query.wallet_id])
    await audit.listed("adjustment", owners or None)
    return page_of(
        Page[AdjustmentAnswer],
        rows,
        AdjustmentAnswer.of,
        limit=query.limit,
        cursors=cursors,
    )


@router.get(
    "/v1/ledger/adjustments/{adjustment_id}",
    access="admin",
    operation_id="get_adjustment",
    summary="Get an adjustment",
)
async def get_adjustment(adjustment_id: UUID, wired: Wired, audit: Auditing) -> AdjustmentAnswer:
    """Show an adjustment."""
    async with wired.database.read() as connection:
        found = await Adjustments(connection, wired.database.clock.now()).find(adjustment_id)
        if found is None:
            raise NotFound
        owners = await _owners(connection, found)
    await audit.read("adjustment", found.id, *owners)
    return AdjustmentAnswer.of(found)


@router.post(
    "/v1/ledger/adjustments/{adjustment_id}/confirm",
    access="admin",
    operation_id="confirm_adjustment",
    summary="Post what another administrator has proposed",
    refusals=(
        refusals.AdjustmentNeedsAnother,
        refusals.AdjustmentDecided,
        refusals.AdjustmentExpired,
        refusals.AdjustmentImpossible,
        refusals.WalletClosed,
    ),
)
async def confirm_adjustment(
    adjustment_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> AdjustmentAnswer:
    """Confirm a proposal; the same administrator may repeat it."""
    async with wired.database.unit_of_work() as uow:
        done = await adjustments.confirm(uow, adjustment_id, caller.user)
        await audit.changed(uow, "adjustment", adjustment_id, *await _owners(uow, done))
    return AdjustmentAnswer.of(done)


@router.post(
    "/v1/ledger/adjustments/{adjustment_id}/reject",
    access="admin",
    operation_id="reject_adjustment",
    summary="Reject a proposal",
    refusals=(refusals.AdjustmentDecided, refusals.AdjustmentExpired),
)
async def reject_adjustment(
    adjustment_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> AdjustmentAnswer:
    """Reject a proposal; its proposer may do so, too."""
    async with wired.database.unit_of_work() as uow:
        done = await adjustments.reject(uow, adjustment_id, caller.user)
        await audit.changed(uow, "adjustment", adjustment_id, *await _owners(uow, done))
    return AdjustmentAnswer.of(done)


async def _owners(connection: Connection, moved: Adjustment) -> list[UUID]:
    """Return the owners of both wallets, the payer first; house accounts have none."""
    sides = (moved.payer_account_id, moved.payee_account_id)
    return await Houses(connection).owners(sides)
