"""What a provider of card payments must be able to do, in payments' own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from kit.money import Money
from payments.domain.card_refunds import CardRefund, CardRefundNews, RefundNews
from payments.domain.charges import Charge, News, Notice
from payments.domain.provider_faults import ProviderFault


class ProviderError(Exception):
    """No usable answer: it is not known what became of the call. The text is for operators."""

    def __init__(self, fault: ProviderFault | str) -> None:
        """Take what the provider said, or what is wrong with what it said."""
        self.fault = ProviderFault(message=fault) if isinstance(fault, str) else fault
        super().__init__(self.fault.text)


class WebhookRefusedError(Exception):
    """A webhook that is not the provider's."""


class WebhookUnreadableError(Exception):
    """A webhook of the provider's that does not say what it should."""


class PaymentProvider(Protocol):
    """One provider. Calls raise ProviderError where there is no usable answer."""

    @property
    def name(self) -> str:
        """The name of it: in paths, rows, and of its clearing account."""
        ...

    def check_charge(self, money: Money) -> None:
        """Return where such an amount can be charged; raises a CardRefused where it can't."""
        ...

    def check_refund(self, money: Money) -> None:
        """Return where such a sum can go back; raises a CardRefused where it can't."""
        ...

    def check_contact(self, contact: Mapping[str, str] | None) -> None:
        """Return where a receipt can be sent that is needed; raises ReceiptContactMissing."""
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

    async def refunds(self, charge: Charge) -> Sequence[RefundNews]:
        """List what has gone back of a charge, whoever wanted it."""
        ...

    async def recent(self, since: datetime, until: datetime) -> Sequence[Notice]:
        """List what has been told of refunds and disputes within a time, as webhooks tell it.

        Each notice is believed, and is the same as that of the webhook about it, if there is one.
        """
        ...

    def check_webhook(self, headers: Mapping[str, str], now: datetime) -> None:
        """Return where a webhook may be the provider's, before its body is read.

        Raises WebhookRefusedError where it can't be.
        """
        ...

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice | None:
        """Return what a webhook tells, None where it is about nothing of ours.

        Raises WebhookRefusedError where it is not the provider's, WebhookUnreadableError where it
        is, and does not say what it should.
        """
        ...
