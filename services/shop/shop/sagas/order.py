"""Defines the order saga as data: how an order is paid, and how that is undone.

It runs nothing. A saga is one attempt to pay an order; its id is the payment's. Its data are
``facts``, and what replies add.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    ReturnPayment,
    TakePayment,
)
from contracts.wallet import SHOP
from kit.messaging.messages import Command
from kit.saga import Ask, Data, Saga, Step, Wait
from shop.domain.orders import Order, PayMethod

LOCK: Final = "lock"  # over when the saga begins: who begins it has locked the order
CHARGE: Final = "charge"
OPEN_PAGE: Final = "open_page"
CARD: Final = "card"  # this step waits for a signal: the card's outcome
CONFIRM: Final = "confirm"  # this one, too: whether the order may still be paid

ORDER_NOT_PAYABLE: Final = "order_not_payable"
PAYMENTS_UNAVAILABLE: Final = "payments_unavailable"
CARD_TIMED_OUT: Final = "card_timed_out"

ANSWER_DEADLINE: Final = timedelta(minutes=2)
# An order that expires calls its card payment off; this is for one that could not.
CARD_MARGIN: Final = timedelta(minutes=10)
LONGEST_DESCRIPTION: Final = 200


@dataclass(frozen=True, slots=True)
class CardTerms:
    """Where the page of a card leads back to, and where the receipt goes."""

    return_url: str
    receipt_email: str | None = None
    receipt_phone: str | None = None


def facts(order: Order, card: CardTerms | None) -> dict[str, Any]:
    """Return what the saga must know of its order; JSON values only.

    Without ``card`` the owner's wallet pays.
    """
    return {
        "order_id": str(order.id),
        "payer_id": str(order.owner_id),
        "amount_minor": order.total_minor,
        "currency": order.currency,
        "description": _description(order),
        "expires_at": order.expires_at.isoformat(),
        "method": PayMethod.WALLET if card is None else PayMethod.CARD,
        "return_url": None if card is None else card.return_url,
        "receipt_email": None if card is None else card.receipt_email,
        "receipt_phone": None if card is None else card.receipt_phone,
    }


def _description(order: Order) -> str:
    """Return what is bought, in a line of bounded length."""
    text = ", ".join(f"{item.name} × {item.quantity}" for item in order.items)
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"


def _is_by_card(data: Data) -> bool:
    return PayMethod(data["method"]) is PayMethod.CARD


def _is_by_wallet(data: Data) -> bool:
    return not _is_by_card(data)


def _card_until(data: Data) -> datetime:
    return datetime.fromisoformat(data["expires_at"]) + CARD_MARGIN


def _take(ask: Ask) -> Command:
    data = ask.data
    return TakePayment(
        command_id=ask.command_id,
        payment_id=ask.saga_id,
        payer_id=UUID(data["payer_id"]),
        payee_id=SHOP,
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        reference=data["order_id"],
        description=data["description"],
        method=data["method"],
        return_url=data["return_url"],
        receipt_email=data["receipt_email"],
        receipt_phone=data["receipt_phone"],
    )


def _return(ask: Ask) -> Command:
    return ReturnPayment(command_id=ask.command_id, payment_id=ask.saga_id)


_FROM_A_WALLET: Final = "paid from a wallet"
_BY_CARD: Final = "paid by card"

_CHARGE: Final = Step(
    name=CHARGE,
    applies=_is_by_wallet,
    applies_when=_FROM_A_WALLET,
    asks=_take,
    asks_words="payments `take_payment`, from the wallet",
    done=PaymentTaken,
    refused=PaymentNotTaken,
    undo=_return,
    undo_words="payments `return_payment`",
    undone=PaymentReturned,
    deadline=ANSWER_DEADLINE,
    timed_out=PAYMENTS_UNAVAILABLE,
)

ORDER: Final = Saga(
    name="order",
    version=1,
    steps=(
        Step(
            name=LOCK,
            applies=_is_by_wallet,
            applies_when=_FROM_A_WALLET,
            asks=Wait(),
            asks_words="nobody: whoever begins the saga has locked the order",
            no_undo_because="the end of the saga unlocks the order, in its unit of work",
        ),
        _CHARGE,
        replace(
            _CHARGE,
            name=OPEN_PAGE,
            applies=_is_by_card,
            applies_when=_BY_CARD,
            asks_words="payments `take_payment`, by card",
            done=CardPageOpened,
        ),
        Step(
            name=CARD,
            applies=_is_by_card,
            applies_when=_BY_CARD,
            asks=Wait(until=_card_until, until_words="10 min after the order's `expires_at`"),
            asks_words="the buyer, on the card page; payments tells how that ended",
            no_undo_because="what the page has taken is given back by the step before",
            timed_out=CARD_TIMED_OUT,
        ),
        Step(
            name=CONFIRM,
            asks=Wait(),
            asks_words="the order itself, under its lock: is it still this payment's?",
            is_point_of_no_return=True,
        ),
    ),
)
