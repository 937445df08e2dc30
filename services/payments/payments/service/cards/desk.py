"""Says what the provider of cards takes, also to those who were made before it."""

from collections.abc import Mapping

from kit.wake_up import WakeUp
from payments.providers import PaymentProvider
from payments.service.cards.charges import Card
from payments.service.refunds import CardRule


class CardDesk:
    """The one provider, once it is open; ``wake_up`` is set when it has to be asked."""

    def __init__(self, wake_up: WakeUp, most_open: int) -> None:
        """Take what wakes the loop that asks, and how many charges one may have open."""
        self.wake_up = wake_up
        self._most_open = most_open
        self._provider: PaymentProvider | None = None

    def open(self, provider: PaymentProvider) -> None:
        """Take the provider, before the first request or message comes."""
        self._provider = provider

    @property
    def provider(self) -> PaymentProvider:
        """The provider that the settings choose."""
        if self._provider is None:
            raise RuntimeError("the provider of cards is not open yet")
        return self._provider

    @property
    def refund_rule(self) -> CardRule:
        """What the provider can give back."""
        return CardRule(self.provider.name, self.provider.check_refund)

    def card(self, return_url: str, contact: Mapping[str, str] | None) -> Card:
        """Return how a payment is paid by card.

        Raises:
            CardRefused: the provider does not take a charge without a receipt contact.
        """
        self.provider.check_contact(contact)
        check = self.provider.check_charge
        return Card(self.provider.name, return_url, check, self._most_open, contact)
