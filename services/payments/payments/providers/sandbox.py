"""The provider of development: cards whose owners are buttons on a page of the sandbox service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from kit.money import decimal_text
from payments.domain.card_refunds import CardRefund, CardRefundNews, CardRefundStatus, RefundNews
from payments.domain.charges import Charge, ChargeStatus, News, Notice
from payments.domain.reasons import CARD_ABANDONED
from payments.providers.asking import RejectedError, ask
from payments.providers.sandbox_events import Payment, read_event


class _Refund(BaseModel):
    id: str
    status: Literal["succeeded"]


class SandboxProvider:
    """The sandbox's card provider; see services/sandbox."""

    name = "sandbox"

    def __init__(self, client: httpx.AsyncClient, url: str, webhook_secret: str) -> None:
        """Take the client (its owner closes it), the sandbox's address, and what signs webhooks."""
        self._client = client
        self._url = f"{url.rstrip('/')}/sandbox/provider/payments"
        self._webhook_secret = webhook_secret

    async def create(self, charge: Charge) -> News:
        """Create a charge once."""
        body = {
            "amount": decimal_text(charge.amount_minor, charge.currency),
            "currency": charge.currency,
            "description": charge.description,
            "return_url": charge.return_url,
            "charge_id": str(charge.id),
        }
        return await self._payment("POST", "", charge, json=body)

    async def fetch(self, charge: Charge) -> News:
        """Ask how it stands; what the sandbox forgot with a restart is over."""
        return await self._known("GET", f"/{charge.reference}", charge)

    async def cancel(self, charge: Charge) -> News:
        """Call it off, unless its owner was faster."""
        return await self._known("POST", f"/{charge.reference}/cancel", charge)

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Give a sum back, at once."""
        url = f"{self._url}/{charge.reference}/refunds"
        body = {
            "amount": decimal_text(refund.amount_minor, charge.currency),
            "currency": charge.currency,
            "refund_id": str(refund.id),
        }
        headers = {"Idempotency-Key": f"{refund.id}:refund"}
        answer = await ask(self._client, _Refund, "POST", url, headers=headers, json=body)
        return CardRefundNews(status=CardRefundStatus.DONE, reference=answer.id)

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Ask again; the same key gets the same answer."""
        return await self.refund(charge, refund)

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:  # noqa: ARG002
        """Return nothing: the events of the sandbox tell all by themselves."""
        return []

    async def _known(self, method: str, path: str, charge: Charge) -> News:
        try:
            return await self._payment(method, path, charge)
        except RejectedError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            return News(status=ChargeStatus.CANCELLED, reason=CARD_ABANDONED)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """Return what a signed event tells."""
        return read_event(headers, body, self._webhook_secret, now)

    async def _payment(self, method: str, path: str, charge: Charge, **options: Any) -> News:
        headers = _key(charge, "create")
        found = await ask(
            self._client, Payment, method, f"{self._url}{path}", headers=headers, **options
        )
        return found.news


def _key(charge: Charge, operation: str) -> dict[str, str]:
    return {"Idempotency-Key": f"{charge.id}:{operation}"}
