"""Defines what a provider of card payments must be able to do, in payments' words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from kit.money import Money
from payments.domain.cards.charges import Charge, News, ProviderNotice
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundNews, RefundNews


class ProviderError(Exception):
    """No usable answer, so the call's outcome is unknown; the text is for operators."""

    def __init__(self, fault: ProviderFault | str) -> None:
        """Take what the provider said, or what is wrong with its answer."""
        self.fault = ProviderFault(message=fault) if isinstance(fault, str) else fault
        super().__init__(self.fault.text)


class WebhookRefusedError(Exception):
    """A webhook that does not come from the provider."""


class WebhookUnreadableError(Exception):
    """A webhook of the provider's that can't be read."""


class PaymentProvider(Protocol):
    """One provider; its calls raise ProviderError where there is no usable answer."""

    @property
    def name(self) -> str:
        """The provider's name: in paths, in rows, and of its clearing account."""
        ...

    def check_charge(self, money: Money) -> None:
        """Check that this amount can be charged.

        Raises:
            CardRefused: it can't.
        """
        ...

    def check_refund(self, money: Money) -> None:
        """Check that this sum can be given back.

        Raises:
            CardRefused: it can't.
        """
        ...

    def check_contact(self, contact: Mapping[str, str] | None) -> None:
        """Check that a receipt that is needed can be sent.

        Raises:
            ReceiptContactMissing: it can't.
        """
        ...

    async def create(self, charge: Charge) -> News:
        """Create a charge once, however often it is asked for."""
        ...

    async def fetch(self, charge: Charge) -> News:
        """Ask how a charge stands."""
        ...

    async def cancel(self, charge: Charge) -> News:
        """Cancel a charge where that is possible; return how it stands then."""
        ...

    async def refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Refund a sum of a charge once, however often asked; return how it stands."""
        ...

    async def fetch_refund(self, charge: Charge, refund: CardRefund) -> CardRefundNews:
        """Ask how a refund stands whose id at the provider is known."""
        ...

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:
        """List the refunds of a charge, whoever asked for them."""
        ...

    async def recent(self, since: datetime, until: datetime) -> Sequence[ProviderNotice]:
        """List what happened to refunds and disputes within a time, as webhooks tell it.

        Each notice is believed, and equals that of the webhook about it, if there is one.
        """
        ...

    def check_webhook(self, headers: Mapping[str, str], now: datetime) -> None:
        """Check, before the body is read, that a webhook may be the provider's.

        Raises:
            WebhookRefusedError: it can't be.
        """
        ...

    def read_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderNotice | None:
        """Return what a webhook tells; None where it is about nothing of ours.

        Raises:
            WebhookRefusedError: it is not the provider's.
            WebhookUnreadableError: it is the provider's, but can't be read.
        """
        ...
