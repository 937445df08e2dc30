"""Calls YooKassa: payments with a confirmation page (yookassa.ru/developers/api).

Its notifications carry no signature, so they are only believed about which payment to read again
(yookassa.ru/developers/using-api/webhooks).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, SecretStr

from contracts.cards import CardAmountTooSmall, CardCurrencyNotAccepted
from kit.money import CURRENCIES, AmountRefused, Money, decimal_text
from payments.domain.cards.charges import Charge, ChargeStatus, News, ProviderNotice
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundNews, CardRefundStatus, RefundNews
from payments.domain.reasons import CARD_DECLINED, CARD_TIMED_OUT
from payments.providers.calls import M, ask, one_line, read_each, read_readable
from payments.providers.fields import PageUrl, ProviderId
from payments.providers.protocol import ProviderError
from payments.providers.yookassa_events import read_notification
from payments.providers.yookassa_receipts import Receipts

_LONGEST_DESCRIPTION: Final = 128
_MOST_REFUNDS: Final = 100  # of one payment, on a page of YooKassa's list
_MOST_PAGES: Final = 20
_MOST_RECENT_PAGES: Final = 200
_TIME: Final = "%Y-%m-%dT%H:%M:%S.000Z"
_STATUSES: Final = {
    "pending": ChargeStatus.PENDING,
    "waiting_for_capture": ChargeStatus.PENDING,
    "succeeded": ChargeStatus.SUCCEEDED,
    "canceled": ChargeStatus.CANCELLED,
}
_REFUNDS: Final = {
    "pending": CardRefundStatus.PENDING,
    "succeeded": CardRefundStatus.DONE,
    "canceled": CardRefundStatus.REFUSED,
}
# Reasons of a cancellation that mean time ran out, not that the bank declined.
_TIMED_OUT: Final = frozenset({"expired_on_confirmation", "expired_on_capture"})


class _Confirmation(BaseModel):
    confirmation_url: PageUrl | None = None


class _Cancellation(BaseModel):
    party: str | None = None
    reason: str | None = None

    @property
    def fault(self) -> ProviderFault:
        """The cancellation in our words."""
        return ProviderFault(
            kind="cancellation", code=one_line(self.reason), parameter=one_line(self.party)
        )


class _Metadata(BaseModel):
    charge_id: str | None = None


class _Payment(BaseModel):
    id: ProviderId
    status: Literal["pending", "waiting_for_capture", "succeeded", "canceled"]
    confirmation: _Confirmation | None = None
    cancellation_details: _Cancellation | None = None
    metadata: _Metadata | None = None

    def news_of(self, charge: Charge) -> News:
        """Return the payment in our words: failed where the bank said no, else cancelled.

        Raises:
            ProviderError: it is another charge's.
        """
        named = self.metadata.charge_id if self.metadata else None
        if named not in (None, str(charge.id)):
            raise ProviderError("an answer about another charge")
        why = self.cancellation_details.reason if self.cancellation_details else None
        is_cancelled = self.status == "canceled"
        declined = is_cancelled and why not in {*_TIMED_OUT, "canceled_by_merchant"}
        reason = CARD_DECLINED if declined else CARD_TIMED_OUT
        return News(
            status=ChargeStatus.FAILED if declined else _STATUSES[self.status],
            reference=self.id,
            action_url=self.confirmation.confirmation_url if self.confirmation else None,
            reason=reason if is_cancelled else None,
            fault=self.cancellation_details.fault if self.cancellation_details else None,
        )


class _Refund(BaseModel):
    id: ProviderId
    status: Literal["pending", "succeeded", "canceled"]
    description: str | None = None
    cancellation_details: _Cancellation | None = None

    @property
    def refund_id(self) -> UUID | None:
        """Our own id of it, if we asked for it."""
        try:
            return UUID(self.description or "")
        except ValueError:
            return None

    def news_of(self, refund: CardRefund) -> CardRefundNews:
        """Return the refund in our words.

        Raises:
            ProviderError: it is another refund's.
        """
        if self.description not in (None, str(refund.id)):
            raise ProviderError("an answer about another refund")
        fault = self.cancellation_details.fault if self.cancellation_details else None
        return CardRefundNews(status=_REFUNDS[self.status], reference=self.id, fault=fault)


class _Error(BaseModel):
    id: str | None = None
    type: str | None = None
    code: str | None = None
    description: str | None = None
    parameter: str | None = None


class _Amount(BaseModel):
    value: str
    currency: str


class _AnyRefund(_Refund):
    amount: _Amount
    payment_id: ProviderId | None = None

    @property
    def news(self) -> RefundNews:
        """A refund that anybody may have made, in our words."""
        return RefundNews(
            reference=self.id,
            amount_minor=Money.parse(self.amount.value, self.amount.currency).minor,
            currency=self.amount.currency,
            status=_REFUNDS[self.status],
            refund_id=self.refund_id,
        )


class _Refunds(BaseModel):
    items: list[dict[str, Any]] = []
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop at YooKassa, its secret key, and the currencies that it is paid in."""

    id: str
    key: SecretStr
    currencies: frozenset[str] = frozenset({"RUB"})
    receipts: Receipts | None = None


