"""Reads what a report is asked for of."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from finance.domain.books import FinanceBook
from finance.domain.dates.calendar import Granularity
from finance.domain.dates.days import day_of
from finance.domain.reports.scopes import ReportScope, with_edges
from finance.schemas.periods import PeriodFilters
from kit.refusals import Language
from kit.web.fields import CurrencyCode
from kit.web.schemas import Model


class ReportQuery(PeriodFilters):
    """What a report is of; without a period it is of the present month."""

    currency: CurrencyCode | None = Field(None, description="Only what is of this currency.")
    account_id: UUID | None = Field(None, description="Only what is of this account.")

    def scope(self, book: FinanceBook, now: datetime) -> ReportScope:
        """Return the scope in a book.

        Raises PeriodInvalid and DateOutOfRange.
        """
        period = self.period(book)
        period = with_edges(period, day_of(now, period.zone))
        return ReportScope(book.user_id, period, self.currency, self.account_id)


class ComparedQuery(ReportQuery):
    """What a report is of that can be compared with the period before."""

    compare: bool = Field(
        default=False,
        description="Also show the period before: as long, and for whole months as many.",
    )


class CategoriesFields(Model):
    """Which categories are shown, and where their parts count."""

    type: Literal["income", "expense"] | None = None
    level: Literal["own", "top"] = Field(
        "own", description="`top`: what is in a category counts in the topmost one above it."
    )


class CategoriesReportQuery(CategoriesFields, ComparedQuery):
    """What a report by category is of."""


class TimelineFields(Model):
    """By what a report over time is cut."""

    by: Granularity | None = Field(
        None,
        description="By default days up to two months, weeks up to a year, months beyond."
        " Weeks begin on Monday.",
    )


class TimelineQuery(TimelineFields, ComparedQuery):
    """What a report over time is of."""


class PictureFields(Model):
    """How a picture of a report is drawn."""

    currency: CurrencyCode = Field("RUB", description="A picture is of one currency.")
    lang: Language | None = Field(None, description="By default as `Accept-Language` says.")


class TimelinePictureQuery(PictureFields, TimelineFields, ReportQuery):
    """What a picture over time is of."""


class CategoriesPictureQuery(PictureFields, CategoriesFields, ReportQuery):
    """What a picture by category is of."""

    type: Literal["income", "expense"] = "expense"
