"""Calls the card provider of development, whose cards are pages of the sandbox.

Whoever plays the card's owner pays or declines by a button there.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel

from kit import signatures
from kit.money import Money, decimal_text
from payments.domain.cards.charges import Charge, ChargeStatus, News, ProviderNotice
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundNews, CardRefundStatus, RefundNews
from payments.domain.reasons import CARD_ABANDONED
from payments.providers.calls import M, RejectedError, ask, one_line, read_readable
from payments.providers.fields import ProviderId
from payments.providers.protocol import ProviderError, WebhookRefusedError
from payments.providers.sandbox_events import SIGNATURE, SandboxEvent, SandboxPayment, read_event

_MOST_PAGES: Final = 100
_REFUNDS: Final = {
    "pending": CardRefundStatus.PENDING,
    "succeeded": CardRefundStatus.DONE,
    "failed": CardRefundStatus.REFUSED,
}


class _Refund(BaseModel):
    id: ProviderId
    status: Literal["pending", "succeeded", "failed"]
    refund_id: UUID | None = None

    def news_of(self, refund: CardRefund) -> CardRefundNews:
        """Return the refund in our words.

        Raises:
            ProviderError: it is another refund's.
        """
        if self.refund_id not in (None, refund.id):
            raise ProviderError("an answer about another refund")
        return CardRefundNews(status=_REFUNDS[self.status], reference=self.id)


class _Events(BaseModel):
    items: list[dict[str, Any]]
    has_more: bool


class _Error(BaseModel):
    code: str | None = None
    detail: str | None = None
    request_id: str | None = None


class SandboxProvider:
    """The sandbox's card provider; see services/sandbox."""

    name = "sandbox"

    def __init__(self, client: httpx.AsyncClient, url: str, webhook_secret: str) -> None:
        """Take the client (its owner closes it), the address, and the webhook secret."""
        self._client = client
        self._provider = f"{url.rstrip('/')}/sandbox/provider"
        self._url = f"{self._provider}/payments"
        self._webhook_secret = webhook_secret

    def check_charge(self, money: Money) -> None:
        """Accept any amount: the sandbox charges whatever there is."""

    def check_refund(self, money: Money) -> None:
        """Accept any sum."""

    def check_contact(self, contact: Mapping[str, str] | None) -> None:
        """Accept any contact, or none: no receipts are sent."""

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
        """Ask how it stands; a charge that the sandbox forgot by a restart is cancelled."""
        return await self._known("GET", f"/{charge.reference}", charge)

    async def cancel(self, charge: Charge) -> News:
        """Cancel the charge, unless the card's owner was faster."""
        return await self._known("POST", f"/{charge.reference}/cancel", charge)

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Refund a sum; each event about the refund names our id of it."""
        url = f"{self._url}/{charge.reference}/refunds"
        body = {
            "amount": decimal_text(refund.amount_minor, charge.currency),
            "currency": charge.currency,
            "refund_id": str(refund.id),
        }
        key = f"{refund.id}:refund"
        return (await self._ask(_Refund, "POST", url, key, json=body)).news_of(refund)

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Ask how a refund stands."""
        url = f"{self._url}/{charge.reference}/refunds/{refund.reference}"
        return (await self._ask(_Refund, "GET", url)).news_of(refund)

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:  # noqa: ARG002
        """Return nothing: the sandbox's events tell all there is."""
        return []

    async def recent(self, since: datetime, until: datetime) -> Sequence[ProviderNotice]:
        """List the events about refunds and disputes that the sandbox has not forgotten."""
        listed: list[dict[str, Any]] = []
        begin = since
        for _ in range(_MOST_PAGES):
            page = await self._events(begin, until)
            listed += page.items
            if not page.has_more or not page.items:
                break
            begin = datetime.fromtimestamp(float(page.items[-1]["created"]), UTC)
        return read_readable(lambda one: SandboxEvent.model_validate(one).notice, listed)

    async def _events(self, begin: datetime, until: datetime) -> _Events:
        return await ask(
            self._client,
            _Events,
            "GET",
            f"{self._provider}/events",
            read_fault=_fault,
            headers={"Authorization": f"Bearer {self._webhook_secret}"},
            params={"from": begin.isoformat(), "to": until.isoformat()},
        )

    async def _known(self, method: str, path: str, charge: Charge) -> News:
        try:
            return await self._payment(method, path, charge)
        except RejectedError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            return News(status=ChargeStatus.CANCELLED, reason=CARD_ABANDONED)

    def check_webhook(self, headers: Mapping[str, str], now: datetime) -> None:
        """Check that it bears the signature of a body sent now."""
        try:
            signatures.check_header(headers.get(SIGNATURE), now)
        except signatures.SignatureRefusedError as error:
            raise WebhookRefusedError from error

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderNotice | None:
        """Return what a signed event tells."""
        return read_event(headers, body, self._webhook_secret, now)

    async def _payment(self, method: str, path: str, charge: Charge, **options: Any) -> News:
        url, key = f"{self._url}{path}", f"{charge.id}:create"
        return (await self._ask(SandboxPayment, method, url, key, **options)).news_of(charge)

    async def _ask(
        self, model: type[M], method: str, url: str, key: str | None = None, **options: Any
    ) -> M:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await ask(
            self._client, model, method, url, read_fault=_fault, headers=headers, **options
        )


def _fault(_: httpx.Headers, body: bytes) -> ProviderFault:
    why = _Error.model_validate_json(body)
    return ProviderFault(
        code=one_line(why.code), message=one_line(why.detail), request_id=one_line(why.request_id)
    )
