"""Shapes what the API of budgets takes and gives."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from finance.domain.reports.budgets import Budget, Standing
from kit.ids import new_id
from kit.money import DEFAULT_CURRENCY, decimal_text
from kit.web.fields import (
    AmountText,
    CurrencyCode,
    MoneyObject,
    money_in,
    money_in_stored,
    refuse_field,
)
from kit.web.schemas import Model

_EXAMPLE: dict[str, Any] = {
    "category_id": "0190a000-0000-7000-8000-00000000000c",
    "month": "2026-11",
    "amount": "15000.00",
    "currency": "RUB",
    "carry_over": True,
}
_MONTH: Final = re.compile(r"(2[01][0-9]{2})-(0[1-9]|1[0-2])")


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise refuse_field(
            "malformed",
            "Must be a month from 2000 to 2199, such as 2026-11.",
            "Должен быть месяц с 2000 по 2199 год, например 2026-11.",
        )
    return text


def first_day(month: str) -> date:
    """Return the first day of a month that was read."""
    return date(int(month[:4]), int(month[5:]), 1)


def month_text(first: date) -> str:
    """Return a month as the API names it, by its first day: “2026-11”."""
    return f"{first:%Y-%m}"


Month = Annotated[
    str,
    Field(examples=["2026-11"], json_schema_extra={"pattern": f"^{_MONTH.pattern}$"}),
    AfterValidator(_month),
]


class BudgetsQuery(Model):
    """Asks for the budgets of a month."""

    month: Month | None = Field(None, description="By default the present one, in one's zone.")


class BudgetRequest(Model):
    """A budget to be set."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    category_id: UUID = Field(description="One of expense; what is below it counts, too.")
    month: Month = Field(
        description="It holds from this month on, until a later one of the category is set."
    )
    amount: AmountText = Field(description="Of each month; `0.00` ends the budget.")
    currency: CurrencyCode = DEFAULT_CURRENCY
    carry_over: bool = Field(
        default=False,
        description="Whether what is left of a month, or overspent, joins the next one.",
    )

    _minor: int = PrivateAttr()

    @model_validator(mode="after")
    def _read_amount(self) -> Self:
        self._minor = 0
        if not _is_zero(self.amount):
            self._minor = money_in(self.amount, self.currency, field="amount").minor
        return self

    def budget(self, user_id: UUID, now: datetime) -> Budget:
        """Return the new budget."""
        return Budget(
            id=new_id(),
            user_id=user_id,
            category_id=self.category_id,
            currency=self.currency,
            month=first_day(self.month),
            amount_minor=self._minor,
            is_carried=self.carry_over,
            version=1,
            created_at=now,
            updated_at=now,
        )


class BudgetChange(Model):
    """A budget as it is to be; category, month and currency stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "18000.00", "carry_over": False}]}
    )

    amount: AmountText = Field(description="Of each month; `0.00` ends the budget.")
    carry_over: bool

    def changes(self, currency: str) -> Mapping[str, Any]:
        """Return the fields to change of a budget of a currency.

        Raises ValidationFailed.
        """
        minor = 0
        if not _is_zero(self.amount):
            minor = money_in_stored(self.amount, currency, field="amount").minor
        return {"amount_minor": minor, "is_carried": self.carry_over}


def _is_zero(amount: str) -> bool:
    return not amount.strip("0.")


class BudgetAnswer(Model):
    """A budget as it was set."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190a000-0000-7000-8000-00000000000d",
                    **_EXAMPLE,
                    "created_at": "2026-11-01T09:00:00Z",
                    "updated_at": "2026-11-01T09:00:00Z",
                }
            ]
        }
    )

    id: UUID
    category_id: UUID
    month: Month = Field(description="The first month that it holds in.")
    amount: str
    currency: str
    carry_over: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, budget: Budget) -> Self:
        """Return a budget."""
        return cls(
            id=budget.id,
            category_id=budget.category_id,
            month=month_text(budget.month),
            amount=decimal_text(budget.amount_minor, budget.currency),
            currency=budget.currency,
            carry_over=budget.is_carried,
            created_at=budget.created_at,
            updated_at=budget.updated_at,
        )


class BudgetStanding(Model):
    """How a budget stands: `left` is `budgeted` and `carried`, less `used`."""

    id: UUID
    category_id: UUID
    since: Month = Field(description="The month that it was set from.")
    carry_over: bool
    budgeted: MoneyObject = Field(description="For the month.")
    carried: MoneyObject = Field(
        description="What was left of the months before; negative where they were overspent."
    )
    used: MoneyObject
    left: MoneyObject = Field(description="Negative where it is overspent.")
    share: str | None = Field(
        description="How much is used, in per cent; null where there was nothing to spend.",
        examples=["82.50"],
    )

    @classmethod
    def of(cls, found: Standing) -> "BudgetStanding":
        """Return how a budget stands."""
        budget = found.budget
        return cls.model_construct(
            id=budget.id,
            category_id=budget.category_id,
            since=month_text(budget.month),
            carry_over=budget.is_carried,
            budgeted=MoneyObject.of(budget.amount_minor, budget.currency),
            carried=MoneyObject.of(found.carried_minor, budget.currency),
            used=MoneyObject.of(found.used_minor, budget.currency),
            left=MoneyObject.of(found.left_minor, budget.currency),
            share=found.share,
        )


class BudgetsAnswer(Model):
    """The budgets that hold in a month, and how they stand."""

    month: Month
    items: list[BudgetStanding]

    @classmethod
    def of(cls, month: date, standings: Sequence[Standing]) -> Self:
        """Return the budgets of a month."""
        return cls(month=month_text(month), items=[BudgetStanding.of(one) for one in standings])
