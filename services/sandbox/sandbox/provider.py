"""What the card provider does when the owner of a card has chosen: states, and whom it tells."""

import asyncio
from typing import Any, Final

from kit.ids import new_id
from kit.money import decimal_text
from kit.tasks import spawn
from sandbox.cards import CardPayment, Cards, Outcome, Status
from sandbox.deliveries import Faults, Sender

DECLINED: Final = "card_declined"


class Provider:
    """The card provider: its payments, and the sender of its webhooks."""

    def __init__(self, public_url: str) -> None:
        """Take where people reach the card page."""
        self.cards = Cards()
        self._public_url = public_url.rstrip("/")
        self.sender: Sender | None = None  # there once the service has been opened

    def page_url(self, payment: CardPayment) -> str:
        """Return where the card is entered."""
        return f"{self._public_url}/sandbox/cards/{payment.id}"

    def choose(
        self, payment: CardPayment, outcome: Outcome, faults: Faults, delay_seconds: float
    ) -> None:
        """Do what the owner of the card wants; a payment that has ended stays as it is."""
        if not payment.is_open:
            return
        match outcome:
            case Outcome.SUCCESS:
                self._end(payment, Status.SUCCEEDED, None, faults)
            case Outcome.DECLINE:
                self._end(payment, Status.FAILED, DECLINED, faults)
            case Outcome.DELAY if payment.status is Status.PENDING:
                payment.move(Status.PROCESSING)
                self._tell([self._event(payment)], Faults())
                spawn(self._end_later(payment, faults, delay_seconds), "sandbox.bank_confirms")
            case _:
                return

    async def _end_later(self, payment: CardPayment, faults: Faults, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._end(payment, Status.SUCCEEDED, None, faults)

    def _end(
        self, payment: CardPayment, status: Status, reason: str | None, faults: Faults
    ) -> None:
        """End a payment and tell it: that it was under way, an earlier try, then its end."""
        if not payment.is_open:
            return
        events = [self._event(payment, status=Status.PROCESSING)]
        if status is Status.SUCCEEDED and faults.out_of_order:
            events.append(self._event(payment, status=Status.FAILED, reason=DECLINED))
        payment.move(status, reason)
        self._tell([*events, self._event(payment)], faults)

    def cancel(self, payment: CardPayment) -> None:
        """Call a payment off, unless it has ended."""
        if payment.move(Status.CANCELLED):
            self._tell([self._event(payment)], Faults())

    def dispute(self, payment: CardPayment) -> None:
        """Take the money of a succeeded payment back, as its card's owner wants."""
        payment.is_disputed = True
        self._tell([self._event(payment, kind="payment.disputed")], Faults())

    def _tell(self, events: list[dict[str, Any]], faults: Faults) -> None:
        if self.sender is not None:
            self.sender.send_later(events, faults)

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
            "payment": seen,
        }
