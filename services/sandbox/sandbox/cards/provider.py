"""Carries out what a card's owner chooses: changes states and sends webhooks."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from kit.ids import new_id
from kit.money import decimal_text
from kit.span import Span
from kit.tasks import spawn
from sandbox.cards.box import CardOutcome, CardPayment, CardPaymentStatus, Cards
from sandbox.cards.deliveries import Sender, WebhookFaults
from sandbox.cards.reversals import BankDispute, BankRefund, BankRefundStatus, DisputeMove

DECLINED: Final = "card_declined"
MOST_EVENTS: Final = 1000  # kept for the list of events


class Provider:
    """The card provider: its payments, and the sender of its webhooks."""

    def __init__(self, public_url: str) -> None:
        """Take the public URL, with which card pages begin."""
        self.cards = Cards()
        self._public_url = public_url.rstrip("/")
        self.sender: Sender | None = None  # set when the service opens
        self._recent: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)

    def page_url(self, payment: CardPayment) -> str:
        """Return the URL of a payment's card page."""
        return f"{self._public_url}/sandbox/cards/{payment.id}"

    def choose(
        self,
        payment: CardPayment,
        outcome: CardOutcome,
        faults: WebhookFaults,
        delay_seconds: float,
    ) -> None:
        """Carry out the owner's choice; a payment that has ended stays as it is."""
        if not payment.is_open:
            return
        match outcome:
            case CardOutcome.SUCCESS:
                self._end(payment, CardPaymentStatus.SUCCEEDED, None, faults)
            case CardOutcome.DECLINE:
                self._end(payment, CardPaymentStatus.FAILED, DECLINED, faults)
            case CardOutcome.DELAY if payment.status is CardPaymentStatus.PENDING:
                payment.move(CardPaymentStatus.PROCESSING)
                self._send([self._event(payment)], WebhookFaults())
                spawn(self._end_later(payment, faults, delay_seconds), "sandbox.bank_confirms")
            case _:
                return

    async def _end_later(self, payment: CardPayment, faults: WebhookFaults, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._end(payment, CardPaymentStatus.SUCCEEDED, None, faults)

    def _end(
        self,
        payment: CardPayment,
        status: CardPaymentStatus,
        reason: str | None,
        faults: WebhookFaults,
    ) -> None:
        """End a payment and send its events: processing, perhaps a failure, the end."""
        if not payment.is_open:
            return
        events = [self._event(payment, status=CardPaymentStatus.PROCESSING)]
        if status is CardPaymentStatus.SUCCEEDED and faults.out_of_order:
            events.append(self._event(payment, status=CardPaymentStatus.FAILED, reason=DECLINED))
        payment.move(status, reason)
        self._send([*events, self._event(payment)], faults)

    def cancel(self, payment: CardPayment) -> None:
        """Cancel a payment unless it has ended."""
        if payment.move(CardPaymentStatus.CANCELLED):
            self._send([self._event(payment)], WebhookFaults())

    def dispute(
        self, payment: CardPayment, dispute: BankDispute, faults: WebhookFaults, *, withdraw: bool
    ) -> None:
        """Send the events of a new dispute, after withdrawing its funds if wanted."""
        events = [self._dispute_event("dispute.created", payment, dispute)]
        if withdraw:
            kinds = dispute.move(DisputeMove.WITHDRAW)
            events += [self._dispute_event(kind, payment, dispute) for kind in kinds]
        self._send(events, faults)

    def move_dispute(
        self,
        payment: CardPayment,
        dispute: BankDispute,
        move: DisputeMove,
        faults: WebhookFaults,
        *,
        won: bool = False,
    ) -> bool:
        """Move a dispute and send its events; return False if that is not possible."""
        kinds = dispute.move(move, won=won)
        self._send([self._dispute_event(kind, payment, dispute) for kind in kinds], faults)
        return bool(kinds)

    def refunded(self, payment: CardPayment, refund: BankRefund, faults: WebhookFaults) -> None:
        """Send the event of a new refund."""
        self._send([self._refund_event("refund.created", payment, refund)], faults)

    def move_refund(
        self,
        payment: CardPayment,
        refund: BankRefund,
        status: BankRefundStatus,
        faults: WebhookFaults,
    ) -> bool:
        """Set a refund's status and send the event; return False if not possible."""
        if not refund.move(status):
            return False
        kind = "refund.failed" if status is BankRefundStatus.FAILED else "refund.updated"
        self._send([self._refund_event(kind, payment, refund)], faults)
        return True

    def _send(self, events: list[dict[str, Any]], faults: WebhookFaults) -> None:
        if faults.repeat_id:
            events = [{**event, "id": events[0]["id"]} for event in events]
        self._recent.extend(one for one in events if "refund" in one or "dispute" in one)
        if self.sender is not None and events:
            self.sender.send_later(events, faults)

    def recent_events(self, of: Span) -> Iterator[dict[str, Any]]:
        """Return the events about refunds and disputes in a span, oldest first.

        Each is shown without faults, whatever went wrong when it was sent.
        """
        begin = -math.inf if of.begin is None else of.begin.timestamp()
        end = math.inf if of.end is None else of.end.timestamp()
        return (one for one in self._recent if begin <= one["created"] < end)

    def state_of(self, payment: CardPayment) -> dict[str, Any]:
        """Return a payment as the API shows it, with its refunds and disputes."""
        return {
            **self.shown(payment),
            "refunds": [shown_refund(payment, one) for one in payment.refunds.values()],
            "disputes": [
                {**shown_dispute(payment, one), "is_withdrawn": one.is_withdrawn}
                for one in payment.disputes
            ],
        }

    def shown(self, payment: CardPayment) -> dict[str, Any]:
        """Return a payment as the API and the webhooks show it."""
        return {
            "id": payment.id,
            "status": payment.status.value,
            "amount": payment.amount.decimal,
            "currency": payment.amount.currency,
            "url": self.page_url(payment),
            "reason": payment.reason,
            "charge_id": None if payment.charge_id is None else str(payment.charge_id),
            "refunded_amount": decimal_text(payment.refunded_minor, payment.amount.currency),
            "is_disputed": payment.is_disputed,
        }

    def _event(self, payment: CardPayment, kind: str | None = None, **as_if: Any) -> dict[str, Any]:
        seen = {**self.shown(payment), **as_if}
        return {
            "id": f"evt_{new_id().hex}",
            "type": kind or f"payment.{seen['status']}",
            "created": round(time.time(), 6),  # as exact as the times in queries
            "payment": seen,
        }

    def _dispute_event(
        self, kind: str, payment: CardPayment, dispute: BankDispute
    ) -> dict[str, Any]:
        return self._event(payment, kind) | {"dispute": shown_dispute(payment, dispute)}

    def _refund_event(self, kind: str, payment: CardPayment, refund: BankRefund) -> dict[str, Any]:
        return self._event(payment, kind) | {"refund": shown_refund(payment, refund)}


def shown_dispute(payment: CardPayment, dispute: BankDispute) -> dict[str, Any]:
    """Return a dispute as the API and the webhooks show it."""
    return {
        "id": dispute.id,
        "amount": decimal_text(dispute.minor, payment.amount.currency),
        "currency": payment.amount.currency,
        "status": dispute.status.value,
        "reason": dispute.reason,
    }


def shown_refund(payment: CardPayment, refund: BankRefund) -> dict[str, Any]:
    """Return a refund as the API and the webhooks show it."""
    return {
        "id": refund.id,
        "amount": decimal_text(refund.minor, payment.amount.currency),
        "currency": payment.amount.currency,
        "status": refund.status.value,
        "refund_id": None if refund.refund_id is None else str(refund.refund_id),
    }
