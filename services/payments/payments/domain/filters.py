"""Defines the filters of lists, and what a list of charges shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from payments.domain.payment import PaymentStatus


class Direction(StrEnum):
    """Seen from the caller: paid by them, paid to them, or both."""

    OUT = "out"
    IN = "in"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Filters of a list of payments; None does not narrow.

    Amounts are in whole units of any currency. ``created_from`` is included, ``created_to`` is not;
    both amounts are.
    """

    direction: Direction = Direction.ALL
    status: PaymentStatus | None = None
    currency: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    search: str | None = None
    is_disputed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScope:
    """Whose payments a list is read from; None does not narrow.

    Attributes:
        viewer_id: Who pays or is paid; None for administrators, who see everybody's.
        payer_id: Who pays.
        payee_id: Who is paid.
        wallet_id: The wallet that was named, or that money has moved from or to.
        owner_id: Whose that wallet is.
        payment_ids: The payments that were asked for, by their ids or by a transfer.
    """

    viewer_id: UUID | None
    payer_id: UUID | None = None
    payee_id: UUID | None = None
    wallet_id: UUID | None = None
    owner_id: UUID | None = None
    payment_ids: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCharge:
    """A charge of a card as a list shows it; in minor units of ``currency``."""

    id: UUID
    payment_id: UUID | None
    account_id: UUID | None
    owner_id: UUID
    provider: str
    reference: str | None
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    attempts: int
    last_error: str | None
    return_minor: int
    return_status: str | None
    created_at: datetime
    updated_at: datetime
