"""What goes back to a card: how that stands, and what the provider says of it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from payments.domain.provider_faults import ProviderFault


class CardRefundStatus(StrEnum):
    """``wanted → pending → done | refused``."""

    WANTED = "wanted"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefund:
    """A sum to go back to a card. Its id is also the key under which the provider gives it once.

    One that somebody asked for has the id of the refund; money that came too late goes back by
    itself, under the id of its charge.

    Attributes:
        reference: What the provider calls it, once it is known there.
        attempts: Calls so far, the one about to be made included.
    """

    id: UUID
    charge_id: UUID
    amount_minor: int
    status: CardRefundStatus = CardRefundStatus.WANTED
    reference: str | None = None
    attempts: int = 0

    @property
    def is_asked_for(self) -> bool:
        """Tell whether a refund of the payment waits for it."""
        return self.id != self.charge_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefundNews:
    """What a provider says of a refund; ``status`` never ``wanted``, ``fault`` why it failed."""

    status: CardRefundStatus
    reference: str | None = None
    fault: ProviderFault | None = None
