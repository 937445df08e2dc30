"""Stripe: Checkout Sessions, each with a Payment Intent underneath (docs.stripe.com/api).

A session's page takes the card, 3-D Secure included, and sends the payer back. Webhooks are
believed by their signature (docs.stripe.com/webhooks/signature).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from pydantic import BaseModel, SecretStr

from payments.domain.card_refunds import CardRefund, CardRefundNews, RefundNews
from payments.domain.charges import Charge, News, Notice
from payments.providers.asking import RejectedError, ask, read_each
from payments.providers.protocol import ProviderError
from payments.providers.stripe_events import Refund, Session, TellingRefund, read_event
from payments.providers.stripe_units import smallest_units

_LONGEST_NAME: Final = 250
# A session lives 30 minutes at least, 24 hours at most; ours ends it before by `expire`.
_SESSION_LIFE: Final = timedelta(hours=2)
_MOST_REFUNDS: Final = "100"  # of one payment, on a page of Stripe's list
_MOST_PAGES: Final = 20


class _Refunds(BaseModel):
    data: list[dict[str, Any]]
    has_more: bool = False


class StripeProvider:
    """Stripe, by its HTTP API."""

    name = "stripe"

    def __init__(
        self, client: httpx.AsyncClient, url: str, key: SecretStr, webhook_secret: SecretStr
    ) -> None:
        """Take the client (its owner closes it), the address of the API, and both secrets."""
        self._client = client
        self._url = url.rstrip("/")
        self._key = key.get_secret_value()
        self._webhook_secret = webhook_secret.get_secret_value()

    async def create(self, charge: Charge) -> News:
        """Create a session once; Stripe keeps an idempotency key for 24 hours."""
        item = "line_items[0]"
        form = {
            "mode": "payment",
            "client_reference_id": str(charge.id),
            "success_url": charge.return_url,
            "cancel_url": charge.return_url,
            "expires_at": str(int((charge.expires_at + _SESSION_LIFE).timestamp())),
            "payment_intent_data[metadata][charge_id]": str(charge.id),
            f"{item}[quantity]": "1",
            f"{item}[price_data][currency]": charge.currency.lower(),
            f"{item}[price_data][unit_amount]": str(
                smallest_units(charge.amount_minor, charge.currency)
            ),
            f"{item}[price_data][product_data][name]": charge.description[:_LONGEST_NAME],
        }
        return (await self._session("", charge, "create", form)).news

    async def fetch(self, charge: Charge) -> News:
        """Retrieve the session."""
        url = f"{self._url}/v1/checkout/sessions/{charge.reference}"
        return (await ask(self._client, Session, "GET", url, headers=self._headers())).news

    async def cancel(self, charge: Charge) -> News:
        """Expire the session; one that is not open any more is asked for instead."""
        try:
            return (await self._session(f"/{charge.reference}/expire", charge, "expire")).news
        except RejectedError:
            return await self.fetch(charge)

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Refund a part of the payment intent under the session.

        One that was asked for before, and not answered, is looked for first: Stripe forgets a key
        after 24 hours, and would give the part again.
        """
        intent = charge.settlement or (await self.fetch(charge)).settlement
        if intent is None:
            raise ProviderError("a session without a payment intent")
        if refund.attempts > 1 and (known := await self._known_refund(intent, refund)) is not None:
            return known.news
        form = {
            "payment_intent": intent,
            "amount": str(smallest_units(refund.amount_minor, charge.currency)),
            "metadata[refund_id]": str(refund.id),
        }
        headers = self._headers(f"{refund.id}:refund")
        url = f"{self._url}/v1/refunds"
        return (await ask(self._client, Refund, "POST", url, headers=headers, data=form)).news

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:  # noqa: ARG002
        """Retrieve the refund."""
        url = f"{self._url}/v1/refunds/{refund.reference}"
        return (await ask(self._client, Refund, "GET", url, headers=self._headers())).news

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:
        """List the refunds of the payment intent, whoever made them."""
        intent = charge.settlement or (await self.fetch(charge)).settlement
        if intent is None:
            return []
        listed = await self._refunds_of(intent)
        return [one.told for one in read_each(TellingRefund, listed)]

    async def _known_refund(self, intent: str, refund: CardRefund) -> Refund | None:
        found = read_each(Refund, await self._refunds_of(intent))
        return next((one for one in found if one.refund_id == refund.id), None)

    async def _refunds_of(self, intent: str) -> list[dict[str, Any]]:
        url, wanted = f"{self._url}/v1/refunds", {"payment_intent": intent, "limit": _MOST_REFUNDS}
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            page = await ask(
                self._client, _Refunds, "GET", url, headers=self._headers(), params=wanted
            )
            found += page.data
            if not page.has_more or not page.data:
                break
            wanted = {**wanted, "starting_after": str(page.data[-1].get("id"))}
        return found

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """Return what a signed event tells; events about other objects are none of ours."""
        return read_event(headers, body, self._webhook_secret, now)

    async def _session(
        self, path: str, charge: Charge, operation: str, form: Mapping[str, str] | None = None
    ) -> Session:
        url = f"{self._url}/v1/checkout/sessions{path}"
        headers = self._headers(f"{charge.id}:{operation}")
        return await ask(self._client, Session, "POST", url, headers=headers, data=form)

    def _headers(self, idempotency_key: str | None = None) -> dict[str, str]:
        key = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return {"Authorization": f"Bearer {self._key}", **key}
