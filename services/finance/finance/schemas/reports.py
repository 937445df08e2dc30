"""Shapes what the API of reports takes and gives."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from finance.domain.accounts import AccountKind
from finance.domain.books import FinanceBook
from finance.domain.categories import CategoryType
from finance.domain.dates.calendar import Granularity
from finance.domain.dates.days import day_of
from finance.domain.reports.reports import CashFlow, CategoryShare, ReportCategory, Totals
from finance.domain.reports.scopes import ReportScope, with_edges
from finance.schemas.periods import PeriodFilters
from finance.service.reports.reports import ReportTimeline, Summary
from kit.money import decimal_text
from kit.refusals import Language
from kit.web.fields import CurrencyCode, MoneyObject
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


class TimelineQuery(ReportQuery):
    """What a report over time is of."""

    by: Granularity | None = Field(
        None,
        description="By default days up to two months, weeks up to a year, months beyond."
        " Weeks begin on Monday.",
    )


class PictureFields(Model):
    """How a picture of a report is drawn."""

    currency: CurrencyCode = Field("RUB", description="A picture is of one currency.")
    lang: Language | None = Field(None, description="By default as `Accept-Language` says.")


class TimelinePictureQuery(PictureFields, TimelineQuery):
    """What a picture over time is of."""


class CategoriesPictureQuery(PictureFields, CategoriesFields, ReportQuery):
    """What a picture by category is of."""

    type: Literal["income", "expense"] = "expense"


class PeriodAnswer(Model):
    """A period, with the edges that were meant: days (`to` is included) or times."""

    begin: date | datetime = Field(alias="from", examples=["2026-11-01"])
    end: date | datetime = Field(alias="to", examples=["2026-11-30"])

    @classmethod
    def edges(cls, scope: ReportScope) -> dict[str, Any]:
        """Return the fields of a scope's period."""
        return {"from": scope.period.begin, "to": scope.period.end}

    @staticmethod
    def before(scope: ReportScope) -> "PeriodAnswer":
        """Return the period that a scope is compared with."""
        return PeriodAnswer(**PeriodAnswer.edges(scope.before))


class ReportAnswer(PeriodAnswer):
    """A report; its figures are of one state of the book."""

    tz: str = Field(
        examples=["Europe/Moscow"], description="The IANA time zone that days are meant in."
    )

    @classmethod
    def of_scope(cls, scope: ReportScope, **fields: Any) -> Self:
        """Return the answer of a scope, with its own fields."""
        return cls(**cls.edges(scope), tz=scope.period.zone, **fields)


class TotalsAnswer(Model):
    """What came in and what went out; transfers between own accounts are neither."""

    income: MoneyObject
    expense: MoneyObject
    balance: MoneyObject = Field(description="Income less expense.")
    transactions: int = Field(description="A split one counts once.")

    @classmethod
    def figures(cls, totals: Totals) -> dict[str, Any]:
        """Return the fields of totals, by their names."""
        return {
            "income": MoneyObject.of(totals.income_minor, totals.currency),
            "expense": MoneyObject.of(totals.expense_minor, totals.currency),
            "balance": MoneyObject.of(totals.balance_minor, totals.currency),
            "transactions": totals.transactions,
        }

    @classmethod
    def of(cls, totals: Totals) -> "TotalsAnswer":
        """Return totals."""
        return cls.model_construct(**cls.figures(totals))


class CurrencyTotals(TotalsAnswer):
    """The totals of a currency, and those of the period before."""

    currency: str = Field(examples=["RUB"])
    previous: TotalsAnswer | None = Field(
        default=None, description="The period before; null without `compare=true`."
    )


class SummaryAnswer(ReportAnswer):
    """Income, expense and balance of each currency; they are never added across."""

    compared_with: PeriodAnswer | None = Field(
        default=None, description="The period before; null without `compare=true`."
    )
    currencies: list[CurrencyTotals]

    @classmethod
    def of(cls, scope: ReportScope, found: Summary) -> Self:
        """Return the summary of a scope."""
        before = found.before
        compared = None if before is None else PeriodAnswer.before(scope)
        shown = [
            CurrencyTotals.model_construct(
                currency=one.currency, **TotalsAnswer.figures(one), previous=_previous(one, before)
            )
            for one in found.totals
        ]
        return cls.of_scope(scope, compared_with=compared, currencies=shown)


def _previous(totals: Totals, before: Mapping[str, Totals] | None) -> TotalsAnswer | None:
    if before is None:
        return None
    return TotalsAnswer.of(before.get(totals.currency) or Totals(totals.currency))


class CategoryShown(Model):
    """A category as reports show it."""

    id: UUID
    name: str = Field(examples=["Groceries"])
    type: CategoryType
    colour: str | None = Field(examples=["#3b82f6"])
    parent_id: UUID | None

    @classmethod
    def of(cls, category: ReportCategory) -> "CategoryShown":
        """Return a category."""
        return cls.model_construct(
            id=category.id,
            name=category.name,
            type=category.type,
            colour=category.colour,
            parent_id=category.parent_id,
        )


class CategoryFigure(Model):
    """What a category has: of a split transaction, its part."""

    category: CategoryShown | None = Field(description="Null: what has no category.")
    amount: str = Field(examples=["1250.00"])
    currency: str = Field(examples=["RUB"])
    share: str = Field(
        description="Of all in the list, in per cent; they add up to 100.00, unless all are zero.",
        examples=["33.34"],
    )
    transactions: int
    previous: str | None = Field(
        description="The amount in the period before; null without `compare=true`."
    )

    @classmethod
    def of(cls, found: CategoryShare, *, compare: bool) -> "CategoryFigure":
        """Return the figure of a category."""
        of = found.sum
        return cls.model_construct(
            category=None if of.category is None else CategoryShown.of(of.category),
            amount=decimal_text(of.amount_minor, of.currency),
            currency=of.currency,
            share=found.share,
            transactions=of.transactions,
            previous=decimal_text(found.before_minor, of.currency) if compare else None,
        )


