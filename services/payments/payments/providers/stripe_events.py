"""Reads what Stripe tells of sessions, refunds and disputes.

Signed events are believed. Several shops may share the account, and only the ids in an event
tell whose it is: a session with another shop's reference is not ours, and a refund or a dispute
names the Payment Intent alone. Source: docs.stripe.com/api/events/types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from kit import signatures
from kit.money import MAX_MINOR
from payments.domain.cards.charges import Charge, ChargeStatus, News, ProviderNotice
from payments.domain.cards.disputes import DisputeNews
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundNews, CardRefundStatus, RefundNews
from payments.domain.reasons import CARD_DECLINED, CARD_TIMED_OUT
from payments.providers.calls import one_line
from payments.providers.dispute_words import dispute_news
from payments.providers.fields import PageUrl, ProviderId
from payments.providers.protocol import ProviderError, WebhookRefusedError, WebhookUnreadableError
from payments.providers.stripe_units import minor_units

SIGNATURE: Final = "stripe-signature"
_PAYMENT_FAILED: Final = "checkout.session.async_payment_failed"
_REFUNDED: Final = "charge.refunded"
_REFUND_EVENTS: Final = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)
_DISPUTE_EVENTS: Final = "charge.dispute."
# The kinds read again from Stripe's log: nothing else would bring a lost one. The state of a
# session is asked for anyway.
RECENT: Final = (
    _REFUNDED,
    *sorted(_REFUND_EVENTS),
    *(
        f"{_DISPUTE_EVENTS}{what}"
        for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
    ),
)
_REFUND_STATUSES: Final = {
    "succeeded": CardRefundStatus.DONE,
    "failed": CardRefundStatus.REFUSED,
    "canceled": CardRefundStatus.REFUSED,
}


class StripeSession(BaseModel):
    """A Checkout Session."""

    id: ProviderId
    status: Literal["open", "complete", "expired"] | None = None
    payment_status: str = "unpaid"
    payment_intent: ProviderId | None = None
    client_reference_id: str | None = None
    url: PageUrl | None = None

    def news_of(self, charge: Charge) -> News:
        """Return the session in our words.

        Raises:
            ProviderError: it is another charge's.
        """
        if self.client_reference_id not in (None, str(charge.id)):
            raise ProviderError("an answer about another charge")
        return self.news

    @property
    def news(self) -> News:
        """The session in our words."""
        return News(
            status=self._status(),
            reference=self.id,
            settlement=self.payment_intent,
            action_url=self.url,
            reason=CARD_TIMED_OUT if self.status == "expired" else None,
        )

    def _status(self) -> ChargeStatus:
        if self.payment_status == "paid":
            return ChargeStatus.SUCCEEDED
        return ChargeStatus.CANCELLED if self.status == "expired" else ChargeStatus.PENDING


class StripeRefund(BaseModel):
    """A refund of a Payment Intent, with the fields needed for a refund of ours."""

    id: ProviderId
    status: str | None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def refund_id(self) -> UUID | None:
        """Our own id of it, if we asked for it."""
        return _uuid((self.metadata or {}).get("refund_id"))

    def news_of(self, refund: CardRefund) -> CardRefundNews:
        """Return how a refund of ours stands.

        Raises:
            ProviderError: it is another refund's.
        """
        if self.refund_id not in (None, refund.id):
            raise ProviderError("an answer about another refund")
        why = one_line(self.failure_reason)
        fault = None if why is None else ProviderFault(kind="refund", code=why)
        return CardRefundNews(status=self._status, reference=self.id, fault=fault)

    @property
    def _status(self) -> CardRefundStatus:
        return _REFUND_STATUSES.get(self.status or "", CardRefundStatus.PENDING)


class AnyRefund(StripeRefund):
    """A refund that anybody may have made, with its sum and what it refunds."""

    amount: int = Field(gt=0, le=MAX_MINOR)
    currency: str
    payment_intent: ProviderId | None = None

    @property
    def news(self) -> RefundNews:
        """The refund in our words."""
        currency = self.currency.upper()
        return RefundNews(
            reference=self.id,
            amount_minor=minor_units(self.amount, currency),
            currency=currency,
            status=self._status,
            refund_id=self.refund_id,
        )


_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


class _Charge(BaseModel):
    payment_intent: ProviderId | None = None
    metadata: dict[str, str] | None = None


class _Dispute(BaseModel):
    id: ProviderId
    amount: int = Field(gt=0, le=MAX_MINOR)
    currency: str
    status: str
    reason: str | None = None
    payment_intent: ProviderId | None = None

    def news_by(self, kind: str, at: int | None) -> DisputeNews:
        """Return the dispute in our words, as an event of this kind tells it."""
        currency = self.currency.upper()
        return dispute_news(
            kind,
            reference=self.id,
            minor=minor_units(self.amount, currency),
            currency=currency,
            status=self.status,
            reason=self.reason,
            at=at,
        )


class _Data(BaseModel):
    object: dict[str, Any]


class StripeEvent(BaseModel):
    """An event about an object of Stripe's."""

    id: ProviderId
    type: ProviderId
    data: _Data
    created: Annotated[int, Field(ge=0, le=_LAST_SECOND)] | None = None

    @property
    def notice(self) -> ProviderNotice | None:
        """The event in our words; None where it is about nothing of ours.

        Raises ValueError where it can't be read.
        """
        return _notice_of(self, self.data.object)


def read_event(
    headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> ProviderNotice | None:
    """Return what a signed event tells; None where it is about nothing of ours.

    Raises:
        WebhookRefusedError: the signature is not good.
        WebhookUnreadableError: it is good, but the body can't be read.
    """
    try:
        signatures.verify(headers.get(SIGNATURE), secret, body, now)
        return StripeEvent.model_validate_json(body).notice
    except signatures.SignatureRefusedError as error:
        raise WebhookRefusedError from error
    except ValueError as error:
        raise WebhookUnreadableError from error


def _notice_of(event: StripeEvent, thing: dict[str, Any]) -> ProviderNotice | None:
    event_id, kind = event.id, event.type
    if kind.startswith("checkout.session."):
        return _of_session(event_id, kind, StripeSession.model_validate(thing))
    if kind.startswith(_DISPUTE_EVENTS):
        dispute = _Dispute.model_validate(thing)
        news = dispute.news_by(kind, event.created)
        return ProviderNotice(
            event_id=event_id, kind=kind, reference=dispute.payment_intent, dispute=news
        )
    if kind in _REFUND_EVENTS:
        refund = AnyRefund.model_validate(thing)
        return ProviderNotice(
            event_id=event_id, kind=kind, reference=refund.payment_intent, refund=refund.news
        )
    if kind == _REFUNDED:
        # It tells the sum of all refunds only, so the refunds themselves are read.
        charge = _Charge.model_validate(thing)
        charge_id = _uuid((charge.metadata or {}).get("charge_id"))
        return ProviderNotice(
            event_id=event_id,
            kind=kind,
            reference=charge.payment_intent,
            charge_id=charge_id,
            has_refunds=True,
        )
    return None


def _of_session(event_id: str, kind: str, session: StripeSession) -> ProviderNotice | None:
    charge_id = _uuid(session.client_reference_id)
    if charge_id is None and session.client_reference_id is not None:
        return None  # another shop's
    news = session.news
    if kind == _PAYMENT_FAILED:
        news = News(status=ChargeStatus.FAILED, reference=session.id, reason=CARD_DECLINED)
    return ProviderNotice(
        event_id=event_id, kind=kind, reference=session.id, charge_id=charge_id, news=news
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
