"""Defines a transaction: money that came in, went out, or was moved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from finance.domain.dates.periods import BookPeriod

MOST_TAGS: Final = 20
MOST_SPLITS: Final = 50


class TransactionType(StrEnum):
    """Which way the money went."""

    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"


class TransactionOrigin(StrEnum):
    """Who booked a transaction."""

    MANUAL = "manual"
    WALLET = "wallet"
    RECURRING = "recurring"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a transaction, for a category of its own; signed as the whole is."""

    category_id: UUID
    amount_minor: int
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What came in (positive), went out (negative), or was moved.

    Attributes:
        category_id: None for a transfer, for what is split, and for what nobody has placed yet.
        day: In the zone of the book.
        at: The moment, where one is known; then `day` is its day.
        splits: Parts that add up to the amount, each with its category; empty: it is whole.
        transfer_id: What the two sides of a transfer have in common.
        movement_seq: Of a wallet's movement: its number on the account.
        movement_kind: Likewise: what moved the money, as `payment`, `top_up`.
        reference: Likewise: the payment, or what else it belongs to.
        counterparty_id: Likewise: who is on the other side, where that is somebody.
        purpose: Likewise: what was paid for, as `service:<uuid>`.
        is_category_own: Whether its owner has chosen the category; then rules leave it.
        import_key: Of an imported one: what makes it the same line when it is imported again.
        recurring_id: What has booked it; `due_date` is the day for which.
        version: 1, then one more with each edit.
    """

    id: UUID
    user_id: UUID
    account_id: UUID
    type: TransactionType
    amount_minor: int
    currency: str
    category_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    day: date
    at: datetime | None = None
    tags: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()
    transfer_id: UUID | None = None
    origin: TransactionOrigin = TransactionOrigin.MANUAL
    movement_seq: int | None = None
    movement_kind: str | None = None
    reference: str | None = None
    counterparty_id: UUID | None = None
    purpose: str | None = None
    is_category_own: bool = False
    import_key: str | None = None
    recurring_id: UUID | None = None
    due_date: date | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def is_split(self) -> bool:
        """Whether its categories are those of its parts."""
        return bool(self.splits)

    @property
    def is_linked(self) -> bool:
        """Whether it is a wallet's movement, of which only the labels may change."""
        return self.movement_seq is not None

    def edited(self, fields: Mapping[str, Any], now: datetime) -> Self:
        """Return it with other fields; an edit that changes nothing leaves the version."""
        changed = replace(self, **fields)
        if changed == self:
            return self
        return replace(changed, version=self.version + 1, updated_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactions of a book a list shows; all that is given must fit.

    Attributes:
        text: Stands in the description or the note, whatever the case.
        amount_min: In minor units of `currency`, without the sign; so is `amount_max`.
        is_uncategorised: Neither a category, nor split, nor a transfer.
    """

    user_id: UUID
    period: BookPeriod
    ids: tuple[UUID, ...] | None = None
    account_id: UUID | None = None
    category_id: UUID | None = None
    type: TransactionType | None = None
    text: str | None = None
    tag: str | None = None
    currency: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    is_uncategorised: bool = False