class CategoryFigures(Model):
    """The categories of one currency and type, the largest first."""

    currency: str = Field(examples=["RUB"])
    type: Literal["income", "expense"]
    total: MoneyObject
    categories: list[CategoryFigure]

    @classmethod
    def of(
        cls, currency: str, kind: Any, shares: Sequence[CategoryShare], *, compare: bool
    ) -> "CategoryFigures":
        """Return the figures of categories."""
        total = sum(one.sum.amount_minor for one in shares)
        return cls.model_construct(
            currency=currency,
            type=kind,
            total=MoneyObject.of(total, currency),
            categories=[CategoryFigure.of(one, compare=compare) for one in shares],
        )


class ByCategoryAnswer(ReportAnswer):
    """What each category has of all income and of all expense."""

    compared_with: PeriodAnswer | None = Field(
        default=None, description="The period before; null without `compare=true`."
    )
    currencies: list[CategoryFigures]

    @classmethod
    def of(
        cls,
        scope: ReportScope,
        found: Mapping[tuple[str, str], Sequence[CategoryShare]],
        *,
        compare: bool,
    ) -> Self:
        """Return the report of a scope."""
        shown = [CategoryFigures.of(*key, shares, compare=compare) for key, shares in found.items()]
        before = PeriodAnswer.before(scope) if compare else None
        return cls.of_scope(scope, compared_with=before, currencies=shown)


class BucketAnswer(TotalsAnswer):
    """The totals of a day, week or month; the first and last may be cut off."""

    first: date = Field(alias="from", examples=["2026-11-01"])
    last: date = Field(alias="to", description="Included.", examples=["2026-11-30"])


class CurrencySeries(Model):
    """The buckets of a currency, in order and without gaps."""

    currency: str = Field(examples=["RUB"])
    buckets: list[BucketAnswer]


class SeriesAnswer(ReportAnswer):
    """Income and expense over time."""

    by: Granularity
    currencies: list[CurrencySeries]

    @classmethod
    def of(
        cls, scope: ReportScope, timeline: ReportTimeline, found: Mapping[str, Sequence[Totals]]
    ) -> Self:
        """Return the report of a scope."""
        shown = [
            CurrencySeries.model_construct(
                currency=currency,
                buckets=[
                    BucketAnswer.model_construct(
                        first=span.first, last=span.last, **TotalsAnswer.figures(one)
                    )
                    for span, one in zip(timeline.spans, totals, strict=True)
                ],
            )
            for currency, totals in found.items()
        ]
        return cls.of_scope(scope, by=timeline.by, currencies=shown)


class AccountFlow(Model):
    """What an account held, what came in and went out, and what it held then.

    `closing` is `opening` and `income` and `transfers_in`, less `expense` and `transfers_out`.
    """

    account_id: UUID
    name: str = Field(examples=["Cash"])
    kind: AccountKind
    currency: str = Field(examples=["RUB"])
    opening: MoneyObject
    income: MoneyObject
    expense: MoneyObject
    transfers_in: MoneyObject = Field(description="From own accounts.")
    transfers_out: MoneyObject = Field(description="To own accounts.")
    closing: MoneyObject

    @classmethod
    def of(cls, flow: CashFlow) -> "AccountFlow":
        """Return the cash flow of an account."""
        return cls.model_construct(
            account_id=flow.account_id,
            name=flow.name,
            kind=flow.kind,
            currency=flow.currency,
            opening=MoneyObject.of(flow.opening_minor, flow.currency),
            income=MoneyObject.of(flow.income_minor, flow.currency),
            expense=MoneyObject.of(flow.expense_minor, flow.currency),
            transfers_in=MoneyObject.of(flow.transfers_in_minor, flow.currency),
            transfers_out=MoneyObject.of(flow.transfers_out_minor, flow.currency),
            closing=MoneyObject.of(flow.closing_minor, flow.currency),
        )


class CashFlowAnswer(ReportAnswer):
    """The cash flow of each account."""

    accounts: list[AccountFlow]

    @classmethod
    def of(cls, scope: ReportScope, flows: Sequence[CashFlow]) -> Self:
        """Return the report of a scope."""
        return cls.of_scope(scope, accounts=[AccountFlow.of(one) for one in flows])


class WorthPoint(Model):
    """What all accounts held when a day ended."""

    day: date = Field(alias="date", examples=["2026-11-30"])
    worth: MoneyObject


class CurrencyWorth(Model):
    """The net worth in a currency, over time."""

    currency: str = Field(examples=["RUB"])
    points: list[WorthPoint]


class NetWorthAnswer(ReportAnswer):
    """What all accounts held at the end of each day, week or month."""

    by: Granularity
    currencies: list[CurrencyWorth]

    @classmethod
    def of(
        cls, scope: ReportScope, timeline: ReportTimeline, found: Mapping[str, Sequence[int]]
    ) -> Self:
        """Return the report of a scope."""
        shown = [
            CurrencyWorth.model_construct(
                currency=currency,
                points=[
                    WorthPoint.model_construct(day=span.last, worth=MoneyObject.of(minor, currency))
                    for span, minor in zip(timeline.spans, minors, strict=True)
                ],
            )
            for currency, minors in found.items()
        ]
        return cls.of_scope(scope, by=timeline.by, currencies=shown)
