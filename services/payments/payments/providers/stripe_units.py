"""Converts money to and from Stripe's units, which may differ from ISO 4217's.

Source: docs.stripe.com/currencies, "minor units", "special cases", "minimum and maximum".
"""

from typing import Final

from contracts.cards import (
    CardAmountNotAccepted,
    CardAmountTooLarge,
    CardAmountTooSmall,
    CardCurrencyNotAccepted,
)
from kit.money import CURRENCIES, Money, decimal_text

# Currencies that Stripe charges cards in and that ISO 4217 still has, by the number of decimals
# that Stripe counts. HUF and TWD are whole in payouts only.
_CHARGED: Final = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
        CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR
        MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD XCG YER
        ZAR ZMW
    """,
    3: "BHD JOD KWD OMR TND",
}
_DECIMALS: Final = {code: count for count, codes in _CHARGED.items() for code in codes.split()}
# In currencies of three decimals the last one must be 0.
_OF_THREE: Final = 10

# The smallest charge, in Stripe's units, for a shop that is paid out in the currency.
_LEAST_OF: Final = {
    30: "GBP",
    50: "ARS AUD BRL CAD CHF COP EUR IDR ILS INR JPY KRW NZD PHP RUB SGD USD ZAR",
    200: "AED MYR PLN RON",
    250: "DKK",
    300: "NOK SEK",
    400: "HKD",
    1000: "MXN THB",
    1500: "CZK",
    17500: "HUF",
}
_LEAST: Final = {code: least for least, codes in _LEAST_OF.items() for code in codes.split()}
_MOST_DIGITS: Final = {"IDR": 12, "COP": 10, "INR": 9}
_MOST_DIGITS_ELSEWHERE: Final = 8


def smallest_units(minor: int, currency: str) -> int:
    """Return a number of minor units of ISO 4217 in Stripe's units.

    Raises:
        ValueError: there is no such number of Stripe's units.
    """
    units, rest = divmod(minor * _per_whole(currency), _minor_per_whole(currency))
    if rest or minor % _step(currency):
        raise ValueError(f"{minor} minor units of {currency} can't be said to Stripe")
    return units


def minor_units(units: int, currency: str) -> int:
    """Return a number of Stripe's units in minor units of ISO 4217.

    The currency may be in either case.

    Raises:
        ValueError: it is no whole number of them, or the currency is not known.
    """
    code = currency.upper()
    if code not in CURRENCIES:
        raise ValueError(f"no such currency: {code[:8]!r}")
    minor, rest = divmod(units * _minor_per_whole(code), _per_whole(code))
    if rest:
        raise ValueError(f"{units} of Stripe's units are no whole minor units of {code}")
    return minor


def check_refund(money: Money) -> None:
    """Check that Stripe can give such a sum back.

    Raises:
        CardAmountNotAccepted: Stripe's units can't express it.
    """
    step = _step(money.currency)
    if money.minor % step:
        text = decimal_text(step, money.currency)
        raise CardAmountNotAccepted(currency=money.currency, step=text)


def check_charge(money: Money) -> None:
    """Check that Stripe can charge such an amount.

    Raises:
        CardCurrencyNotAccepted: it charges none in the currency.
        CardAmountNotAccepted: Stripe's units can't express it.
        CardAmountTooSmall, CardAmountTooLarge: it is outside of what is charged at once.
    """
    currency = money.currency
    if currency not in _DECIMALS:
        raise CardCurrencyNotAccepted(currency=currency)
    check_refund(money)
    units = smallest_units(money.minor, currency)
    least = _LEAST.get(currency, 1)
    if units < least:
        raise CardAmountTooSmall(currency=currency, least=_text(least, currency))
    most = 10 ** _MOST_DIGITS.get(currency, _MOST_DIGITS_ELSEWHERE) - 1
    if units > most:
        raise CardAmountTooLarge(currency=currency, most=_text(most, currency))


def _decimals(currency: str) -> int:
    """Return how many decimals Stripe counts."""
    return _DECIMALS.get(currency, CURRENCIES[currency])


def _per_whole(currency: str) -> int:
    units: int = 10 ** _decimals(currency)
    return units


def _minor_per_whole(currency: str) -> int:
    minor: int = 10 ** CURRENCIES[currency]
    return minor


def _step(currency: str) -> int:
    """Return the number of minor units of ISO 4217 that amounts must be multiples of."""
    if _decimals(currency) == max(_CHARGED):
        return _OF_THREE
    return max(1, _minor_per_whole(currency) // _per_whole(currency))


def _text(units: int, currency: str) -> str:
    """Return units of Stripe's as an amount, rounded down to whole minor units."""
    return decimal_text(units * _minor_per_whole(currency) // _per_whole(currency), currency)