class YooKassaProvider:
    """YooKassa, by its HTTP API."""

    name = "yookassa"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        shop: Shop,
    ) -> None:
        """Take the client (its owner closes it), the address of the API, and the shop."""
        self._client = client
        self._url = url.rstrip("/")
        self._shop = shop
        self._auth = httpx.BasicAuth(shop.id, shop.key.get_secret_value())

    def check_charge(self, money: Money) -> None:
        """Check that the shop takes the currency and the amount is at least one unit."""
        if money.currency not in self._shop.currencies:
            raise CardCurrencyNotAccepted(currency=money.currency)
        least = Money(10 ** CURRENCIES[money.currency], money.currency)
        if money < least:
            raise CardAmountTooSmall(currency=money.currency, least=least.decimal)

    def check_refund(self, money: Money) -> None:
        """Accept any sum: YooKassa takes amounts with their own decimals."""

    def check_contact(self, contact: Mapping[str, str] | None) -> None:
        """Check that the receipt, where one is needed, can be sent somewhere."""
        if self._shop.receipts is not None:
            self._shop.receipts.customer(contact)

    async def create(self, charge: Charge) -> News:
        """Create a payment once; it is captured as soon as the payer confirms it."""
        body = {
            "amount": _amount(charge.amount_minor, charge.currency),
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": charge.return_url},
            "description": charge.description[:_LONGEST_DESCRIPTION],
            "metadata": {"charge_id": str(charge.id)},
            **self._receipt(charge, charge.amount_minor),
        }
        made = await self._ask(_Payment, "POST", "/payments", str(charge.id), json=body)
        return made.news_of(charge)

    async def fetch(self, charge: Charge) -> News:
        """Read the payment."""
        found = await self._ask(_Payment, "GET", f"/payments/{charge.reference}")
        return found.news_of(charge)

    async def cancel(self, charge: Charge) -> News:
        """Read the payment: an unconfirmed one can't be cancelled, it runs out."""
        return await self.fetch(charge)

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Refund a part of the payment; the refund's description holds our id of it.

        A refund that was asked for before, and not answered, is looked for first: YooKassa forgets
        a key after 24 hours, and would give the part again.
        """
        if refund.attempts > 1 and (known := await self._known_refund(charge, refund)) is not None:
            return known.news_of(refund)
        body = {
            "payment_id": charge.reference,
            "amount": _amount(refund.amount_minor, charge.currency),
            "description": str(refund.id),
            **self._receipt(charge, refund.amount_minor),
        }
        key = f"{refund.id}-refund"
        return (await self._ask(_Refund, "POST", "/refunds", key, json=body)).news_of(refund)

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:  # noqa: ARG002
        """Read the refund."""
        found = await self._ask(_Refund, "GET", f"/refunds/{refund.reference}")
        return found.news_of(refund)

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:
        """List the refunds of the payment, whoever made them."""
        try:
            listed = read_each(_AnyRefund, await self._refunds_of(charge))
            return [one.news for one in listed]
        except AmountRefused:
            raise ProviderError("a refund with an amount that can't be read") from None

    async def _known_refund(self, charge: Charge, refund: CardRefund) -> _Refund | None:
        found = read_each(_Refund, await self._refunds_of(charge))
        return next((one for one in found if one.refund_id == refund.id), None)

    async def recent(self, since: datetime, until: datetime) -> Sequence[ProviderNotice]:
        """List the refunds begun within a time; YooKassa tells nothing of disputes.

        One that is under way is read again by itself until it has ended.
        """
        wanted = {
            "created_at.gte": since.astimezone(UTC).strftime(_TIME),
            "created_at.lte": until.astimezone(UTC).strftime(_TIME),
            "limit": _MOST_REFUNDS,
        }
        return read_readable(_notice, await self._pages(wanted, _MOST_RECENT_PAGES))

    async def _refunds_of(self, charge: Charge) -> list[dict[str, Any]]:
        return await self._pages(
            {"payment_id": charge.reference, "limit": _MOST_REFUNDS}, _MOST_PAGES
        )

    async def _pages(self, wanted: dict[str, Any], most: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(most):
            page = await self._ask(_Refunds, "GET", "/refunds", params=wanted)
            found += page.items
            if page.next_cursor is None:
                break
            wanted = {**wanted, "cursor": page.next_cursor}
        return found

    def check_webhook(self, headers: Mapping[str, str], now: datetime) -> None:
        """Accept every webhook: no header proves that YooKassa sent it."""

    def read_webhook(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - there is no signature among them
        body: bytes,
        now: datetime,  # noqa: ARG002 - and no time
    ) -> ProviderNotice | None:
        """Return which payment to read again."""
        return read_notification(body)

    def _receipt(self, charge: Charge, minor: int) -> dict[str, Any]:
        receipts = self._shop.receipts
        return {} if receipts is None else {"receipt": receipts.of(charge, minor)}

    async def _ask(
        self, model: type[M], method: str, path: str, key: str | None = None, **options: Any
    ) -> M:
        headers = {} if key is None else {"Idempotence-Key": key}
        url = f"{self._url}{path}"
        options |= {"auth": self._auth, "headers": headers}
        return await ask(self._client, model, method, url, read_fault=_fault, **options)


def _notice(listed: Mapping[str, Any]) -> ProviderNotice:
    refund = _AnyRefund.model_validate(listed)
    kind = f"refund.{refund.status}"
    return ProviderNotice(
        event_id=f"{kind}:{refund.id}",
        kind=kind,
        reference=refund.payment_id,
        refund=refund.news,
    )


def _fault(_: httpx.Headers, body: bytes) -> ProviderFault:
    why = _Error.model_validate_json(body)
    return ProviderFault(
        kind=one_line(why.type),
        code=one_line(why.code),
        parameter=one_line(why.parameter),
        message=one_line(why.description),
        request_id=one_line(why.id),
    )


def _amount(minor: int, currency: str) -> dict[str, str]:
    return {"value": decimal_text(minor, currency), "currency": currency}
