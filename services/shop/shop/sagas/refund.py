"""Defines the saga that gives back what an order was paid with, as data.

It runs nothing. A saga's id is the refund's, here and at payments.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from contracts.payments import RefundMade, RefundNotMade, RefundPayment
from kit.messaging.messages import Command
from kit.saga import Ask, Saga, Step
from shop.domain.refunds import OrderRefund


def refund_facts(refund: OrderRefund) -> dict[str, Any]:
    """Return what the saga must know of its refund; JSON values only."""
    return {
        "payment_id": str(refund.payment_id),
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
    }


def _give_back(ask: Ask) -> Command:
    return RefundPayment(
        command_id=ask.command_id,
        refund_id=ask.saga_id,
        payment_id=UUID(ask.data["payment_id"]),
        amount_minor=ask.data["amount_minor"],
        reason=ask.data["reason"],
    )


ORDER_REFUND: Final = Saga(
    name="order_refund",
    version=1,
    steps=(
        Step(
            name="give_back",
            asks=_give_back,
            asks_words="payments `refund_payment`, the way it was paid",
            done=RefundMade,
            refused=RefundNotMade,
            deadline=timedelta(minutes=2),
            is_point_of_no_return=True,
        ),
    ),
)
