"""Reads reports, each of one state of a book; they change nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from finance.domain.dates.calendar import (
    Days,
    Granularity,
    buckets,
    count_buckets,
    fitting_granularity,
)
from finance.domain.reports.reports import (
    MOST_BUCKETS,
    MOST_FIGURES,
    BucketTotals,
    CashFlow,
    CategoryShare,
    Totals,
    series_of,
    with_shares,
    worth_of,
)
from finance.domain.reports.scopes import ReportScope
from finance.refusals import AccountNotYours, RangeTooLong
from finance.repository import Reports
from kit.db import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of a scope, and those of the period before where they were asked for."""

    totals: Sequence[Totals]
    before: Mapping[str, Totals] | None


@dataclass(frozen=True, slots=True)
class ReportTimeline:
    """The days, weeks or months of a scope, in order.

    Attributes:
        before: Those of the period before, where it is compared with it; cut alike.
    """

    by: Granularity
    spans: Sequence[Days]
    before: "ReportTimeline | None" = None

    @classmethod
    def of(
        cls,
        scope: ReportScope,
        by: Granularity | None,
        most: int = MOST_BUCKETS,
        *,
        compare: bool = False,
    ) -> "ReportTimeline":
        """Return the timeline of a scope, by what fits it where nothing is asked for.

        Raises:
            RangeTooLong: it, or the one before, has more than ``most`` of them.
        """
        by = by or fitting_granularity(scope.days)
        if count_buckets(scope.days, by) > most:
            raise RangeTooLong(most=most)
        before = cls.of(scope.before, by, most) if compare else None
        return cls(by, list(buckets(scope.days, by)), before)

    def require_few(self, currencies: int) -> None:
        """Refuse a report of so many currencies that it has too many figures.

        Raises:
            RangeTooLong: it has.
        """
        spans = len(self.spans) + (0 if self.before is None else len(self.before.spans))
        if spans * currencies > MOST_FIGURES:
            raise RangeTooLong(most=MOST_FIGURES)


@dataclass(frozen=True, slots=True)
class OverTime(Generic[T]):
    """A figure for each span of a timeline, by currency.

    Attributes:
        before: Likewise of the period before, where that was asked for; of the same currencies.
    """

    timeline: ReportTimeline
    figures: Mapping[str, Sequence[T]]
    before: "OverTime[T] | None" = None

    def of(self, currency: str) -> Iterator[tuple[Days, T]]:
        """Return the spans, each with the figure of a currency that is there."""
        return zip(self.timeline.spans, self.figures[currency], strict=True)


async def summary(connection: Connection, scope: ReportScope, *, compare: bool) -> Summary:
    """Return what came in and went out, by currency.

    With ``compare`` also what did in the period before; a currency that only that one has is
    listed, too.
    """
    await _require_account(connection, scope)
    totals = await Reports(connection).totals(scope)
    if not compare:
        return Summary(totals, None)
    before = {one.currency: one for one in await Reports(connection).totals(scope.before)}
    here = {one.currency: one for one in totals}
    listed = [here.get(currency) or Totals(currency) for currency in sorted({*here, *before})]
    return Summary(listed, before)


async def by_category(
    connection: Connection,
    scope: ReportScope,
    kind: str | None,
    *,
    at_top: bool,
    compare: bool = False,
) -> dict[tuple[str, str], list[CategoryShare]]:
    """Return the categories of a scope with their shares, by currency and type.

    With ``compare`` also what each had in the period before; those that only that one has are
    listed, too.
    """
    await _require_account(connection, scope)
    found = await Reports(connection).by_category(scope, kind, at_top=at_top)
    if not compare:
        return with_shares(found)
    before = await Reports(connection).by_category(scope.before, kind, at_top=at_top)
    return with_shares(found, before)


async def series(
    connection: Connection, scope: ReportScope, timeline: ReportTimeline
) -> OverTime[Totals]:
    """Return the totals of each span of a timeline, by currency.

    A currency that only the period before has is listed, too. Raises RangeTooLong.
    """
    await _require_account(connection, scope)
    found = await Reports(connection).by_bucket(scope, timeline.by)
    before = timeline.before
    earlier = [] if before is None else await Reports(connection).by_bucket(scope.before, before.by)
    currencies = {one.totals.currency for one in (*found, *earlier)}
    timeline.require_few(len(currencies))

    def over(spans: ReportTimeline, sums: Sequence[BucketTotals]) -> Mapping[str, Sequence[Totals]]:
        return series_of(spans.spans, spans.by, sums, currencies)

    compared = None if before is None else OverTime(before, over(before, earlier))
    return OverTime(timeline, over(timeline, found), compared)


async def cash_flow(
    connection: Connection, scope: ReportScope, *, compare: bool = False
) -> list[CashFlow]:
    """Return the cash flow of each account.

    With ``compare`` also that of the period before.
    """
    await _require_account(connection, scope)
    flows = await Reports(connection).flows(scope)
    if not compare:
        return flows
    before = await Reports(connection).flows(scope.before)
    return [replace(flow, before=earlier) for flow, earlier in zip(flows, before, strict=True)]


async def net_worth(
    connection: Connection, scope: ReportScope, timeline: ReportTimeline
) -> OverTime[int]:
    """Return what all accounts held at the end of each span, by currency.

    Raises RangeTooLong.
    """
    await _require_account(connection, scope)
    now = await Reports(connection).worth_now(scope)
    timeline.require_few(len(now))
    found = await _worth(connection, scope, timeline, now)
    if timeline.before is None:
        return found
    return replace(found, before=await _worth(connection, scope.before, timeline.before, now))


async def _worth(
    connection: Connection, scope: ReportScope, timeline: ReportTimeline, now: Mapping[str, int]
) -> OverTime[int]:
    moved = await Reports(connection).worth_moved(scope, timeline.by)
    return OverTime(timeline, worth_of(timeline.spans, timeline.by, now, moved))


async def _require_account(connection: Connection, scope: ReportScope) -> None:
    account_id = scope.account_id
    if account_id is None or await Reports(connection).has_account(scope.user_id, account_id):
        return
    raise AccountNotYours("query/account_id")
