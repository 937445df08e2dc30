"""Serves refunds: asks for one, shows it, lists those of a payment."""

import asyncio
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel

from contracts.cards import CardAmountNotAccepted
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.ids import new_id
from kit.refusals import CursorInvalid
from kit.step_up import StepUpRequired
from kit.waiters import Places, in_time
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait, preference_applied
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page
from kit.web.step_up import without_step_up
from payments.api.viewer import ACCEPTED, CREATED, OK, Viewer, Viewing
from payments.domain.payment import Payment
from payments.domain.reasons import refund_reason_label
from payments.domain.refunds import Refund, RefundStatus
from payments.refusals import (
    OnlyPayeeMayRefund,
    PaymentIsDisputed,
    PaymentNotFound,
    PaymentNotPaid,
    RefundExceedsPayment,
    RefundNotCovered,
    RefundNotFound,
    RefundRefused,
    TooManyRefunds,
)
from payments.repository import Payments, Refunds
from payments.schemas import refunds as refund_examples
from payments.schemas.refunds import RefundAnswer, RefundRequest, refund_shown
from payments.service import refunds as service
from payments.service.refunds import Asker, RefundOrder
from payments.wiring import Wired

# Seconds. The wallet refuses by its first reply, so a caller without `Prefer: wait` waits for it.
SHORT_WAIT: Final = 2.0
NOT_COVERED: Final = "insufficient_funds"


class _RefundNamed(BaseModel):
    """Names which refund of which payment an answer is about."""

    id: UUID
    payment_id: UUID


router = Router(tags=["refunds"], scope="refunds")


@router.post(
    "/v1/payments/{payment_id}/refunds",
    access="owner",
    operation_id="refund_payment",
    answer_headers=(LOCATION,),
    answer_examples={201: refund_examples.COMPLETED, 202: refund_examples.PROCESSING},
    summary="Refund a payment, all or a part",
    description="For the payee and administrators. The sum is deducted at once from what is left "
    "of the payment, then moved from the payee's wallet to the payer's, or back to the card. "
    "Answers 202, or with `Prefer: wait=N` 201 and the completed refund, if it completes in time. "
    "If the wallet does not hold the sum and says so within two seconds (or N), the answer is 409; "
    "later the refund becomes `failed`.",
    status_code=202,
    response_model=RefundAnswer,
    responses={201: {"model": RefundAnswer, "description": "The money has gone back."}},
    is_idempotent=True,
    refusals=(
        PaymentNotFound,
        OnlyPayeeMayRefund,
        PaymentNotPaid,
        RefundExceedsPayment,
        RefundNotCovered,
        RefundRefused,
        PaymentIsDisputed,
        CardAmountNotAccepted,
        TooManyRefunds,
        StepUpRequired,
    ),
)
async def refund_payment(  # noqa: PLR0913 (one parameter for each of the request's)
    *,
    request: Request,
    viewer: Viewing,
    payment_id: UUID,
    wait: PreferWait,
    wired: Wired,
    audit: Auditing,
    body: RefundRequest | None = None,
) -> Answer:
    """Ask for the refund, then wait for the wallet's answer."""
    wanted = body or RefundRequest()
    order = RefundOrder(
        refund_id=new_id(), payment_id=payment_id, amount=wanted.amount, reason=wanted.reason
    )
    rule = wired.card_desk.refund_rule

    async def work(uow: UnitOfWork) -> Answer:
        asker = _asker(viewer, uow.clock.now())
        payment, refund = await service.request(uow, wired.refunds, order, asker, rule)
        await audit.changed(
            uow, "refund", refund.id, payment.payee_id, concerned=(payment.payer_id,)
        )
        where = {LOCATION: f"/v1/payments/{refund.payment_id}/refunds/{refund.id}"}
        return Answer(ACCEPTED, refund_shown(refund, viewer.language, to_payer=False), where)

    with wired.refund_waiters.expect(order.refund_id) as end:
        accepted = await idempotently(
            request,
            viewer.caller,
            operation="refund_payment",
            body=wanted,
            work=work,
            stands=_stands,
        )
        asked_for = accepted.says(_RefundNamed)
        if asked_for.id == order.refund_id:
            return await _ended(accepted, end, wait, viewer, wired.places)
    # A repeated request got its first answer: wait for the refund that was asked for then.
    with wired.refund_waiters.expect(asked_for.id) as end:
        return await _ended(accepted, end, wait, viewer, wired.places)


