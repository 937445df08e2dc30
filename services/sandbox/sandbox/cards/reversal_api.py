"""Serves disputes, and refunds at the provider's own page."""

import hmac
from itertools import islice
from typing import Annotated, Final

from fastapi import Depends, Query, Request

from kit.ids import new_id
from kit.money import Money
from kit.web.routes import Router
from kit.web.state import from_state
from sandbox.cards.api import PAYMENTS, NamedPayment, TheProvider
from sandbox.cards.box import CardPayment, CardPaymentStatus
from sandbox.cards.deliveries import WebhookFaults
from sandbox.cards.provider import Provider, shown_refund
from sandbox.cards.reversal_schemas import (
    CardEvents,
    DisputeMoveRequest,
    DisputeRequest,
    EventsQuery,
    PageRefundRequest,
    RefundMoveRequest,
)
from sandbox.cards.reversals import (
    BankDispute,
    BankRefund,
    BankRefundStatus,
    DisputeMove,
    DisputeStatus,
)
from sandbox.cards.schemas import CardPaymentState, RefundState
from sandbox.refusals import (
    CardDisputeTooLarge,
    CardDisputeUnknown,
    CardEventsNotYours,
    CardMoveNotPossible,
    CardPaymentNotSucceeded,
    CardPaymentUnknown,
    CardRefundTooLarge,
    CardRefundUnknown,
    TooManyCardReversals,
)
from sandbox.settings import Settings

EVENTS_AT_ONCE: Final = 100

router = Router(tags=["cards"])


def dispute_of(payment: NamedPayment, dispute_id: str) -> BankDispute:
    """Return a dispute of the payment."""
    found = next((one for one in payment.disputes if one.id == dispute_id), None)
    if found is None:
        raise CardDisputeUnknown
    return found


def refund_of(payment: NamedPayment, refund_id: str) -> BankRefund:
    """Return a refund of the payment."""
    found = next((one for one in payment.refunds.values() if one.id == refund_id), None)
    if found is None:
        raise CardRefundUnknown
    return found


Configured = Annotated[Settings, from_state("settings")]
AskedDispute = Annotated[BankDispute, Depends(dispute_of)]
AskedRefund = Annotated[BankRefund, Depends(refund_of)]


def open_dispute(provider: Provider, payment: CardPayment, wanted: DisputeRequest) -> None:
    """Open a dispute and send its events."""
    _require_room(payment)
    status = DisputeStatus.WARNING if wanted.warning else DisputeStatus.OPEN
    dispute = payment.dispute(_minor(payment, wanted.amount), status, wanted.reason)
    if dispute is None:
        raise CardDisputeTooLarge
    withdraw = not wanted.warning if wanted.withdraw is None else wanted.withdraw
    provider.dispute(payment, dispute, wanted.faults, withdraw=withdraw)


def refund_at_page(
    provider: Provider, payment: CardPayment, wanted: PageRefundRequest
) -> BankRefund:
    """Refund a sum without the shop's request, and send the event."""
    _require_room(payment)
    minor = _minor(payment, wanted.amount)
    refund = payment.refund(f"page:{new_id().hex}", minor, None, wanted.status)
    if refund is None:
        raise CardRefundTooLarge
    provider.refunded(payment, refund, wanted.faults)
    return refund


def move_dispute(  # noqa: PLR0913 (the dispute, its payment, the move, and faults)
    provider: Provider,
    payment: CardPayment,
    dispute: BankDispute,
    move: DisputeMove,
    *,
    won: bool = False,
    faults: WebhookFaults | None = None,
) -> None:
    """Move a dispute and send its events."""
    if not provider.move_dispute(payment, dispute, move, faults or WebhookFaults(), won=won):
        raise CardMoveNotPossible


def move_refund(
    provider: Provider,
    payment: CardPayment,
    refund: BankRefund,
    status: BankRefundStatus,
    faults: WebhookFaults | None = None,
) -> None:
    """Set a refund's status and send the event."""
    if not provider.move_refund(payment, refund, status, faults or WebhookFaults()):
        raise CardMoveNotPossible


def _require_room(payment: CardPayment) -> None:
    if payment.status is not CardPaymentStatus.SUCCEEDED:
        raise CardPaymentNotSucceeded
    if payment.is_full:
        raise TooManyCardReversals


