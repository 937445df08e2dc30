"""Shapes what the API of confirmation limits takes and gives."""

from typing import Any, Final, Self

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from auth.domain.confirmation import MOST_LIMITS
from auth.domain.users import User
from kit.money import Money
from kit.web.fields import AmountText, CurrencyCode, money_in, require_each_currency_once
from kit.web.schemas import Model

_EXAMPLE: Final[dict[str, Any]] = {"limits": [{"currency": "RUB", "above": "15000.00"}]}


class ConfirmationLimitRequest(Model):
    """The limit of one currency."""

    currency: CurrencyCode
    above: AmountText

    _money: Money = PrivateAttr()

    @model_validator(mode="after")
    def _read_amount(self) -> Self:
        self._money = money_in(self.above, self.currency, field="above")
        return self

    @property
    def money(self) -> Money:
        """The largest amount that is spent unasked."""
        return self._money


class ConfirmationLimitsRequest(Model):
    """All limits that there are from now on; an empty list removes them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    limits: list[ConfirmationLimitRequest] = Field(max_length=MOST_LIMITS)

    @model_validator(mode="after")
    def _each_currency_once(self) -> Self:
        require_each_currency_once(self.limits, self.by_currency)
        return self

    @property
    def by_currency(self) -> dict[str, int]:
        """The limits in minor units."""
        return {one.currency: one.money.minor for one in self.limits}


class ConfirmationLimit(Model):
    """The limit of one currency."""

    currency: str
    above: str = Field(description="What costs more needs a login, or a step-up, of 15 minutes.")


class ConfirmationLimits(Model):
    """One's own limits; any amount of another currency is spent unasked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    limits: list[ConfirmationLimit]

    @classmethod
    def of(cls, user: User) -> Self:
        """Return a user's limits, by currency."""
        found = [Money(minor, currency) for currency, minor in sorted(user.confirm_above.items())]
        return cls(
            limits=[ConfirmationLimit(currency=one.currency, above=one.decimal) for one in found]
        )
