"""Decides whether a payment fits its payer's limits, at once and in a day (UTC)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from kit.money import CURRENCIES, DEFAULT_CURRENCY, Money, decimal_text
from payments.refusals import KeyLimitExceeded, LimitPerDay, LimitPerPayment


@dataclass(frozen=True, slots=True)
class Limit:
    """Limits in minor units of one currency; None limits nothing."""

    per_payment: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class KeyLimit:
    """What an API key may begin to pay in a day (UTC), in this currency alone.

    Nothing of it is given back: a key that makes payments fail again and again is held up, too.
    """

    key_id: UUID
    per_day: Money

    @property
    def exceeded(self) -> KeyLimitExceeded:
        """The refusal of a payment that does not fit, or is in another currency."""
        return KeyLimitExceeded(limit=self.per_day.decimal, currency=self.per_day.currency)

    def require_currency(self, currency: str) -> None:
        """Refuse a payment in another currency than the key's.

        Raises:
            KeyLimitExceeded: it is.
        """
        if currency != self.per_day.currency:
            raise self.exceeded


NO_LIMIT: Final = Limit()


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount in whole units, with exceptions by currency (ISO 4217)."""

    of_any: Decimal
    by_currency: Mapping[str, Decimal]

    def minor(self, currency: str) -> int:
        """Return the amount of a currency in its minor units."""
        return int(self.by_currency.get(currency, self.of_any).scaleb(CURRENCIES[currency]))


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """The limits of everybody who has none of their own; None limits nothing."""

    per_payment: Amounts | None = None
    per_day: Amounts | None = None

    @property
    def currencies(self) -> set[str]:
        """The currencies whose limits are shown to everybody."""
        found = {DEFAULT_CURRENCY}
        for amounts in (self.per_payment, self.per_day):
            found |= set() if amounts is None else set(amounts.by_currency)
        return found

    def in_force(self, currency: str, own: Limit | None) -> Limit:
        """Return a person's own limits of the currency, else everybody's."""
        if own is not None:
            return own
        if self.per_payment is None and self.per_day is None:
            return NO_LIMIT
        return Limit(
            None if self.per_payment is None else self.per_payment.minor(currency),
            None if self.per_day is None else self.per_day.minor(currency),
        )


def require_fit(limit: Limit, amount_minor: int, currency: str) -> None:
    """Refuse a payment that is above the limit of one payment."""
    if limit.per_payment is not None and amount_minor > limit.per_payment:
        raise LimitPerPayment(limit=decimal_text(limit.per_payment, currency), currency=currency)


def day_is_full(limit: Limit, currency: str) -> LimitPerDay:
    """Return the refusal of a payment that does not fit into the day any more."""
    return LimitPerDay(limit=decimal_text(limit.per_day or 0, currency), currency=currency)


class Day:
    """Counts what is paid of a day, by currency, while the rows of a bulk are decided."""

    def __init__(self, spent: Mapping[str, int]) -> None:
        self._spent = dict(spent)
        self.added: dict[str, int] = {}

    def count(self, limit: Limit, amount_minor: int, currency: str) -> bool:
        """Count a payment, in minor units; False where its day has no limit.

        Raises:
            LimitPerPayment, LimitPerDay: it does not fit.
        """
        require_fit(limit, amount_minor, currency)
        if limit.per_day is None:
            return False
        added = self.added.get(currency, 0) + amount_minor
        if self._spent.get(currency, 0) + added > limit.per_day:
            raise day_is_full(limit, currency)
        self.added[currency] = added
        return True
