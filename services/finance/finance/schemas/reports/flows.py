"""Shapes the cash flow of accounts."""

from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from finance.domain.accounts import AccountKind
from finance.domain.reports.reports import CashFlow
from finance.domain.reports.scopes import ReportScope
from finance.schemas.reports.scopes import ReportAnswer
from kit.web.fields import MoneyObject
from kit.web.schemas import Model


class FlowFigures(Model):
    """What an account held, what came in and went out, and what it held then.

    `closing` is `opening` and `income` and `transfers_in`, less `expense` and `transfers_out`.
    """

    opening: MoneyObject
    income: MoneyObject
    expense: MoneyObject
    transfers_in: MoneyObject = Field(description="From own accounts.")
    transfers_out: MoneyObject = Field(description="To own accounts.")
    closing: MoneyObject

    @staticmethod
    def figures(flow: CashFlow) -> dict[str, Any]:
        """Return the fields of a cash flow, by their names."""
        return {
            "opening": MoneyObject.of(flow.opening_minor, flow.currency),
            "income": MoneyObject.of(flow.income_minor, flow.currency),
            "expense": MoneyObject.of(flow.expense_minor, flow.currency),
            "transfers_in": MoneyObject.of(flow.transfers_in_minor, flow.currency),
            "transfers_out": MoneyObject.of(flow.transfers_out_minor, flow.currency),
            "closing": MoneyObject.of(flow.closing_minor, flow.currency),
        }


class AccountFlow(FlowFigures):
    """The cash flow of an account, and that of the period before."""

    account_id: UUID
    name: str = Field(examples=["Cash"])
    kind: AccountKind
    currency: str = Field(examples=["RUB"])
    previous: FlowFigures | None = Field(
        default=None, description="The period before; null without `compare=true`."
    )

    @classmethod
    def of(cls, flow: CashFlow) -> "AccountFlow":
        """Return the cash flow of an account."""
        before = None if flow.before is None else cls.figures(flow.before)
        return cls.model_construct(
            account_id=flow.account_id,
            name=flow.name,
            kind=flow.kind,
            currency=flow.currency,
            previous=None if before is None else FlowFigures.model_construct(**before),
            **cls.figures(flow),
        )


class CashFlowAnswer(ReportAnswer):
    """The cash flow of each account."""

    accounts: list[AccountFlow]

    @classmethod
    def of(cls, scope: ReportScope, flows: Sequence[CashFlow], *, compare: bool) -> Self:
        """Return the report of a scope."""
        shown = [AccountFlow.of(one) for one in flows]
        return cls.of_scope(scope, compare=compare, accounts=shown)
