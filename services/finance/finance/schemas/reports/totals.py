"""Shapes totals, and the summary."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from finance.domain.reports.reports import Totals
from finance.domain.reports.scopes import ReportScope
from finance.schemas.reports.scopes import ReportAnswer
from finance.service.reports.reports import Summary
from kit.web.fields import MoneyObject
from kit.web.schemas import Model


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

    currencies: list[CurrencyTotals]

    @classmethod
    def of(cls, scope: ReportScope, found: Summary) -> Self:
        """Return the summary of a scope."""
        before = found.before
        shown = [
            CurrencyTotals.model_construct(
                currency=one.currency, **TotalsAnswer.figures(one), previous=_previous(one, before)
            )
            for one in found.totals
        ]
        return cls.of_scope(scope, compare=before is not None, currencies=shown)


def _previous(totals: Totals, before: Mapping[str, Totals] | None) -> TotalsAnswer | None:
    if before is None:
        return None
    return TotalsAnswer.of(before.get(totals.currency) or Totals(totals.currency))
