"""Defines a refund to a card: its states, and what the provider says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from payments.domain.cards.provider_faults import ProviderFault


class CardRefundStatus(StrEnum):
    """The states of a refund to a card: ``wanted → pending → done | refused``.

    ``done → refused`` where the card did not take it. ``dropped``: not asked for after all, as a
    dispute had taken the money.
    """

    WANTED = "wanted"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"


# News comes in any order; a status is never replaced by one that stands before it here.
_ORDER: Final[Mapping[CardRefundStatus, int]] = {
    status: place for place, status in enumerate(CardRefundStatus)
}
_LIVE: Final = frozenset({CardRefundStatus.WANTED, CardRefundStatus.PENDING, CardRefundStatus.DONE})


class CardRefundOrigin(StrEnum):
    """Says where a card refund comes from: a payment's refund, a return, a provider."""

    REFUND = "refund"
    RETURN = "return"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefund:
    """A refund to a card; its id is the key by which the provider makes it once.

    One that somebody asked for has the id of the payment's refund.

    Attributes:
        reference: The provider's id of it, once it is known there.
        attempts: Calls so far, the one about to be made included.
    """

    id: UUID
    charge_id: UUID
    amount_minor: int
    status: CardRefundStatus = CardRefundStatus.WANTED
    origin: CardRefundOrigin = CardRefundOrigin.REFUND
    reference: str | None = None
    attempts: int = 0

    @property
    def is_live(self) -> bool:
        """Tell whether the money is back at the card, or on its way there."""
        return self.status in _LIVE

    @property
    def is_done(self) -> bool:
        """Tell whether the provider has made the refund."""
        return self.status is CardRefundStatus.DONE

    def is_behind(self, status: CardRefundStatus) -> bool:
        """Tell whether the given status comes later than the stored one."""
        return _ORDER[status] > _ORDER[self.status]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund to a card, with when it began, and when its status last changed."""

    refund: CardRefund
    begun_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefundNews:
    """What a provider says of a refund of ours; ``fault`` is why it failed."""

    status: CardRefundStatus
    reference: str | None = None
    fault: ProviderFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNews:
    """What a provider tells of a refund of a charge, whoever made it.

    Attributes:
        reference: The provider's id of it.
        refund_id: Our own id, if we asked for it.
    """

    reference: str
    amount_minor: int
    currency: str
    status: CardRefundStatus
    refund_id: UUID | None = None
