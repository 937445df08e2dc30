"""Owns amounts: one spelling at the edge, integer minor units inside (ISO 4217).

Does not convert between currencies, and never touches a float.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Self

from kit.refusals import FieldRefusal

MAX_MINOR = 10**15
DEFAULT_CURRENCY = "RUB"

_MAX_TEXT_LENGTH = 24  # more than any amount up to MAX_MINOR needs; keeps int() cheap
_REMEMBERED = 1024

# ISO 4217 list one as of January 2026, by number of decimals. Codes without a minor unit (metals,
# XDR, XSU, XUA, XTS, XXX) are left out, because nobody holds a wallet in them.
_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
        CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
        GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
        LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
        NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
        SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
        XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES: Mapping[str, int] = MappingProxyType(
    {code: exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}
)


class AmountRefused(FieldRefusal):
    """The amount is not spelt as amounts are; the subclasses say what is wrong."""

    code = "amount_invalid"
    status = 422
    title_en = "Amount not accepted"
    title_ru = "Сумма не принята"
    detail_en = "Write the amount as a decimal string, such as “{example}”."
    detail_ru = "Запишите сумму десятичной строкой, например «{example}»."
    field = "amount"


class AmountTooPrecise(AmountRefused):
    """The amount has more decimals than the currency."""

    detail_en = "{currency} has {decimals} decimals at most: write the amount such as “{example}”."
    detail_ru = "В {currency} не более {decimals} знаков после точки, например «{example}»."


class AmountZero(AmountRefused):
    """The amount is zero."""

    detail_en = "The amount must be more than zero, such as “{example}”."
    detail_ru = "Сумма должна быть больше нуля, например «{example}»."


class AmountTooLarge(AmountRefused):
    """The amount is more than there may be, MAX_MINOR by default."""

    detail_en = "The amount may be “{largest}” at most; write it such as “{example}”."
    detail_ru = "Сумма не может превышать «{largest}»; запишите её, например, так: «{example}»."


class CurrencyUnknown(AmountRefused):
    """The currency is not an upper-case code of ISO 4217."""

    code = "currency_unknown"
    title_en = "Currency not known"
    title_ru = "Неизвестная валюта"
    detail_en = "Write the currency as an upper-case ISO 4217 code, such as “{example}”."
    detail_ru = "Укажите валюту заглавным кодом ISO 4217, например «{example}»."
    field = "currency"


class CurrencyMismatchError(ValueError):
    """Amounts of two currencies were put together: a bug, never a caller's fault."""


@dataclass(frozen=True, slots=True)
class Money:
    """A signed number of minor units of one currency.

    It is added to, and compared with, amounts of the same currency only.
    """

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: object, currency: object, *, most: int = MAX_MINOR) -> Self:
        """Return the amount that a caller wrote: “150.00”, 1 to ``most`` minor units.

        Raises:
            CurrencyUnknown: `currency` is not an upper-case ISO 4217 code with minor units.
            AmountRefused: `text` is not a string of plain ASCII digits with an optional point,
                has leading zeros, too many decimals, or is zero or too large.
        """
        exponent = CURRENCIES.get(currency) if isinstance(currency, str) else None
        if exponent is None or not isinstance(currency, str):
            raise CurrencyUnknown(example=DEFAULT_CURRENCY)
        example = example_amount(currency)
        if not isinstance(text, str) or not is_plain_decimal(text):
            raise AmountRefused(example=example)
        if len(text) > _MAX_TEXT_LENGTH:
            raise AmountTooLarge(largest=decimal_text(most, currency), example=example)
        whole, _, fraction = text.partition(".")
        if len(fraction) > exponent:
            raise AmountTooPrecise(currency=currency, decimals=exponent, example=example)
        minor = int(whole + fraction.ljust(exponent, "0"))
        if minor == 0:
            raise AmountZero(example=example)
        if minor > most:
            raise AmountTooLarge(largest=decimal_text(most, currency), example=example)
        return cls(minor, currency)

    @property
    def decimal(self) -> str:
        """Return the one spelling, with all the currency's decimals: “150.00”, “150”."""
        return decimal_text(self.minor, self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency}")
        return other.minor


def is_plain_decimal(text: str) -> bool:
    """Tell whether a text is ASCII digits, with at most one point inside.

    Leading zeros are not allowed.
    """
    whole, point, fraction = text.partition(".")
    return (
        text.isascii()
        and whole.isdigit()
        and (fraction.isdigit() or not point)
        and (whole[0] != "0" or whole == "0")
    )


@lru_cache(_REMEMBERED)
def decimal_text(minor: int, currency: str) -> str:
    """Return minor units in their one spelling; KeyError unless one of CURRENCIES.

    Most amounts of an answer are zero, and the others are written again by the next one.
    """
    exponent = CURRENCIES[currency]
    if exponent == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-exponent]}.{digits[-exponent:]}"


@cache
def example_amount(currency: str) -> str:
    """Return an accepted amount of the currency, for messages and documents."""
    return decimal_text(150 * 10 ** CURRENCIES[currency], currency)