@router.get(
    "/v1/payments/{payment_id}/refunds",
    access="owner",
    operation_id="list_refunds",
    summary="List the refunds of a payment",
    description="Newest first. For its payer, its payee, and administrators.",
    response_model=Page[RefundAnswer],
    refusals=(PaymentNotFound, CursorInvalid),
)
async def list_refunds(
    viewer: Viewing,
    payment_id: UUID,
    query: Annotated[SpanQuery, Query()],
    wired: Wired,
    audit: Auditing,
) -> Page[RefundAnswer]:
    """Show a page of refunds that are completed, under way or failed."""
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="list_refunds",
        subject=viewer.caller.subject,
        payment_id=payment_id,
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        payment = viewer.may_see(await Payments(connection).get(payment_id))
        found = await Refunds(connection).page(payment_id, after, query.limit + 1, query.span)
    await audit.read("payment", payment.id, payment.payer_id, payment.payee_id)

    def shown(refund: Refund) -> RefundAnswer:
        return _shown(refund, payment, viewer)

    return page_of(Page[RefundAnswer], found, shown, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/payments/{payment_id}/refunds/{refund_id}",
    access="owner",
    operation_id="get_refund",
    summary="Show one refund",
    response_model=RefundAnswer,
    refusals=(PaymentNotFound, RefundNotFound),
)
async def get_refund(
    viewer: Viewing, payment_id: UUID, refund_id: UUID, wired: Wired, audit: Auditing
) -> Answer:
    """Show a refund to the payment's payer, its payee, or an administrator."""
    async with wired.database.read() as connection:
        payment = viewer.may_see(await Payments(connection).get(payment_id))
        refund = await Refunds(connection).get(payment_id, refund_id)
    if refund is None:
        raise RefundNotFound
    await audit.read("refund", refund.id, payment.payer_id, payment.payee_id)
    return Answer(OK, _shown(refund, payment, viewer))


async def _ended(
    accepted: Answer,
    end: asyncio.Future[Refund],
    wait: float | None,
    viewer: Viewer,
    places: Places,
) -> Answer:
    """Return how the refund ended, if it ends in time; else the answer as accepted.

    No unit of work is open here and no connection is held.

    Raises:
        RefundNotCovered, RefundRefused: the wallet refused it in time.
    """
    applied = {} if wait is None else preference_applied(wait)
    headers = {**accepted.own_headers, **applied}
    with places.place(viewer.user_id) as is_free:
        if not is_free:
            return accepted
        refund = await in_time(end, wait or SHORT_WAIT)
        if refund is None:
            return Answer(ACCEPTED, body=accepted.body, headers=headers)
    if refund.status is RefundStatus.FAILED:
        if refund.failure_reason == NOT_COVERED:
            raise RefundNotCovered
        raise _refused(refund)
    status = ACCEPTED if wait is None else CREATED
    return Answer(status, refund_shown(refund, viewer.language, to_payer=False), headers)


def _refused(refund: Refund) -> RefundRefused:
    code = refund.failure_reason or ""
    return RefundRefused(
        reason=refund_reason_label(code, "en") or code,
        reason_ru=refund_reason_label(code, "ru") or code,
    )


async def _stands(uow: UnitOfWork, accepted: Answer) -> bool:
    """Tell whether the refund has not failed; a key whose refund failed starts again."""
    asked_for = accepted.says(_RefundNamed)
    refund = await Refunds(uow).get(asked_for.payment_id, asked_for.id)
    return refund is None or refund.status is not RefundStatus.FAILED


def _asker(viewer: Viewer, now: datetime) -> Asker:
    spares = without_step_up(viewer.caller, now)
    return Asker(user_id=viewer.user_id, is_admin=viewer.caller.is_admin, spares=spares)


def _shown(refund: Refund, payment: Payment, viewer: Viewer) -> RefundAnswer:
    to_payer = viewer.user_id == payment.payer_id and not viewer.caller.is_admin
    return refund_shown(refund, viewer.language, to_payer=to_payer)
