"""Reads reports, each of one state of a book; they change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of a scope, and those of the period before where they were asked for."""

    totals: Sequence[Totals]
    before: Mapping[str, Totals] | None


@dataclass(frozen=True, slots=True)
class ReportTimeline:
    """The days, weeks or months of a scope, in order."""

    by: Granularity
    spans: Sequence[Days]

    @classmethod
    def of(
        cls, scope: ReportScope, by: Granularity | None, most: int = MOST_BUCKETS
    ) -> "ReportTimeline":
        """Return the timeline of a scope, by what fits it where nothing is asked for.

        Raises:
            RangeTooLong: it has more than ``most`` of them.
        """
        by = by or fitting_granularity(scope.days)
        if count_buckets(scope.days, by) > most:
            raise RangeTooLong(most=most)
        return cls(by, list(buckets(scope.days, by)))

    def require_few(self, currencies: int) -> None:
        """Refuse a report of so many currencies that it has too many figures.

        Raises:
            RangeTooLong: it has.
        """
        if len(self.spans) * currencies > MOST_FIGURES:
            raise RangeTooLong(most=MOST_FIGURES)


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
) -> dict[str, list[Totals]]:
    """Return the totals of each span of a timeline, by currency. Raises RangeTooLong."""
    await _require_account(connection, scope)
    found = await Reports(connection).by_bucket(scope, timeline.by)
    timeline.require_few(len({one.totals.currency for one in found}))
    return series_of(timeline.spans, timeline.by, found)


async def cash_flow(connection: Connection, scope: ReportScope) -> list[CashFlow]:
    """Return the cash flow of each account."""
    await _require_account(connection, scope)
    return await Reports(connection).flows(scope)


async def net_worth(
    connection: Connection, scope: ReportScope, timeline: ReportTimeline
) -> dict[str, list[int]]:
    """Return what all accounts held at the end of each span, by currency.

    Raises RangeTooLong.
    """
    await _require_account(connection, scope)
    now = await Reports(connection).worth_now(scope)
    timeline.require_few(len(now))
    moved = await Reports(connection).worth_moved(scope, timeline.by)
    return worth_of(timeline.spans, timeline.by, now, moved)


async def _require_account(connection: Connection, scope: ReportScope) -> None:
    account_id = scope.account_id
    if account_id is None or await Reports(connection).has_account(scope.user_id, account_id):
        return
    raise AccountNotYours("query/account_id")
