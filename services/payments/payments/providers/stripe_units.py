"""Amounts as Stripe counts them (docs.stripe.com/currencies)."""

from typing import Final

# Stripe counts these in hundredths, though ISO 4217 has no decimals for them any more.
_IN_HUNDREDTHS: Final = frozenset({"ISK", "UGX"})


def smallest_units(minor: int, currency: str) -> int:
    """Return an amount in Stripe's smallest units, from minor units of the currency."""
    return minor * _factor(currency)


def minor_units(smallest: int, currency: str) -> int:
    """Return an amount in minor units of the currency, from Stripe's smallest units."""
    return smallest // _factor(currency)


def _factor(currency: str) -> int:
    return 100 if currency in _IN_HUNDREDTHS else 1
