"""Shapes the report by category."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from finance.domain.categories import CategoryType
from finance.domain.reports.reports import CategoryShare, ReportCategory
from finance.domain.reports.scopes import ReportScope
from finance.schemas.reports.scopes import ReportAnswer
from kit.money import decimal_text
from kit.web.fields import MoneyObject
from kit.web.schemas import Model


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
        return cls.of_scope(scope, compare=compare, currencies=shown)
