"""Defines a budget, and works out what is left of it in a month. Pure.

A budget holds from its month on, until the next one of its category and currency: these, in the
order of their months, are its line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from finance.domain.dates.calendar import months_between, months_later
from finance.domain.reports.shares import percent
from finance.domain.transactions.transactions import Transaction, TransactionType

MOST_BUDGETS: Final = 500
# Of what there is to spend, in per cent: where a notice is sent.
THRESHOLDS: Final = (80, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent on a category, and all below it, from a month on.

    Attributes:
        month: The first day of the first month that it holds in.
        amount_minor: Of each month; zero ends the budget.
        is_carried: Whether what was left of the month before is added, or taken where it was
            overspent.
        version: 1, then one more with each edit.
    """

    id: UUID
    user_id: UUID
    category_id: UUID
    currency: str
    month: date
    amount_minor: int
    is_carried: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What a month's budget has to do with the months before it.

    Attributes:
        budget: The one that holds in the month.
        month: Its first day.
        since: The first month whose rest is carried into this one; the month itself if none is.
        earlier_minor: What was granted from then on, before the month.
    """

    budget: Budget
    month: date
    since: date
    earlier_minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands in a month.

    Attributes:
        carried_minor: What came over from the months before; negative where they were overspent.
        used_minor: What was spent in the month.
    """

    budget: Budget
    month: date
    carried_minor: int
    used_minor: int

    @property
    def available_minor(self) -> int:
        """Return what there was to spend in the month."""
        return self.budget.amount_minor + self.carried_minor

    @property
    def left_minor(self) -> int:
        """Return what may still be spent; negative where it is overspent."""
        return self.available_minor - self.used_minor

    @property
    def share(self) -> str | None:
        """Return how much is used, in per cent; None where there was nothing to spend."""
        if self.available_minor <= 0:
            return None
        return percent(self.used_minor * 10_000 // self.available_minor)

    @property
    def reached(self) -> tuple[int, ...]:
        """Return the thresholds that what was spent has reached; none where nothing was."""
        if self.used_minor <= 0:
            return ()
        used, available = self.used_minor * 100, self.available_minor
        return tuple(one for one in THRESHOLDS if used >= one * available)


@dataclass(frozen=True, slots=True)
class Spent:
    """Says where a write has changed what was spent; `month` is its first day."""

    category_id: UUID
    month: date


def spent_in(transactions: Iterable[Transaction]) -> set[Spent]:
    """Return where transactions count in what is spent: income and transfers nowhere."""
    found: set[Spent] = set()
    for one in transactions:
        named = (one.category_id, *(part.category_id for part in one.splits))
        found |= spent_on(one.type, one.day, named)
    return found


def spent_on(type_: str, day: date, categories: Iterable[UUID | None]) -> set[Spent]:
    """Return where one transaction counts, by the categories of its parts."""
    if type_ != TransactionType.EXPENSE:
        return set()
    month = day.replace(day=1)
    return {Spent(category, month) for category in categories if category is not None}


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """Says that a budget has reached a threshold in a month."""

    budget: Budget
    month: date
    threshold: int
    used_minor: int
    available_minor: int


def alerts_of(found: Standing) -> list[BudgetAlert]:
    """Return an alert for each threshold that a budget has reached."""
    return [
        BudgetAlert(found.budget, found.month, one, found.used_minor, found.available_minor)
        for one in found.reached
    ]


def worst_of(alerts: Iterable[BudgetAlert]) -> list[BudgetAlert]:
    """Return the highest alert of each budget and month; it says it all."""
    worst: dict[tuple[UUID, date], BudgetAlert] = {}
    for one in sorted(alerts, key=lambda alert: alert.threshold):
        worst[one.budget.id, one.month] = one
    return list(worst.values())


def grants_in(budgets: Iterable[Budget], month: date) -> list[Grant]:
    """Return what budgets, given line by line, grant in a month."""
    lines = groupby(budgets, key=lambda one: (one.category_id, one.currency))
    found = (grant_of(list(line), month) for _, line in lines)
    return [grant for grant in found if grant is not None]


def grant_of(line: Sequence[Budget], month: date) -> Grant | None:
    """Return what is granted in a month, None where no budget of the line holds in it.

    Only as many budgets are looked at as rests are carried through.
    """
    begun = [budget for budget in line if budget.month <= month]
    if not begun or not begun[-1].amount_minor:
        return None
    since, earlier = month, 0
    until = month  # months from here on are accounted for
    for budget, before in zip(reversed(begun), [*reversed(begun[:-1]), None], strict=True):
        if not budget.is_carried:
            break
        earlier += budget.amount_minor * months_between(budget.month, until)
        since = until = budget.month
        if before is None:
            continue  # the first of the line
        if not before.amount_minor:
            break
        # The last month of the one before hands its rest on, whether or not it was handed one.
        earlier += before.amount_minor
        since = until = months_later(budget.month, -1)
    return Grant(begun[-1], month, since, earlier)


def standing(grant: Grant, used_earlier_minor: int, used_minor: int) -> Standing:
    """Return how a budget stands, by what was spent since `since` and in the month."""
    carried = grant.earlier_minor - used_earlier_minor
    return Standing(grant.budget, grant.month, carried, used_minor)
