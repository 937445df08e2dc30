"""Decides what a transaction comes to, as its owner writes it or writes it anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from finance.domain.accounts import FinanceAccount
from finance.domain.amounts import minor_of, written
from finance.domain.categories import FinanceCategory, fitting
from finance.domain.dates.days import Dating
from finance.domain.transactions.transactions import Split, Transaction, TransactionType
from finance.refusals import SplitsDiffer, TransactionLinked, TransferFixed, TypeNotSaid
from kit.money import MAX_MINOR

# What may be changed of a wallet's movement, and of either side of a transfer.
LABELS = frozenset({"category_id", "splits", "note", "tags"})
OF_A_TRANSFER = frozenset({"when", "description", "note", "tags"})


@dataclass(frozen=True, slots=True)
class SplitDraft:
    """A part of a transaction as its owner writes it; the amount has no sign."""

    category_id: UUID
    amount: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """A transaction as its owner writes it.

    Attributes:
        type: None: that of the category.
        amount: A decimal string without a sign, in the currency of the account.
        when: A day, a moment, or None: today.
        settled_minor: Of a wallet's movement: the amount, which may be more than anybody may write.
    """

    account_id: UUID
    type: TransactionType | None
    amount: str
    settled_minor: int | None = None
    category_id: UUID | None = None
    description: str | None = None
    note: str | None = None
    when: date | datetime | None = None
    tags: tuple[str, ...] = ()
    splits: tuple[SplitDraft, ...] = ()

    @classmethod
    def of(cls, found: Transaction) -> Self:
        """Return a transaction as its owner would have written it."""
        return cls(
            account_id=found.account_id,
            type=found.type,
            amount=_unsigned(found.amount_minor, found.currency),
            settled_minor=abs(found.amount_minor) if found.is_linked else None,
            category_id=found.category_id,
            description=found.description,
            note=found.note,
            when=found.at or found.day,
            tags=found.tags,
            splits=tuple(
                SplitDraft(
                    one.category_id,
                    _unsigned(one.amount_minor, found.currency),
                    one.description,
                )
                for one in found.splits
            ),
        )

    @property
    def is_placed(self) -> bool:
        """Whether its owner says what it is for."""
        return self.category_id is not None or bool(self.splits)

    def category_ids(self) -> Iterator[UUID]:
        """Yield the categories that it names."""
        if self.category_id is not None:
            yield self.category_id
        yield from (one.category_id for one in self.splits)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return it with these fields; a category takes the place of splits, or they its."""
        fields = dict(changes)
        if fields.get("category_id") is not None:
            fields["splits"] = ()
        if fields.get("splits"):
            fields["category_id"] = None
        return replace(self, **fields)


def decide_draft(
    draft: TransactionDraft,
    account: FinanceAccount,
    categories: Mapping[UUID, FinanceCategory],
    *,
    zone: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the fields of the transaction that a draft comes to.

    Args:
        draft: What its owner has written.
        account: The account that it names.
        categories: Those that it names, as far as they are the owner's.
        zone: The time zone of the book.
        now: The present.

    Raises the first refusal that applies: ValidationFailed, CategoryNotYours, CategoryTypeDiffers,
    TypeNotSaid, SplitsDiffer, DateOutOfRange.
    """
    minor = draft.settled_minor or minor_of(draft.amount, account.currency)
    kind = _type(draft, categories)
    sign = 1 if kind is TransactionType.INCOME else -1
    dating = Dating.of(draft.when, zone, now)
    return {
        "account_id": account.id,
        "type": kind,
        "amount_minor": sign * minor,
        "currency": account.currency,
        "category_id": draft.category_id,
        "description": draft.description,
        "note": draft.note,
        "day": dating.day,
        "at": dating.at,
        "tags": draft.tags,
        "splits": _splits(draft, account.currency, sign, minor),
    }


def _type(draft: TransactionDraft, categories: Mapping[UUID, FinanceCategory]) -> TransactionType:
    """Return the type that is said, or that of its categories, which must be one."""
    kind: str | None = draft.type
    if draft.category_id is not None:
        kind = fitting(categories.get(draft.category_id), kind).type
    for place, one in enumerate(draft.splits):
        at = f"splits/{place}/category_id"
        kind = fitting(categories.get(one.category_id), kind, at=at).type
    if kind is None:
        raise TypeNotSaid
    return TransactionType(kind)


def _splits(
    draft: TransactionDraft, currency: str, sign: int, whole_minor: int
) -> tuple[Split, ...]:
    most = max(whole_minor, MAX_MINOR)  # a wallet's movement may be more than anybody may write
    found = tuple(
        Split(
            one.category_id,
            sign * minor_of(one.amount, currency, at=f"splits/{place}/amount", most=most),
            one.description,
        )
        for place, one in enumerate(draft.splits)
    )
    if found and sum(one.amount_minor for one in found) != sign * whole_minor:
        raise SplitsDiffer
    return found


def require_changeable(found: Transaction, changes: Mapping[str, Any]) -> None:
    """Refuse changes of what the wallet, or the other side of a transfer, has settled.

    Raises:
        TransactionLinked: more than the labels of a movement would change.
        TransferFixed: more than date and texts of a transfer would change.
    """
    if found.is_linked and changes.keys() - LABELS:
        raise TransactionLinked
    if found.type is TransactionType.TRANSFER and changes.keys() - OF_A_TRANSFER:
        raise TransferFixed


def _unsigned(minor: int, currency: str) -> str:
    return written(abs(minor), currency)
