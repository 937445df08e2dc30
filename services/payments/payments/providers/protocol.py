"""What a provider of card payments must be able to do, in payments' own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payments.domain.card_refunds import CardRefund, CardRefundNews
from payments.domain.charges import Charge, News


class ProviderError(Exception):
    """No usable answer: it is not known what became of the call. The text is for people."""


class WebhookRefusedError(Exception):
    """A webhook that is not the provider's."""


class WebhookUnreadableError(Exception):
    """A webhook of the provider's that does not say what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a webhook tells.

    Attributes:
        event_id: The provider's id of the event; each counts once.
        kind: What the provider calls it.
        reference: What the provider calls the charge, or its money.
        charge_id: Our own id of it, where the webhook repeats it.
        news: What has become of the charge; None where that is not believed unread.
        is_dispute: The card's owner takes the money back.
    """

    event_id: str
    kind: str
    reference: str | None
    charge_id: UUID | None = None
    news: News | None = None
    is_dispute: bool = False


class PaymentProvider(Protocol):
    """One provider. Calls raise ProviderError where there is no usable answer."""

    @property
    def name(self) -> str:
        """The name of it: in paths, rows, and of its clearing account."""
        ...

    async def create(self, charge: Charge) -> News:
        """Create a charge once, however often it is asked for."""
        ...

    async def fetch(self, charge: Charge) -> News:
        """Ask how a charge stands."""
        ...

    async def cancel(self, charge: Charge) -> News:
        """Call a charge off where that is possible; how it stands then."""
        ...

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Give a sum of a charge back, once, however often it is asked for; how that stands."""
        ...

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Ask how a refund stands that the provider has given a name."""
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """Return what a webhook tells, None where it is about nothing of ours.

        Raises WebhookRefusedError where it is not the provider's, WebhookUnreadableError where it
        is, and does not say what it should.
        """
        ...
