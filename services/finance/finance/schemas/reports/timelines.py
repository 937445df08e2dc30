"""Shapes reports over time: series and net worth."""

from datetime import date
from typing import Self

from pydantic import Field

from finance.domain.dates.calendar import Granularity
from finance.domain.reports.reports import Totals
from finance.domain.reports.scopes import ReportScope
from finance.schemas.reports.scopes import ReportAnswer
from finance.schemas.reports.totals import TotalsAnswer
from finance.service.reports.reports import OverTime
from kit.web.fields import MoneyObject
from kit.web.schemas import Model


class BucketAnswer(TotalsAnswer):
    """The totals of a day, week or month; the first and last may be cut off."""

    first: date = Field(alias="from", examples=["2026-11-01"])
    last: date = Field(alias="to", description="Included.", examples=["2026-11-30"])

    @staticmethod
    def of_currency(found: OverTime[Totals], currency: str) -> "list[BucketAnswer]":
        """Return the buckets of a currency."""
        return [
            BucketAnswer.model_construct(
                first=span.first, last=span.last, **TotalsAnswer.figures(one)
            )
            for span, one in found.of(currency)
        ]


class CurrencySeries(Model):
    """The buckets of a currency, in order and without gaps."""

    currency: str = Field(examples=["RUB"])
    buckets: list[BucketAnswer]
    previous: list[BucketAnswer] | None = Field(
        default=None,
        description="Those of the period before, which may be more or fewer;"
        " null without `compare=true`.",
    )


class SeriesAnswer(ReportAnswer):
    """Income and expense over time."""

    by: Granularity
    currencies: list[CurrencySeries]

    @classmethod
    def of(cls, scope: ReportScope, found: OverTime[Totals]) -> Self:
        """Return the report of a scope."""
        before = found.before
        shown = [
            CurrencySeries.model_construct(
                currency=currency,
                buckets=BucketAnswer.of_currency(found, currency),
                previous=None if before is None else BucketAnswer.of_currency(before, currency),
            )
            for currency in found.figures
        ]
        compare = before is not None
        return cls.of_scope(scope, compare=compare, by=found.timeline.by, currencies=shown)


class WorthPoint(Model):
    """What all accounts held when a day ended."""

    day: date = Field(alias="date", examples=["2026-11-30"])
    worth: MoneyObject

    @staticmethod
    def of_currency(found: OverTime[int], currency: str) -> "list[WorthPoint]":
        """Return the points of a currency."""
        return [
            WorthPoint.model_construct(day=span.last, worth=MoneyObject.of(minor, currency))
            for span, minor in found.of(currency)
        ]


class CurrencyWorth(Model):
    """The net worth in a currency, over time."""

    currency: str = Field(examples=["RUB"])
    points: list[WorthPoint]
    previous: list[WorthPoint] | None = Field(
        default=None,
        description="Those of the period before, which may be more or fewer;"
        " null without `compare=true`.",
    )


class NetWorthAnswer(ReportAnswer):
    """What all accounts held at the end of each day, week or month."""

    by: Granularity
    currencies: list[CurrencyWorth]

    @classmethod
    def of(cls, scope: ReportScope, found: OverTime[int]) -> Self:
        """Return the report of a scope."""
        before = found.before
        shown = [
            CurrencyWorth.model_construct(
                currency=currency,
                points=WorthPoint.of_currency(found, currency),
                previous=None if before is None else WorthPoint.of_currency(before, currency),
            )
            for currency in found.figures
        ]
        compare = before is not None
        return cls.of_scope(scope, compare=compare, by=found.timeline.by, currencies=shown)
