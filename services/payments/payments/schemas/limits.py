"""Shapes what the API of limits takes and gives."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from kit.money import AmountRefused, Money, decimal_text
from kit.web.fields import AmountText, CurrencyCode, refuse_field, require_each_currency_once
from kit.web.schemas import Model
from payments.domain.limits import Limit, LimitPolicy

_OWN: dict[str, Any] = {"currency": "RUB", "per_payment": "15000.00", "per_day": "60000.00"}


class LimitRequest(Model):
    """The limits of one currency; null means not limited."""

    currency: CurrencyCode
    per_payment: AmountText | None = None
    per_day: AmountText | None = None

    _limit: Limit = PrivateAttr()

    @model_validator(mode="after")
    def _read_amounts(self) -> Self:
        self._limit = Limit(self._minor("per_payment"), self._minor("per_day"))
        return self

    def _minor(self, name: str) -> int | None:
        text = getattr(self, name)
        if text is None:
            return None
        try:
            return Money.parse(text, self.currency).minor
        except AmountRefused as refusal:
            fault = refusal.errors[0]
            raise refuse_field(refusal.code, fault.detail_en, fault.detail_ru, field=name) from None

    @property
    def limit(self) -> Limit:
        """The limits in minor units."""
        return self._limit


class LimitsRequest(Model):
    """All limits of a person's own; everybody's limits apply to other currencies."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limits": [_OWN]}]})

    limits: list[LimitRequest] = Field(max_length=200)

    @model_validator(mode="after")
    def _each_currency_once(self) -> Self:
        require_each_currency_once(self.limits, self.by_currency)
        return self

    @property
    def by_currency(self) -> dict[str, Limit]:
        """The limits in minor units."""
        return {one.currency: one.limit for one in self.limits}


class LimitAnswer(Model):
    """The limits of one currency, and what has been counted against them today (UTC)."""

    currency: str
    per_payment: str | None = Field(description="Null: not limited.")
    per_day: str | None = Field(description="Null: not limited, and nothing is counted.")
    used_today: str
    left_today: str | None
    is_own: bool = Field(description="True: the limit is this person's own; false: everybody's.")


class LimitsAnswer(Model):
    """A person's limits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0197a1de-0d3f-7c4b-9c39-6f2a4a1b0c01",
                    "day": "2026-01-31",
                    "limits": [
                        {
                            **_OWN,
                            "used_today": "150.00",
                            "left_today": "59850.00",
                            "is_own": True,
                        }
                    ],
                }
            ]
        }
    )

    user_id: UUID
    day: date
    limits: list[LimitAnswer]


def limits_seen(
    user_id: UUID,
    day: date,
    policy: LimitPolicy,
    own: Mapping[str, Limit],
    spent: Mapping[str, int],
) -> LimitsAnswer:
    """Return a person's limits in each currency that has a limit or was used today."""
    currencies = sorted({*own, *spent, *policy.currencies})
    return LimitsAnswer(
        user_id=user_id,
        day=day,
        limits=[
            _seen(one, policy.in_force(one, own.get(one)), spent.get(one, 0), is_own=one in own)
            for one in currencies
        ],
    )


def _seen(currency: str, limit: Limit, spent: int, *, is_own: bool) -> LimitAnswer:
    def text(minor: int | None) -> str | None:
        return None if minor is None else decimal_text(minor, currency)

    left = None if limit.per_day is None else max(0, limit.per_day - spent)
    return LimitAnswer(
        currency=currency,
        per_payment=text(limit.per_payment),
        per_day=text(limit.per_day),
        used_today=decimal_text(spent, currency),
        left_today=text(left),
        is_own=is_own,
    )
