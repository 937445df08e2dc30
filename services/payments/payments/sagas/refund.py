"""Defines the refund sagas as data: money goes back the way it came.

They run nothing. A saga's id is the refund's. What a card has paid goes back to the card: the
payee's money is set aside, the provider is asked until its answer is known, and then the money
moves to the provider's clearing account.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from contracts.wallet import (
    HOUSE,
    AccountRef,
    CaptureHold,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    PlaceHold,
    Transfer,
    TransferPosted,
    TransferRefused,
)
from kit.ids import new_id_text
from kit.messaging.messages import Command
from kit.saga import Ask, Saga, Step, Wait
from payments.domain.payment import Payment
from payments.domain.reasons import WALLET_UNAVAILABLE
from payments.domain.refunds import Refund
from payments.sagas.payment import (
    RESERVE,
    hold_id,
    optional_text,
    purpose,
    release_hold,
    side,
)

KIND: Final = "refund"
CARD: Final = "card"  # this step waits for a signal: the provider's answer


def refund_facts(
    refund: Refund, payment: Payment, *, provider: str | None = None
) -> dict[str, Any]:
    """Return what the saga must know; JSON values only.

    A wallet that is not named is the default one, and stays the same for ever. ``provider`` is who
    charged the card, where one was charged.
    """
    return {
        "payment_id": str(payment.id),
        "payer_id": str(payment.payer_id),
        "payer_account_id": optional_text(payment.payer_account_id),
        "payee_id": str(payment.payee_id),
        "payee_account_id": optional_text(payment.payee_account_id),
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "description": refund.reason or payment.description,
        "provider": provider,
        "purpose": payment.purpose,
        "transfer_id": new_id_text(),
        "hold_id": new_id_text(),
    }


def _transfer_back(ask: Ask) -> Command:
    data = ask.data
    return Transfer(
        command_id=ask.command_id,
        transfer_id=UUID(data["transfer_id"]),
        payer=side(data, "payee"),
        payee=side(data, "payer"),
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        reference=data["payment_id"],
        kind=KIND,
        description=data["description"],
        purpose=purpose(data),
    )


def _place_hold(ask: Ask) -> Command:
    return PlaceHold(
        command_id=ask.command_id,
        hold_id=hold_id(ask.data),
        payer=side(ask.data, "payee"),
        amount_minor=ask.data["amount_minor"],
        currency=ask.data["currency"],
        reference=ask.data["payment_id"],
    )


def _to_the_provider(ask: Ask) -> Command:
    data = ask.data
    return CaptureHold(
        command_id=ask.command_id,
        hold_id=hold_id(data),
        payee=AccountRef(owner_id=HOUSE, provider=data["provider"]),
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        reference=data["payment_id"],
        kind=KIND,
        description=data["description"],
        purpose=purpose(data),
    )


REFUND: Final = Saga(
    name="refund",
    version=1,
    steps=(
        Step(
            name="give_back",
            asks=_transfer_back,
            asks_words="wallet `transfer`, from the payee's wallet to the payer's",
            done=TransferPosted,
            refused=TransferRefused,
            deadline=timedelta(seconds=30),
            is_point_of_no_return=True,
        ),
    ),
)

# Once the provider is asked only the provider can refuse, so nothing is undone from there on.
CARD_REFUND: Final = Saga(
    name="card_refund",
    version=1,
    steps=(
        Step(
            name=RESERVE,
            asks=_place_hold,
            asks_words="wallet `place_hold`, on the payee's wallet",
            done=HoldPlaced,
            refused=HoldRefused,
            undo=release_hold,
            undo_words="wallet `release_hold`",
            undone=HoldReleased,
            deadline=timedelta(seconds=30),
            timed_out=WALLET_UNAVAILABLE,
        ),
        Step(
            name=CARD,
            asks=Wait(),
            asks_words="the provider of the card, until its answer is known",
            deadline=timedelta(hours=1),
            is_point_of_no_return=True,
        ),
        Step(
            name="give_back",
            asks=_to_the_provider,
            asks_words="wallet `capture_hold`, to the provider's clearing account",
            done=TransferPosted,
            deadline=timedelta(seconds=30),
        ),
    ),
)