def _minor(payment: CardPayment, amount: str | None) -> int | None:
    return None if amount is None else Money.parse(amount, payment.amount.currency).minor


@router.post(
    f"{PAYMENTS}/{{payment_id}}/dispute",
    access="public",
    operation_id="dispute_card_payment",
    summary="Dispute a payment, as the card's owner does",
    description="Without a body, all that is left is disputed and withdrawn at once.",
    refusals=(
        CardPaymentUnknown,
        CardPaymentNotSucceeded,
        CardDisputeTooLarge,
        TooManyCardReversals,
    ),
)
async def dispute_card_payment(
    payment: NamedPayment, provider: TheProvider, body: DisputeRequest | None = None
) -> CardPaymentState:
    """Open a dispute, which the answer has as its last one."""
    open_dispute(provider, payment, body or DisputeRequest())
    return CardPaymentState.model_validate(provider.state_of(payment))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/disputes/{{dispute_id}}/{{move}}",
    access="public",
    operation_id="move_card_dispute",
    summary="Escalate or close a dispute, withdraw or reinstate its funds",
    description="Escalating an inquiry withdraws its funds; winning returns withdrawn funds.",
    refusals=(CardPaymentUnknown, CardDisputeUnknown, CardMoveNotPossible),
)
async def move_card_dispute(
    *,
    payment: NamedPayment,
    dispute: AskedDispute,
    move: DisputeMove,
    provider: TheProvider,
    body: DisputeMoveRequest | None = None,
) -> CardPaymentState:
    """Make the move and send its events."""
    wanted = body or DisputeMoveRequest()
    won = wanted.outcome == "won"
    move_dispute(provider, payment, dispute, move, won=won, faults=wanted.faults)
    return CardPaymentState.model_validate(provider.state_of(payment))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/page-refunds",
    access="public",
    operation_id="refund_at_provider_page",
    summary="Refund a payment, as somebody does at the provider's own page",
    description="The shop has not asked for it, so `refund_id` is null in its events.",
    status_code=201,
    refusals=(
        CardPaymentUnknown,
        CardPaymentNotSucceeded,
        CardRefundTooLarge,
        TooManyCardReversals,
    ),
)
async def refund_at_provider_page(
    payment: NamedPayment, provider: TheProvider, body: PageRefundRequest | None = None
) -> RefundState:
    """Make a refund."""
    made = refund_at_page(provider, payment, body or PageRefundRequest())
    return RefundState.model_validate(shown_refund(payment, made))


@router.get(
    "/sandbox/provider/events",
    access="public",
    operation_id="list_card_events",
    summary="List recent events of refunds and disputes",
    description="Oldest first, even those that never arrived; the last thousand are kept. The shop"
    " authenticates with its webhooks' secret as bearer token.",
    refusals=(CardEventsNotYours,),
)
async def list_card_events(
    provider: TheProvider,
    settings: Configured,
    query: Annotated[EventsQuery, Query()],
    request: Request,
) -> CardEvents:
    """List the events in a range of time, at most a hundred at once."""
    wanted = f"Bearer {settings.webhook_secret.get_secret_value()}"
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise CardEventsNotYours
    found = list(islice(provider.recent_events(query.span), EVENTS_AT_ONCE + 1))
    has_more = len(found) > EVENTS_AT_ONCE
    return CardEvents(items=found[:EVENTS_AT_ONCE], has_more=has_more)


@router.get(
    f"{PAYMENTS}/{{payment_id}}/refunds/{{refund_id}}",
    access="public",
    operation_id="get_card_refund",
    summary="Get a refund",
    refusals=(CardPaymentUnknown, CardRefundUnknown),
)
async def get_card_refund(payment: NamedPayment, refund: AskedRefund) -> RefundState:
    """Show a refund."""
    return RefundState.model_validate(shown_refund(payment, refund))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/refunds/{{refund_id}}/outcome",
    access="public",
    operation_id="move_card_refund",
    summary="Make a refund succeed or fail",
    refusals=(CardPaymentUnknown, CardRefundUnknown, CardMoveNotPossible),
)
async def move_card_refund(
    payment: NamedPayment, refund: AskedRefund, body: RefundMoveRequest, provider: TheProvider
) -> RefundState:
    """Set the refund's status and send the event."""
    move_refund(provider, payment, refund, body.status, body.faults)
    return RefundState.model_validate(shown_refund(payment, refund))
