"""The refund saga as data: the money goes back the way it came. Runs nothing.

The saga's id is the refund's. A refund of a card payment will give the money back to the card: a
step before this one, which then moves it from the payee to the provider's clearing account.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from contracts.wallet import AccountRef, Transfer, TransferPosted, TransferRefused
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.saga import Ask, Data, Saga, Step
from payments.domain.payment import Payment
from payments.domain.refunds import Refund

KIND: Final = "refund"


def refund_facts(refund: Refund, payment: Payment) -> dict[str, Any]:
    """Return what the saga must know; a wallet not named is the default one, for ever the same."""
    return {
        "payment_id": str(payment.id),
        "payer_id": str(payment.payer_id),
        "payer_account_id": _text(payment.payer_account_id),
        "payee_id": str(payment.payee_id),
        "payee_account_id": _text(payment.payee_account_id),
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "description": refund.reason or payment.description,
        "transfer_id": str(new_id()),
    }


def _text(account_id: UUID | None) -> str | None:
    return None if account_id is None else str(account_id)


def _side(data: Data, side: str) -> AccountRef:
    return AccountRef(owner_id=data[f"{side}_id"], account_id=data[f"{side}_account_id"])


def _transfer_back(ask: Ask) -> Command:
    data = ask.data
    return Transfer(
        command_id=ask.command_id,
        transfer_id=UUID(data["transfer_id"]),
        payer=_side(data, "payee"),
        payee=_side(data, "payer"),
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        reference=data["payment_id"],
        kind=KIND,
        description=data["description"],
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
