"""Giving back what was paid, and looking at what was given back."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from contracts.cards import CardAmountNotAccepted
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait, preference_applied
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page
from payments.api.viewing import ACCEPTED, CREATED, OK, Viewer, Viewing
from payments.bound_refusals import TooManyRefunds
from payments.card_refusals import PaymentDisputed
from payments.domain.payment import Payment
from payments.domain.reasons import refund_reason_label
from payments.domain.refunds import Refund, RefundStatus
from payments.refusals import (
    OnlyPayeeMayRefund,
    PaymentNotFound,
    PaymentNotPaid,
    RefundExceedsPayment,
    RefundNotCovered,
    RefundNotFound,
    RefundRefused,
)
from payments.repository import Payments, Refunds
from payments.schemas import refunds as refund_examples
from payments.schemas.refunds import RefundAnswer, RefundRequest, refund_shown
from payments.service import refunds as service
from payments.service.refunds import Asker, CardRule, RefundOrder
from payments.waiting import Places
from payments.wiring import Wired

# The wallet's no comes in one hop, so a caller who does not say how long is kept this long for it.
SHORT_WAIT: Final = 2.0
NOT_COVERED: Final = "insufficient_funds"

router = Router(tags=["refunds"])


@router.post(
    "/v1/payments/{payment_id}/refunds",
    access="owner",
    operation_id="refund_payment",
    answer_headers=("Location",),
    answer_examples={201: refund_examples.COMPLETED, 202: refund_examples.PROCESSING},
    summary="Refund a payment, all or a part",
    description="For the payee, and administrators. The sum is taken out of what is left of the "
    "payment at once, then moved from the wallet that was paid into to the one that paid, or back "
    "to the card. Answers "
    "202, or with `Prefer: wait=N` 201 and the completed refund, if it comes in time. A wallet "
    "that does not hold the sum is a 409, where it says so within two seconds (or N); else the "
    "refund becomes `failed`.",
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
        PaymentDisputed,
        CardAmountNotAccepted,
        TooManyRefunds,
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
    """Ask for the refund, then wait for what the wallet says to it."""
    wanted = body or RefundRequest()
    order = RefundOrder(
        refund_id=new_id(), payment_id=payment_id, amount=wanted.amount, reason=wanted.reason
    )

    provider = wired.charging.provider
    rule = CardRule(provider.name, provider.check_refund)

    async def work(uow: UnitOfWork) -> Answer:
        payment, refund = await service.request(uow, wired.refunds, order, _asker(viewer), rule)
        await audit.changed(
            uow, "refund", refund.id, payment.payee_id, concerned=(payment.payer_id,)
        )
        where = {"Location": _address(refund.payment_id, refund.id)}
        return Answer(ACCEPTED, refund_shown(refund, viewer.language, to_payer=False), where)

    with wired.refund_ends.expect(order.refund_id) as end:
        accepted = await idempotently(
            request,
            viewer.caller,
            operation="refund_payment",
            body=wanted,
            work=work,
            stands=_stands,
        )
        if accepted.own_headers["Location"] == _address(payment_id, order.refund_id):
            return await _ended(accepted, end, wait, viewer, wired.places)
    # The first answer to a repeated request, about the refund that was asked for then.
    with wired.refund_ends.expect(_id_in(accepted)) as end:
        return await _ended(accepted, end, wait, viewer, wired.places)


@router.get(
    "/v1/payments/{payment_id}/refunds",
    access="owner",
    operation_id="list_refunds",
    summary="The refunds of a payment",
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
    """Show a page of what has gone back, is on its way, or could not go back."""
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
    summary="One refund",
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
    """Return how the refund ended, as far as it is known in time; raises where it was refused.

    Here no unit of work is open and no connection is held.
    """
    applied = {} if wait is None else preference_applied(wait)
    headers = {**accepted.own_headers, **applied}
    with places.place(viewer.user_id) as is_free:
        if not is_free:
            return accepted
        try:
            async with asyncio.timeout(wait or SHORT_WAIT):
                refund = await end
        except TimeoutError:
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
    """Tell whether the refund that was asked for is still to be had, or was."""
    refund = await Refunds(uow).get(*_ids_in(accepted))
    return refund is None or refund.status is not RefundStatus.FAILED


def _asker(viewer: Viewer) -> Asker:
    return Asker(user_id=viewer.user_id, is_admin=viewer.caller.is_admin)


def _shown(refund: Refund, payment: Payment, viewer: Viewer) -> RefundAnswer:
    to_payer = viewer.user_id == payment.payer_id and not viewer.caller.is_admin
    return refund_shown(refund, viewer.language, to_payer=to_payer)


def _address(payment_id: UUID, refund_id: UUID) -> str:
    return f"/v1/payments/{payment_id}/refunds/{refund_id}"


def _id_in(accepted: Answer) -> UUID:
    return _ids_in(accepted)[1]


def _ids_in(accepted: Answer) -> tuple[UUID, UUID]:
    """Return which payment and which refund of it an answer is about, by its address."""
    parts = accepted.own_headers["Location"].split("/")
    return UUID(parts[-3]), UUID(parts[-1])
