"""Serves the card provider, as a shop uses it, and a bank."""

from typing import Annotated, Final

from fastapi import Depends, Header

from kit.ids import new_id
from kit.web.routes import Router
from kit.web.state import from_state
from sandbox.cards.box import CardPayment, CardPaymentStatus, new_payment_id
from sandbox.cards.deliveries import Sender, WebhookFaults
from sandbox.cards.provider import Provider, shown_refund
from sandbox.cards.schemas import (
    BankCreditAnswer,
    BankCreditRequest,
    CardPaymentRequest,
    CardPaymentState,
    CardRefundRequest,
    OutcomeRequest,
    RefundState,
)
from sandbox.refusals import (
    CardKeyReused,
    CardPaymentNotSucceeded,
    CardPaymentUnknown,
    CardRefundTooLarge,
    TooManyCardReversals,
)

router = Router(tags=["cards"])
PAYMENTS: Final = "/sandbox/provider/payments"


TheProvider = Annotated[Provider, from_state("provider")]
TheBank = Annotated[Sender, from_state("bank")]


def _payment(payment_id: str, cards: TheProvider) -> CardPayment:
    found = cards.cards.get(payment_id)
    if found is None:
        raise CardPaymentUnknown
    return found


NamedPayment = Annotated[CardPayment, Depends(_payment)]


@router.post(
    PAYMENTS,
    access="public",
    operation_id="create_card_payment",
    summary="Create a payment by card",
    description="A repeated Idempotency-Key gets the first payment again.",
    status_code=201,
    refusals=(CardKeyReused,),
)
async def create_card_payment(
    body: CardPaymentRequest,
    cards: TheProvider,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> CardPaymentState:
    """Create a payment; the answer has the URL of its card page."""
    made = CardPayment(
        new_payment_id(), body.money, body.description, body.return_url, body.charge_id
    )
    created = cards.cards.create(idempotency_key, made)
    if created is None:
        raise CardKeyReused
    return CardPaymentState.model_validate(cards.state_of(created))


@router.get(
    f"{PAYMENTS}/{{payment_id}}",
    access="public",
    operation_id="get_card_payment",
    summary="Get a payment by card",
    refusals=(CardPaymentUnknown,),
)
async def get_card_payment(payment: NamedPayment, cards: TheProvider) -> CardPaymentState:
    """Show a payment."""
    return CardPaymentState.model_validate(cards.state_of(payment))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/cancel",
    access="public",
    operation_id="cancel_card_payment",
    summary="Cancel a payment by card",
    description="A payment that has ended stays as it is.",
    refusals=(CardPaymentUnknown,),
)
async def cancel_card_payment(payment: NamedPayment, cards: TheProvider) -> CardPaymentState:
    """Cancel a payment, if it is open."""
    cards.cancel(payment)
    return CardPaymentState.model_validate(cards.state_of(payment))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/refunds",
    access="public",
    operation_id="refund_card_payment",
    summary="Refund a payment by card, all of it or a part",
    description="A repeated Idempotency-Key gets the first refund again.",
    status_code=201,
    refusals=(
        CardPaymentUnknown,
        CardPaymentNotSucceeded,
        CardRefundTooLarge,
        TooManyCardReversals,
        CardKeyReused,
    ),
)
async def refund_card_payment(
    payment: NamedPayment,
    cards: TheProvider,
    body: CardRefundRequest | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> RefundState:
    """Refund the given sum, or all that is left."""
    if payment.status is not CardPaymentStatus.SUCCEEDED:
        raise CardPaymentNotSucceeded
    if body is not None and body.currency != payment.amount.currency:
        raise CardRefundTooLarge
    minor, key = None if body is None else body.money.minor, idempotency_key or new_id().hex
    if (known := payment.refunds.get(key)) is not None:
        if minor not in (None, known.minor):
            raise CardKeyReused
        return RefundState.model_validate(shown_refund(payment, known))
    if payment.is_full:
        raise TooManyCardReversals
    named = None if body is None else body.refund_id
    refund = payment.refund(key, minor, named, payment.refunds_go)
    if refund is None:
        raise CardRefundTooLarge
    cards.refunded(payment, refund, WebhookFaults())
    return RefundState.model_validate(shown_refund(payment, refund))


@router.post(
    f"{PAYMENTS}/{{payment_id}}/outcome",
    access="public",
    operation_id="choose_outcome",
    summary="Choose a payment's outcome, as the card page's buttons do",
    refusals=(CardPaymentUnknown,),
)
async def choose_outcome(
    body: OutcomeRequest, payment: NamedPayment, cards: TheProvider
) -> CardPaymentState:
    """Choose the outcome, for tests."""
    payment.refunds_go = body.refunds
    cards.choose(payment, body.outcome, body.faults, body.delay_seconds)
    return CardPaymentState.model_validate(cards.state_of(payment))


@router.post(
    "/sandbox/bank/credits",
    access="public",
    operation_id="send_bank_credit",
    summary="Send a bank's webhook about a credit",
)
async def send_bank_credit(body: BankCreditRequest, bank: TheBank) -> BankCreditAnswer:
    """Send the bank's signed webhook and show the answer to it."""
    transaction_id = body.transaction_id or f"bank-{new_id().hex}"
    told = {
        "transaction_id": transaction_id,
        **body.model_dump(mode="json", include={"amount", "currency"}),
        **body.model_dump(mode="json", include={"wallet_id", "wallet_number"}, exclude_none=True),
    }
    answer = await bank.send(told, wrong_signature=body.wrong_signature)
    if answer is None:
        return BankCreditAnswer(transaction_id=transaction_id, status=0, answer=None)
    return BankCreditAnswer(
        transaction_id=transaction_id, status=answer.status_code, answer=answer.json()
    )
