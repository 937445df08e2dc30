"""Reads what the sandbox's card provider tells of payments, disputes and refunds.

See services/sandbox.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from kit import signatures
from kit.money import AmountRefused, Money
from payments.domain.cards.charges import Charge, ChargeStatus, News, ProviderNotice
from payments.domain.cards.disputes import DisputeNews
from payments.domain.cards.refunds import CardRefundStatus, RefundNews
from payments.providers.dispute_words import dispute_news
from payments.providers.fields import PageUrl, ProviderId
from payments.providers.protocol import ProviderError, WebhookRefusedError, WebhookUnreadableError

SIGNATURE: Final = "sandbox-signature"
_DISPUTED: Final = "payment.disputed"  # disputes the whole payment and withdraws it at once

_STATUSES: Final = {
    "pending": ChargeStatus.PENDING,
    "processing": ChargeStatus.PENDING,
    "succeeded": ChargeStatus.SUCCEEDED,
    "failed": ChargeStatus.FAILED,
    "cancelled": ChargeStatus.CANCELLED,
}
_REFUND_STATUSES: Final = {
    "pending": CardRefundStatus.PENDING,
    "succeeded": CardRefundStatus.DONE,
    "failed": CardRefundStatus.REFUSED,
}


class SandboxPayment(BaseModel):
    """A payment by card."""

    id: ProviderId
    status: Literal["pending", "processing", "succeeded", "failed", "cancelled"]
    url: PageUrl | None = None
    reason: ProviderId | None = None
    charge_id: UUID | None = None

    def news_of(self, charge: Charge) -> News:
        """Return the payment in our words.

        Raises:
            ProviderError: it is another charge's.
        """
        if self.charge_id not in (None, charge.id):
            raise ProviderError("an answer about another charge")
        return self.news

    @property
    def news(self) -> News:
        """The payment in our words."""
        return News(
            status=_STATUSES[self.status],
            reference=self.id,
            action_url=self.url,
            reason=self.reason,
        )


class _Sum(BaseModel):
    id: ProviderId
    amount: str
    currency: str

    @property
    def minor(self) -> int:
        return Money.parse(self.amount, self.currency).minor


class _Dispute(_Sum):
    status: str
    reason: str | None = None

    def news_by(self, kind: str, at: float | None) -> DisputeNews:
        return dispute_news(
            kind,
            reference=self.id,
            minor=self.minor,
            currency=self.currency,
            status=self.status,
            reason=self.reason,
            at=at,
        )


class _Refund(_Sum):
    status: Literal["pending", "succeeded", "failed"]
    refund_id: UUID | None = None

    @property
    def news(self) -> RefundNews:
        return RefundNews(
            reference=self.id,
            amount_minor=self.minor,
            currency=self.currency,
            status=_REFUND_STATUSES[self.status],
            refund_id=self.refund_id,
        )


_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


class SandboxEvent(BaseModel):
    """An event about a payment."""

    id: ProviderId
    type: ProviderId
    created: Annotated[float, Field(ge=0, le=_LAST_SECOND)] | None = None
    payment: SandboxPayment
    dispute: _Dispute | None = None
    refund: _Refund | None = None

    @property
    def notice(self) -> ProviderNotice:
        """The event in our words; raises AmountRefused."""
        return ProviderNotice(
            event_id=self.id,
            kind=self.type,
            reference=self.payment.id,
            charge_id=self.payment.charge_id,
            news=self.payment.news,
            dispute=_dispute(self),
            refund=None if self.refund is None else self.refund.news,
        )


def read_event(
    headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> ProviderNotice:
    """Return what a signed event tells.

    Raises:
        WebhookRefusedError: the signature is not good.
        WebhookUnreadableError: it is good, but the body can't be read.
    """
    try:
        signatures.verify(headers.get(SIGNATURE), secret, body, now)
        return SandboxEvent.model_validate_json(body).notice
    except signatures.SignatureRefusedError as error:
        raise WebhookRefusedError from error
    except (ValidationError, AmountRefused) as error:
        raise WebhookUnreadableError from error


def _dispute(event: SandboxEvent) -> DisputeNews | None:
    if event.dispute is not None:
        return event.dispute.news_by(event.type, event.created)
    if event.type != _DISPUTED:
        return None
    reference = f"disputed:{event.payment.id}"
    return DisputeNews(reference=reference, amount_minor=None, currency=None, is_withdrawn=True)
