"""Defines the figures of reports, and puts together what was added up. Pure.

Income and expense are both positive here; transfers are neither. Nothing is ever added across
currencies.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from typing import Final
from uuid import UUID

from finance.domain.accounts import AccountKind
from finance.domain.categories import CategoryType
from finance.domain.dates.calendar import Days, Granularity, start_of
from finance.domain.reports.shares import shares_of

MOST_BUCKETS: Final = 1_100
MOST_FIGURES: Final = 5_500  # of all currencies together


@dataclass(frozen=True, slots=True)
class Totals:
    """What came in and what went out of one currency.

    Attributes:
        transactions: How many there were; a split one counts once.
    """

    currency: str
    income_minor: int = 0
    expense_minor: int = 0
    transactions: int = 0

    @property
    def balance_minor(self) -> int:
        """Return income less expense."""
        return self.income_minor - self.expense_minor


@dataclass(frozen=True, slots=True)
class BucketTotals:
    """The totals of a day, week or month, named by its first day."""

    start: date
    totals: Totals


@dataclass(frozen=True, slots=True)
class ReportCategory:
    """A category as reports show it."""

    id: UUID
    name: str
    type: CategoryType
    colour: str | None
    parent_id: UUID | None


@dataclass(frozen=True, slots=True)
class CategorySum:
    """What came in or went out in a category (None: in none)."""

    currency: str
    type: str
    category: ReportCategory | None
    amount_minor: int
    transactions: int

    @property
    def name(self) -> str | None:
        """Return what the category is called; None without one."""
        return None if self.category is None else self.category.name

    @property
    def place(self) -> tuple[str, str, UUID | None]:
        """Return what tells it from all others of a report."""
        return self.currency, self.type, None if self.category is None else self.category.id


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """A category's part of all income, or of all expense, of a currency; in per cent.

    Attributes:
        before_minor: What it had in the period before, where that was asked for.
    """

    sum: CategorySum
    share: str
    before_minor: int = 0


@dataclass(frozen=True, slots=True)
class CashFlow:
    """What an account held before, what moved, and what it held after.

    Attributes:
        transfers_in_minor: From other accounts of the same book; likewise `transfers_out_minor`.
        before: That of the period before, where it was asked for.
    """

    account_id: UUID
    name: str
    kind: AccountKind
    currency: str
    income_minor: int
    expense_minor: int
    transfers_in_minor: int
    transfers_out_minor: int
    closing_minor: int
    before: "CashFlow | None" = None

    @property
    def opening_minor(self) -> int:
        """Return what the account held when the range began."""
        moved_in = self.income_minor + self.transfers_in_minor
        return self.closing_minor - moved_in + self.expense_minor + self.transfers_out_minor


@dataclass(frozen=True, slots=True)
class WorthMoved:
    """By how much a currency's worth changed in a bucket; None: after the range."""

    currency: str
    start: date | None
    minor: int


def with_shares(
    sums: Sequence[CategorySum], before: Sequence[CategorySum] = ()
) -> dict[tuple[str, str], list[CategoryShare]]:
    """Return sums with their shares by currency and type, the largest first.

    Those that only the period before has are listed, too, with nothing.
    """
    earlier = {one.place: one.amount_minor for one in before}
    now = {one.place for one in sums}
    gone = [replace(one, amount_minor=0, transactions=0) for one in before if one.place not in now]
    groups: dict[tuple[str, str], list[CategorySum]] = defaultdict(list)
    for one in sorted([*sums, *gone], key=lambda one: (-one.amount_minor, str(one.category))):
        groups[one.currency, one.type].append(one)
    return {
        key: [
            CategoryShare(one, share, earlier.get(one.place, 0))
            for one, share in zip(
                group, shares_of([one.amount_minor for one in group]), strict=True
            )
        ]
        for key, group in sorted(groups.items())
    }


def series_of(
    spans: Sequence[Days],
    by: Granularity,
    found: Iterable[BucketTotals],
    currencies: Iterable[str] = (),
) -> dict[str, list[Totals]]:
    """Return totals for each span by currency; empty ones where nothing was.

    The given currencies are there in any case.
    """
    sums: dict[str, dict[date, Totals]] = defaultdict(dict)
    for one in found:
        sums[one.totals.currency][one.start] = one.totals
    return {
        currency: [sums[currency].get(start_of(span.first, by), Totals(currency)) for span in spans]
        for currency in sorted({*sums, *currencies})
    }


def worth_of(
    spans: Sequence[Days], by: Granularity, now: Mapping[str, int], moved: Iterable[WorthMoved]
) -> dict[str, list[int]]:
    """Return the worth at the end of each span by currency.

    It is reckoned back from what the accounts hold now: by what moved in each span, and after all
    of them.
    """
    changes: dict[str, dict[date | None, int]] = defaultdict(dict)
    for one in moved:
        changes[one.currency][one.start] = one.minor
    return {
        currency: _backwards(
            held - changes[currency].get(None, 0),
            [changes[currency].get(start_of(span.first, by), 0) for span in spans],
        )
        for currency, held in sorted(now.items())
    }


def _backwards(last: int, moved: Sequence[int]) -> list[int]:
    """Return running figures, of which the last and all differences are given."""
    opening = last - sum(moved)
    return list(accumulate(moved, initial=opening))[1:]
