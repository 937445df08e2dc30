"""Defines a movement: what wallet is asked to move for a claim of the provider."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kit.ids import derived_id
from payments.domain.cards.recoveries import Source

CHARGEBACK: Final = "chargeback"
CHARGEBACK_REVERSAL: Final = "chargeback_reversal"
REFUND: Final = "refund"
REFUND_REVERSAL: Final = "refund_reversal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A sum between the provider's clearing account and the payee, or the house.

    Attributes:
        claim_id: The dispute, or the refund of a card, that it is for.
        amount_minor: Above zero to the clearing account, below zero back from there.
        attempts: How often the wallet has refused it; it is asked for again under another id.
    """

    id: UUID
    charge_id: UUID
    claim_id: UUID
    kind: str
    source: Source
    amount_minor: int
    attempts: int = 0

    @property
    def transfer_id(self) -> UUID:
        """The transfer id under which the wallet is asked."""
        return derived_id(self.id, "transfer", self.attempts) if self.attempts else self.id
