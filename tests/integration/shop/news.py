"""What payments tells of the shop's payments without having been asked."""

from typing import Any, Literal
from uuid import UUID

from tests.integration.shop.room import Json
from tests.integration.shop.till import Till

from contracts.payments import (
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import SHOP
from kit.ids import new_id


class News:
    """The events of one payment of an order."""

    def __init__(self, till: Till, order: Json) -> None:
        self.till = till
        self.known: dict[str, Any] = {
            "payment_id": order["payment"]["id"],
            "payer_id": till.buyer,
            "payee_id": SHOP,
            "currency": order["currency"],
        }

    def refunded(self, minor: int, refund_id: UUID | None = None, **more: Any) -> PaymentRefunded:
        known = {**self.known, "amount_minor": minor, "refunded_minor": minor, **more}
        return PaymentRefunded(
            **known,
            at=self.till.clock.now(),
            refund_id=refund_id or new_id(),
            transfer_id=new_id(),
            status="paid",
            is_full=False,
        )

    def failed(self, minor: int, refund_id: UUID) -> PaymentRefundFailed:
        return PaymentRefundFailed(
            **self.known,
            amount_minor=minor,
            at=self.till.clock.now(),
            refund_id=refund_id,
            refunded_minor=0,
            reason="card_refund_failed",
        )

    def disputed(self, minor: int, dispute_id: UUID, **more: Any) -> PaymentDisputed:
        known = {**self.known, "amount_minor": minor, **more}
        return PaymentDisputed(
            **known,
            at=self.till.clock.now(),
            status="paid",
            dispute_id=dispute_id,
            provider="sandbox",
            reason="fraudulent",
        )

    def closed(
        self, minor: int, dispute_id: UUID, outcome: Literal["won", "lost"]
    ) -> PaymentDisputeClosed:
        return PaymentDisputeClosed(
            **self.known,
            amount_minor=minor,
            at=self.till.clock.now(),
            status="paid",
            dispute_id=dispute_id,
            outcome=outcome,
        )


def told(order: Json) -> list[tuple[str, str]]:
    """Return the status and the amount of each refund that an order shows."""
    return [(one["status"], one["amount"]) for one in order["refunds"]]


def left(order: Json) -> list[int]:
    """Return of each item of an order how many can still be refunded."""
    return [one["quantity"] - one["refunded_quantity"] for one in order["items"]]
