"""The card provider's API, as a shop uses it, and a bank that tells of its credits."""

from typing import Annotated

from fastapi import Depends, Header, Request

from kit.ids import derived_id, new_id
from kit.money import decimal_text
from kit.web.routes import Router
from sandbox.card_schemas import (
    BankCreditAnswer,
    BankCreditRequest,
    CardPaymentRequest,
    CardPaymentState,
    CardRefundRequest,
    OutcomeRequest,
    RefundState,
)
from sandbox.cards import CardPayment, Status, new_payment_id
from sandbox.deliveries import Sender
from sandbox.provider import Provider
from sandbox.refusals import CardPaymentNotSucceeded, CardPaymentUnknown, CardRefundTooLarge

router = Router(tags=["cards"])
_PAYMENTS = "/sandbox/provider/payments"


def provider(request: Request) -> Provider:
    """Return the card provider."""
    found: Provider = request.app.state.provider
    return found


TheProvider = Annotated[Provider, Depends(provider)]


def _payment(payment_id: str, cards: TheProvider) -> CardPayment:
    found = cards.cards.get(payment_id)
    if found is None:
        raise CardPaymentUnknown
    return found


Asked = Annotated[CardPayment, Depends(_payment)]


@router.post(
    _PAYMENTS,
    access="public",
    operation_id="create_card_payment",
    summary="Create a payment by card",
    description="The same Idempotency-Key again answers with the first payment.",
    status_code=201,
)
async def create_card_payment(
    body: CardPaymentRequest,
    cards: TheProvider,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> CardPaymentState:
    """Create it; the answer says where the card is entered."""
    made = CardPayment(
        new_payment_id(), body.money, body.description, body.return_url, body.charge_id
    )
    return CardPaymentState.model_validate(cards.shown(cards.cards.create(idempotency_key, made)))


@router.get(
    f"{_PAYMENTS}/{{payment_id}}",
    access="public",
    operation_id="get_card_payment",
    summary="See how a payment by card stands",
    refusals=(CardPaymentUnknown,),
)
async def get_card_payment(payment: Asked, cards: TheProvider) -> CardPaymentState:
    """Show it."""
    return CardPaymentState.model_validate(cards.shown(payment))


@router.post(
    f"{_PAYMENTS}/{{payment_id}}/cancel",
    access="public",
    operation_id="cancel_card_payment",
    summary="Call a payment by card off",
    description="One that has ended stays as it is.",
    refusals=(CardPaymentUnknown,),
)
async def cancel_card_payment(payment: Asked, cards: TheProvider) -> CardPaymentState:
    """Cancel it where that is possible."""
    cards.cancel(payment)
    return CardPaymentState.model_validate(cards.shown(payment))


@router.post(
    f"{_PAYMENTS}/{{payment_id}}/refunds",
    access="public",
    operation_id="refund_card_payment",
    summary="Give the money of a payment by card back, all or a part",
    description="The same Idempotency-Key again answers with the first refund.",
    status_code=201,
    refusals=(CardPaymentUnknown, CardPaymentNotSucceeded, CardRefundTooLarge),
)
async def refund_card_payment(
    payment: Asked,
    body: CardRefundRequest | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> RefundState:
    """Refund what is asked for, or all that is left."""
    if payment.status is not Status.SUCCEEDED:
        raise CardPaymentNotSucceeded
    currency = payment.amount.currency
    if body is not None and body.currency != currency:
        raise CardRefundTooLarge
    key = idempotency_key or new_id().hex
    minor = payment.refund(key, None if body is None else body.money.minor)
    if minor is None:
        raise CardRefundTooLarge
    return RefundState(
        id=f"refund_{derived_id(payment.id, key).hex}",
        amount=decimal_text(minor, currency),
        currency=currency,
    )


@router.post(
    f"{_PAYMENTS}/{{payment_id}}/dispute",
    access="public",
    operation_id="dispute_card_payment",
    summary="Have the card's owner take the money back",
    refusals=(CardPaymentUnknown, CardPaymentNotSucceeded),
)
async def dispute_card_payment(payment: Asked, cards: TheProvider) -> CardPaymentState:
    """Dispute it."""
    if payment.status is not Status.SUCCEEDED:
        raise CardPaymentNotSucceeded
    cards.dispute(payment)
    return CardPaymentState.model_validate(cards.shown(payment))


@router.post(
    f"{_PAYMENTS}/{{payment_id}}/outcome",
    access="public",
    operation_id="choose_outcome",
    summary="Do what the buttons of the card page do",
    refusals=(CardPaymentUnknown,),
)
async def choose_outcome(
    body: OutcomeRequest, payment: Asked, cards: TheProvider
) -> CardPaymentState:
    """Choose the outcome, for tests."""
    cards.choose(payment, body.outcome, body.faults, body.delay_seconds)
    return CardPaymentState.model_validate(cards.shown(payment))


@router.post(
    "/sandbox/bank/credits",
    access="public",
    operation_id="send_bank_credit",
    summary="Have the bank tell of a credit",
)
async def send_bank_credit(body: BankCreditRequest, request: Request) -> BankCreditAnswer:
    """Send the bank's signed webhook and show what was answered to it."""
    sender: Sender = request.app.state.bank
    transaction_id = body.transaction_id or f"bank-{new_id().hex}"
    told = {
        "transaction_id": transaction_id,
        **body.model_dump(mode="json", include={"amount", "currency"}),
        **body.model_dump(mode="json", include={"wallet_id", "wallet_number"}, exclude_none=True),
    }
    answer = await sender.send(told, wrong_signature=body.wrong_signature)
    if answer is None:
        return BankCreditAnswer(transaction_id=transaction_id, status=0, answer=None)
    return BankCreditAnswer(
        transaction_id=transaction_id, status=answer.status_code, answer=answer.json()
    )
