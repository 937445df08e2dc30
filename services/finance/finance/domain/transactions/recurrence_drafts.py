"""Decides what a recurring entry comes to, as its owner writes or changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from finance.domain.accounts import FinanceAccount
from finance.domain.amounts import written
from finance.domain.categories import FinanceCategory
from finance.domain.dates.days import in_range
from finance.domain.transactions.drafts import TransactionDraft, decide_draft
from finance.domain.transactions.recurrences import EARLIEST, Every, Recurrence
from finance.domain.transactions.transactions import TransactionType
from finance.refusals import RecurrenceEndsEarly, RecurrenceTooEarly


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceDraft:
    """A recurring entry as its owner writes it; the amount has no sign.

    Attributes:
        type: None: that of the category.
        anchor_day: None: the day of `next_date`.
    """

    account_id: UUID
    type: TransactionType | None
    amount: str
    category_id: UUID | None
    description: str | None
    tags: tuple[str, ...]
    every: Every
    interval: int
    anchor_day: int | None
    next_date: date
    end_date: date | None
    is_active: bool

    @classmethod
    def of(cls, found: Recurrence) -> Self:
        """Return an entry as its owner would have written it."""
        return cls(
            account_id=found.account_id,
            type=found.type,
            amount=written(abs(found.amount_minor), found.currency),
            category_id=found.category_id,
            description=found.description,
            tags=found.tags,
            every=found.every,
            interval=found.interval,
            anchor_day=found.anchor_day,
            next_date=found.next_date,
            end_date=found.end_date,
            is_active=found.is_active,
        )

    @property
    def transaction(self) -> TransactionDraft:
        """The transaction that it books on its next day."""
        return TransactionDraft(
            account_id=self.account_id,
            type=self.type,
            amount=self.amount,
            category_id=self.category_id,
            description=self.description,
            when=self.next_date,
            tags=self.tags,
        )

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return it with these fields; another next day is the anchor, too."""
        anchor = {"anchor_day": None} if "next_date" in changes else {}
        return replace(self, **{**anchor, **changes})

    def require_days(self, today: date) -> None:
        """Refuse days that nothing can recur on.

        Raises:
            DateOutOfRange: one is not from 1900 to 2999.
            RecurrenceTooEarly: it would begin more than a year ago.
            RecurrenceEndsEarly: it would end before it begins.
        """
        if in_range(self.next_date, at="next_date") < today - EARLIEST:
            raise RecurrenceTooEarly
        if self.end_date is not None and self.end_date < self.next_date:
            raise RecurrenceEndsEarly


def decide_recurrence(
    draft: RecurrenceDraft,
    account: FinanceAccount,
    categories: Mapping[UUID, FinanceCategory],
    *,
    zone: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the fields of the entry that a draft comes to.

    Raises the first refusal of ``decide_draft`` that applies to what it books.
    """
    booked = decide_draft(draft.transaction, account, categories, zone=zone, now=now)
    kept = ("account_id", "type", "amount_minor", "currency", "category_id", "description", "tags")
    return {
        **{name: booked[name] for name in kept},
        "every": draft.every,
        "interval": draft.interval,
        "anchor_day": draft.anchor_day or draft.next_date.day,
        "next_date": draft.next_date,
        "end_date": draft.end_date,
        "is_active": draft.is_active,
    }


def decide_recurrence_change(
    found: Recurrence, fields: Mapping[str, Any], *, today: date, now: datetime
) -> Recurrence:
    """Return the changed entry; one that is made active again goes on from today.

    An edit that changes nothing leaves the version.
    """
    changed = replace(found, **fields)
    if changed == found:
        return found
    if changed.is_active and not found.is_active:
        changed = changed.since(today)
    return replace(changed, version=found.version + 1, updated_at=now)
