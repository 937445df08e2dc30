"""Calls Stripe: Checkout Sessions with Payment Intents (docs.stripe.com/api).

A session's page takes the card, 3-D Secure included, and sends the payer back. Webhooks are
believed by their signature (docs.stripe.com/webhooks/signature).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from kit import signatures
from kit.money import Money
from payments.domain.cards.charges import Charge, News, ProviderNotice
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundNews, RefundNews
from payments.providers import stripe_units
from payments.providers.calls import M, RejectedError, ask, one_line, read_each, read_readable
from payments.providers.protocol import ProviderError, WebhookRefusedError
from payments.providers.stripe_events import (
    RECENT,
    SIGNATURE,
    AnyRefund,
    StripeEvent,
    StripeRefund,
    StripeSession,
    read_event,
)

_LONGEST_NAME: Final = 250
# Stripe allows 30 minutes to 24 hours; a charge that times out is expired by us before.
_SESSION_LIFE: Final = timedelta(hours=2)
_MOST_REFUNDS: Final = "100"  # of one payment, on a page of Stripe's list
_MOST_PAGES: Final = 20
_EVENTS_AT_ONCE: Final = "20"  # each holds a whole object of Stripe's, some kilobytes
_MOST_EVENT_PAGES: Final = 500


class _Why(BaseModel):
    type: str | None = None
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None
    message: str | None = None


class _Error(BaseModel):
    error: _Why = _Why()


class _Page(BaseModel):
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

    def check_charge(self, money: Money) -> None:
        """Check by Stripe's table of currencies that it can charge the amount."""
        stripe_units.check_charge(money)

    def check_refund(self, money: Money) -> None:
        """Check by Stripe's table of currencies that it can give the sum back."""
        stripe_units.check_refund(money)

    def check_contact(self, contact: Mapping[str, str] | None) -> None:
        """Accept any contact, or none: no receipts are sent."""

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
            f"{item}[price_data][unit_amount]": _units(charge.amount_minor, charge.currency),
            f"{item}[price_data][product_data][name]": charge.description[:_LONGEST_NAME],
        }
        return (await self._session("", charge, "create", form)).news_of(charge)

    async def fetch(self, charge: Charge) -> News:
        """Retrieve the session."""
        url = f"{self._url}/v1/checkout/sessions/{charge.reference}"
        return (await self._ask(StripeSession, "GET", url)).news_of(charge)

    async def cancel(self, charge: Charge) -> News:
        """Expire the session; retrieve it instead if it is not open any more."""
        try:
            expired = await self._session(f"/{charge.reference}/expire", charge, "expire")
            return expired.news_of(charge)
        except RejectedError:
            return await self.fetch(charge)

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Refund a part of the payment intent under the session.

        A refund that was asked for before, and not answered, is looked for first: Stripe forgets a
        key after 24 hours, and would give the part again.
        """
        intent = charge.settlement or (await self.fetch(charge)).settlement
        if intent is None:
            raise ProviderError("a session without a payment intent")
        if refund.attempts > 1 and (known := await self._known_refund(intent, refund)) is not None:
            return known.news_of(refund)
        form = {
            "payment_intent": intent,
            "amount": _units(refund.amount_minor, charge.currency),
            "metadata[refund_id]": str(refund.id),
        }
        url, key = f"{self._url}/v1/refunds", f"{refund.id}:refund"
        return (await self._ask(StripeRefund, "POST", url, key, data=form)).news_of(refund)

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:  # noqa: ARG002
        """Retrieve the refund."""
        url = f"{self._url}/v1/refunds/{refund.reference}"
        return (await self._ask(StripeRefund, "GET", url)).news_of(refund)

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:
        """List the refunds of the payment intent, whoever made them."""
        intent = charge.settlement or (await self.fetch(charge)).settlement
        if intent is None:
            return []
        listed = read_each(AnyRefund, await self._refunds_of(intent))
        try:
            return [one.news for one in listed]
        except ValueError:
            raise ProviderError("a refund with an amount that can't be read") from None

    async def recent(self, since: datetime, until: datetime) -> Sequence[ProviderNotice]:
        """List the events about refunds and disputes; Stripe keeps them for 30 days."""
        wanted: dict[str, Any] = {
            "created[gte]": str(int(since.timestamp())),
            "created[lte]": str(int(until.timestamp())),
            "types[]": RECENT,
            "limit": _EVENTS_AT_ONCE,
        }
        listed = await self._pages("/v1/events", wanted, _MOST_EVENT_PAGES)
        return read_readable(lambda one: StripeEvent.model_validate(one).notice, listed)

    async def _known_refund(self, intent: str, refund: CardRefund) -> StripeRefund | None:
        found = read_each(StripeRefund, await self._refunds_of(intent))
        return next((one for one in found if one.refund_id == refund.id), None)

    async def _refunds_of(self, intent: str) -> list[dict[str, Any]]:
        wanted = {"payment_intent": intent, "limit": _MOST_REFUNDS}
        return await self._pages("/v1/refunds", wanted, _MOST_PAGES)

    async def _pages(self, path: str, wanted: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
        """Read a list page by page, each after the last item of the one before."""
        found: list[dict[str, Any]] = []
        for _ in range(most):
            page = await self._ask(_Page, "GET", f"{self._url}{path}", params=wanted)
            found += page.data
            if not page.has_more or not page.data:
                break
            wanted = {**wanted, "starting_after": str(page.data[-1].get("id"))}
        return found

    def check_webhook(self, headers: Mapping[str, str], now: datetime) -> None:
        """Check that it bears the signature of a body sent now."""
        try:
            signatures.check_header(headers.get(SIGNATURE), now)
        except signatures.SignatureRefusedError as error:
            raise WebhookRefusedError from error

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderNotice | None:
        """Return what a signed event tells; None for events about other objects."""
        return read_event(headers, body, self._webhook_secret, now)

    async def _session(
        self, path: str, charge: Charge, operation: str, form: Mapping[str, str] | None = None
    ) -> StripeSession:
        url = f"{self._url}/v1/checkout/sessions{path}"
        return await self._ask(StripeSession, "POST", url, f"{charge.id}:{operation}", data=form)

    async def _ask(
        self, model: type[M], method: str, url: str, key: str | None = None, **options: Any
    ) -> M:
        named = {} if key is None else {"Idempotency-Key": key}
        headers = {"Authorization": f"Bearer {self._key}", **named}
        return await ask(
            self._client, model, method, url, read_fault=_fault, headers=headers, **options
        )


def _fault(headers: httpx.Headers, body: bytes) -> ProviderFault:
    try:
        why = _Error.model_validate_json(body).error
    except ValidationError:
        why = _Why()
    return ProviderFault(
        kind=one_line(why.type),
        code=one_line(why.code),
        decline_code=one_line(why.decline_code),
        parameter=one_line(why.param),
        message=one_line(why.message),
        request_id=one_line(headers.get("request-id")),
    )


def _units(minor: int, currency: str) -> str:
    try:
        return str(stripe_units.smallest_units(minor, currency))
    except ValueError:
        fault = ProviderFault(code="amount_not_expressible", parameter="amount")
        raise RejectedError(fault) from None
