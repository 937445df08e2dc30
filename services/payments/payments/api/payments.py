"""Serves payments: creates, pays, cancels, shows and lists them."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from contracts.cards import CARD_REFUSALS
from kit.context import current
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.refusals import CursorInvalid
from kit.scopes import KeyBounded
from kit.step_up import ANY_AMOUNT, StepUpRequired
from kit.waiters import Places
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait
from kit.web.routes import Router
from kit.web.schemas import Page
from payments.api.bounds import key_limit, require_order, require_payment, spared
from payments.api.cards.by_card import card_of, with_next_action
from payments.api.scope import scope_of
from payments.api.viewer import (
    ACCEPTED,
    CREATED,
    OK,
    Patience,
    PaymentNamed,
    Viewer,
    Viewing,
    answer_in_time,
)
from payments.clients.parties import find_parties
from payments.domain.payment import Method, Payment, PaymentStatus
from payments.refusals import (
    CaptureExceedsReservation,
    CurrencyMismatch,
    ExecuteAtInThePast,
    ExecuteAtTooFar,
    FixedPriceIsPaidWhole,
    KeyLimitExceeded,
    LimitPerDay,
    LimitPerPayment,
    LinesDoNotAddUp,
    OnlyPayerMayCancel,
    OnlyPayerMayPay,
    OnlyReservedMayBePaidInPart,
    PayeeIsPayer,
    PayeeNotActive,
    PayeeNotFound,
    PayerNotActive,
    PaymentAlreadyFinal,
    PaymentBeingCancelled,
    PaymentBeingCaptured,
    PaymentExpired,
    PaymentNotFound,
    ReservedIsPaidFromWallet,
    ServiceAmountMissing,
    ServiceNotActive,
    ServiceNotFound,
    ServicePriceDiffers,
    TooManyOpenPayments,
    WalletNotFound,
)
from payments.repository import Charges, Lists, Payments
from payments.schemas import examples
from payments.schemas.cards.charges import next_action
from payments.schemas.creation import LONGEST_PAYMENT, PaymentRequest
from payments.schemas.payments import AnyPayment, OutgoingPayment, PayRequest
from payments.schemas.queries import PaymentsQuery
from payments.service import payments as service
from payments.service.payments import Creation, Paying
from payments.wiring import Wired

_AS_IT_IS = PayRequest()  # what a request without a body asks for

router = Router(tags=["payments"], scope="payments")


@router.post(
    "/v1/payments",
    access="user",
    operation_id="create_payment",
    answer_headers=(LOCATION,),
    answer_examples={201: examples.CREATED, 202: examples.PROCESSING},
    summary="Create a payment",
    description="Stores the payment. No money moves before it is paid. It is paid by another call; "
    "with `confirm` in this call, which then answers 202, or with `Prefer: wait=N` 201 and how it "
    "ended, if it ends in time; with `execute_at` by itself at that time. With `reserve` its money "
    "is set aside; `Prefer: wait=N` waits for that. A card is charged with `confirm` alone; the "
    "answer says where to send the payer (`next_action`) and does not wait.",
    status_code=201,
    response_model=OutgoingPayment,
    responses={202: {"model": OutgoingPayment, "description": "It is on its way."}},
    is_idempotent=True,
    max_body_bytes=LONGEST_PAYMENT,
    refusals=(
        TooManyOpenPayments,
        PayerNotActive,
        WalletNotFound,
        PayeeNotFound,
        PayeeIsPayer,
        PayeeNotActive,
        CurrencyMismatch,
        ServiceNotFound,
        ServiceNotActive,
        ServicePriceDiffers,
        ServiceAmountMissing,
        LinesDoNotAddUp,
        ExecuteAtInThePast,
        ExecuteAtTooFar,
        KeyLimitExceeded,
        KeyBounded,
        StepUpRequired,
        *CARD_REFUSALS.values(),
    ),
)
async def create_payment(
    request: Request, viewer: Viewing, body: PaymentRequest, wait: PreferWait, wired: Wired
) -> Answer:
    """Find payer and payee outside the unit of work, then store the payment."""
    order = body.order(viewer.user_id)
    require_order(viewer.caller, order)
    parties = await find_parties(wired.database, wired.known_parties, wired.services, order)
    spares = spared(viewer.caller, body.method, wired) if body.spends else ANY_AMOUNT
    wanted = Creation(order, parties, current(), spares)
    card = card_of(body, wired)
    is_alone = body.confirm or body.reserve

    async def work(uow: UnitOfWork) -> Answer:
        created = await wired.batches.submit_within(uow, service.create, wanted)
        if body.reserve:
            await service.set_aside(uow, wired.engine, created)
        if not body.confirm:
            return viewer.answer(CREATED, created)
        key = key_limit(viewer.caller)
        paying = Paying(created.id, viewer.user_id, current(), card=card, key=key)
        return viewer.answer(ACCEPTED, await wired.batches.submit_within(uow, service.pay, paying))

    async def with_others() -> Answer:
        return viewer.answer(CREATED, await wired.batches.submit(service.create, wanted))

    async def once() -> Answer:
        return await idempotently(
            request,
            viewer.caller,
            operation="create_payment",
            body=body,
            work=work,
            without_key=None if is_alone else with_others,
            stands=_stands if is_alone else None,
        )

    if card is not None:
        accepted = await once()
        return await with_next_action(accepted, accepted.says(PaymentNamed).id, wired)
    if wait is None or not is_alone:
        return await once()
    patience = Patience(wait, wired.places)
    with wired.payment_waiters.expect(wanted.payment_id, or_set_aside=body.reserve) as news:
        created = await once()
        if created.says(PaymentNamed).id == wanted.payment_id:
            return await answer_in_time(created, news, patience, viewer, status=CREATED)
    # A repeated request got its first answer: wait for the payment that was created then.
    with wired.payment_waiters.expect(
        created.says(PaymentNamed).id, or_set_aside=body.reserve
    ) as news:
        return await answer_in_time(created, news, patience, viewer, status=CREATED)


@router.post(
    "/v1/payments/{payment_id}/pay",
    access="owner",
    operation_id="pay_payment",
    answer_headers=(LOCATION,),
    answer_examples={200: examples.PAID, 202: examples.PROCESSING},
    summary="Pay a payment",
    description="Answers 202 once the payment is on its way; with `Prefer: wait=N` 200 and how it "
    "ended, if it ends in time. Paying again while it is on its way changes nothing. Of a payment "
    "created with `reserve` a part may be paid; the rest is freed. A scheduled payment is paid now."
    " For a card, the answer says where to send the payer (`next_action`) and does not wait.",
    status_code=202,
    response_model=OutgoingPayment,
    responses={200: {"model": OutgoingPayment, "description": "It has ended: paid or failed."}},
    is_idempotent=True,
    refusals=(
        PaymentNotFound,
        OnlyPayerMayPay,
        PayerNotActive,
        PayeeNotActive,
        ServiceNotActive,
        PaymentAlreadyFinal,
        PaymentBeingCancelled,
        PaymentExpired,
        LimitPerPayment,
        LimitPerDay,
        KeyLimitExceeded,
        StepUpRequired,
        OnlyReservedMayBePaidInPart,
        CaptureExceedsReservation,
        FixedPriceIsPaidWhole,
        ReservedIsPaidFromWallet,
        *CARD_REFUSALS.values(),
    ),
)
async def pay_payment(  # noqa: PLR0913 (one parameter for each of the request's)
    *,
    request: Request,
    viewer: Viewing,
    payment_id: UUID,
    wait: PreferWait,
    wired: Wired,
    body: PayRequest | None = None,
) -> Answer:
    """Begin to pay the payment; wait for its end where the caller prefers that."""
    await require_payment(viewer, payment_id, wired)
    asked = body or _AS_IT_IS
    card = card_of(asked, wired)
    wanted = Paying(
        payment_id,
        viewer.user_id,
        current(),
        amount=asked.amount,
        card=card,
        key=key_limit(viewer.caller),
        spares=spared(viewer.caller, asked.method, wired),
    )

    async def work(uow: UnitOfWork) -> Answer:
        return viewer.answer(ACCEPTED, await wired.batches.submit_within(uow, service.pay, wanted))

    async def with_others() -> Answer:
        return viewer.answer(ACCEPTED, await wired.batches.submit(service.pay, wanted))

    with wired.payment_waiters.expect(payment_id) as finish:
        accepted = await idempotently(
            request,
            viewer.caller,
            operation="pay_payment",
            body=asked,
            work=work,
            without_key=with_others,
            stands=_goes_on,
        )
        if card is not None:
            return await with_next_action(accepted, payment_id, wired)
        return await _final(accepted, finish, wait, viewer, wired.places)


@router.post(
    "/v1/payments/{payment_id}/cancel",
    access="owner",
    operation_id="cancel_payment",
    answer_headers=(LOCATION,),
    answer_examples={200: examples.CANCELLED, 202: examples.PROCESSING},
    summary="Cancel a payment",
    description="Answers 200 where nobody had begun to pay it; 202 while a payment under way is "
    "being undone or reserved money is being freed, or with `Prefer: wait=N` 200 once that is "
    "done, if it is in time.",
    status_code=200,
    response_model=OutgoingPayment,
    responses={202: {"model": OutgoingPayment, "description": "It is being undone."}},
    is_idempotent=True,
    refusals=(PaymentNotFound, OnlyPayerMayCancel, PaymentAlreadyFinal, PaymentBeingCaptured),
)
async def cancel_payment(
    request: Request, viewer: Viewing, payment_id: UUID, wait: PreferWait, wired: Wired
) -> Answer:
    """Cancel at once, or begin to undo a payment that is under way."""
    await require_payment(viewer, payment_id, wired)

    async def work(uow: UnitOfWork) -> Answer:
        payment = await service.cancel(uow, wired.engine, payment_id, viewer.user_id)
        return viewer.answer(OK if payment.is_final else ACCEPTED, payment)

    with wired.payment_waiters.expect(payment_id) as finish:
        accepted = await idempotently(
            request, viewer.caller, operation="cancel_payment", body=None, work=work
        )
        return await _final(accepted, finish, wait, viewer, wired.places)


@router.get(
    "/v1/payments/{payment_id}",
    access="owner",
    operation_id="get_payment",
    summary="Show one payment",
    description="For its payer, its payee, and administrators, who see what its payer sees.",
    response_model=AnyPayment,
    refusals=(PaymentNotFound,),
)
async def get_payment(viewer: Viewing, payment_id: UUID, wired: Wired, audit: Auditing) -> Answer:
    """Show the payment to whoever may see it."""
    async with wired.database.read() as connection:
        payment = viewer.may_see(await Payments(connection).get(payment_id))
        charge = None
        if payment.method is Method.CARD and payment.status is PaymentStatus.PROCESSING:
            charge = await Charges(connection).of_payment(payment_id)
    await audit.read("payment", payment.id, payment.payer_id, payment.payee_id)
    return Answer(OK, viewer.sees(payment, next_action(charge)))


@router.get(
    "/v1/payments",
    access="user",
    operation_id="list_payments",
    summary="List the caller's payments",
    description="Newest first. `id` (several ids), `payer`, `payee`, `wallet_id` and `transfer_id` "
    "narrow the list; administrators see everybody's payments, or with `direction` their own.",
    response_model=Page[AnyPayment],
    refusals=(CursorInvalid, WalletNotFound),
)
async def list_payments(
    viewer: Viewing, query: Annotated[PaymentsQuery, Query()], wired: Wired, audit: Auditing
) -> Page[AnyPayment]:
    """Show a page of the caller's payments, or to administrators of everybody's."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_payments", subject=viewer.caller.subject
    )
    after = cursors.decode(query.cursor)
    scope = await scope_of(viewer, query, wired, audit)
    found: list[Payment] = []
    if scope is not None:
        async with wired.database.read() as connection:
            found = await Lists(connection).page(scope, query.wanted, after, query.limit + 1)
    return page_of(Page[AnyPayment], found, viewer.sees, limit=query.limit, cursors=cursors)


async def _stands(uow: UnitOfWork, accepted: Answer) -> bool:
    """Tell whether a payment that was paid at its creation has not failed.

    One that was reserved keeps its key: the money was set aside before it failed.
    """
    payment = await Payments(uow).get(accepted.says(PaymentNamed).id)
    return (
        payment is None
        or payment.status is not PaymentStatus.FAILED
        or payment.reserved_at is not None
    )


async def _goes_on(uow: UnitOfWork, accepted: Answer) -> bool:
    """Tell whether the payment has not failed since paying began."""
    payment = await Payments(uow).get(accepted.says(PaymentNamed).id)
    return payment is None or payment.status is not PaymentStatus.FAILED


async def _final(
    accepted: Answer,
    finish: asyncio.Future[Payment],
    wait: float | None,
    viewer: Viewer,
    places: Places,
) -> Answer:
    """Return how the payment ended if the caller waits and it ends in time.

    Else return the answer as accepted.
    """
    if wait is None or accepted.status_code != ACCEPTED:
        return accepted
    return await answer_in_time(accepted, finish, Patience(wait, places), viewer, status=OK)
