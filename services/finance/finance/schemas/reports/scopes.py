"""Shapes what all reports say of what they are of."""

from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from finance.domain.reports.scopes import ReportScope
from kit.web.schemas import Model


class PeriodAnswer(Model):
    """A period, with the edges that were meant: days (`to` is included) or times."""

    begin: date | datetime = Field(alias="from", examples=["2026-11-01"])
    end: date | datetime = Field(alias="to", examples=["2026-11-30"])

    @staticmethod
    def edges(scope: ReportScope) -> dict[str, Any]:
        """Return the fields of a scope's period."""
        return {"from": scope.period.begin, "to": scope.period.end}


class ReportAnswer(PeriodAnswer):
    """A report; its figures are of one state of the book."""

    tz: str = Field(
        examples=["Europe/Moscow"], description="The IANA time zone that days are meant in."
    )
    compared_with: PeriodAnswer | None = Field(
        default=None, description="The period before; null without `compare=true`."
    )

    @classmethod
    def of_scope(cls, scope: ReportScope, *, compare: bool, **fields: Any) -> Self:
        """Return the answer of a scope, with its own fields."""
        before = PeriodAnswer(**cls.edges(scope.before)) if compare else None
        return cls(**cls.edges(scope), tz=scope.period.zone, compared_with=before, **fields)
