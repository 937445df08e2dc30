"""Decides what recurs: on which days, and what is due of it."""

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from finance.domain.amounts import MOST_BALANCE
from finance.domain.dates.periods import LAST_DAY
from finance.domain.transactions.transactions import Transaction, TransactionOrigin, TransactionType
from kit.ids import new_id

MOST_RECURRENCES: Final = 200  # of one book
MOST_DUE: Final = 100  # days of one entry that are booked at once; the rest follow
EARLIEST: Final = timedelta(days=366)  # before today; what recurs is no way to import the past

_MONTHS: Final = 12


class Every(StrEnum):
    """What the intervals of something recurring are counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """What books itself again and again.

    Attributes:
        amount_minor: Signed, in the currency of the account.
        currency: The account's.
        interval: So many of `every` are between two.
        anchor_day: Of the month, where months or years are counted; in a shorter month its last.
        next_date: The first day that is not yet booked.
        end_date: The last day that may be; None: there is none.
        is_active: Whether it books itself.
    """

    id: UUID
    user_id: UUID
    account_id: UUID
    category_id: UUID | None
    type: TransactionType
    amount_minor: int
    currency: str
    description: str | None
    tags: tuple[str, ...]
    every: Every
    interval: int
    anchor_day: int
    next_date: date
    end_date: date | None
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime

    def is_due(self, today: date) -> bool:
        """Tell whether it has a day that is not yet booked."""
        last = today if self.end_date is None else min(today, self.end_date)
        return self.is_active and self.next_date <= min(last, LAST_DAY)

    def after(self, day: date) -> date:
        """Return the day that follows one of its days."""
        if self.every is Every.DAY:
            return day + timedelta(days=self.interval)
        if self.every is Every.WEEK:
            return day + timedelta(weeks=self.interval)
        months = self.interval * (1 if self.every is Every.MONTH else _MONTHS)
        year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(self.anchor_day, last))

    def since(self, today: date) -> Self:
        """Return it without the days before today that were not booked."""
        next_date = self.next_date
        while next_date < today:
            next_date = self.after(next_date)
        return replace(self, next_date=next_date)


@dataclass(frozen=True, slots=True)
class Due:
    """What is booked of one entry now, and how that leaves the entry."""

    entry: Recurrence
    transactions: tuple[Transaction, ...]


def decide_due(
    entry: Recurrence,
    balance_minor: int,
    *,
    today: date,
    now: datetime,
    booked: Collection[date] = (),
) -> Due:
    """Return what is due of an entry, one transaction a day, MOST_DUE at most.

    Days that are booked are passed over: its owner may have put the next day back. An entry whose
    account can hold no more of it is paused. What was read of the entry before is stale then.
    """
    found, transactions = entry, list[Transaction]()
    while entry.is_due(today) and len(transactions) < MOST_DUE:
        if entry.next_date in booked:
            entry = replace(entry, next_date=entry.after(entry.next_date))
            continue
        balance_minor += entry.amount_minor
        if abs(balance_minor) > MOST_BALANCE:
            entry = replace(entry, is_active=False)
            break
        transactions.append(_booked(entry, now))
        entry = replace(entry, next_date=entry.after(entry.next_date))
    if entry != found:
        entry = replace(entry, version=found.version + 1, updated_at=now)
    return Due(entry, tuple(transactions))


def _booked(entry: Recurrence, now: datetime) -> Transaction:
    return Transaction(
        id=new_id(),
        user_id=entry.user_id,
        account_id=entry.account_id,
        type=entry.type,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        category_id=entry.category_id,
        description=entry.description,
        day=entry.next_date,
        tags=entry.tags,
        origin=TransactionOrigin.RECURRING,
        is_category_own=entry.category_id is not None,
        recurring_id=entry.id,
        due_date=entry.next_date,
        created_at=now,
        updated_at=now,
    )
