"""Reads amounts in the currency of an account, and bounds balances."""

from typing import Final

from finance.refusals import BalanceOutOfRange
from kit.money import MAX_MINOR, AmountRefused, AmountZero, Money, decimal_text
from kit.refusals import FieldFault, ValidationFailed

MOST_BALANCE: Final = MAX_MINOR  # in minor units, either way


def minor_of(text: str, currency: str, *, at: str = "amount", most: int = MAX_MINOR) -> int:
    """Return an amount in minor units, up to ``most``.

    `at` says where it stands in the request.

    Raises:
        ValidationFailed: it is no amount of the currency.
    """
    try:
        return Money.parse(text, currency, most=most).minor
    except AmountRefused as refusal:
        en, ru = refusal.detail("en"), refusal.detail("ru")
        fault = FieldFault(f"/{at}", refusal.code, en, ru)
        raise ValidationFailed(errors=[fault]) from None


def signed_minor_of(text: str, currency: str, *, at: str) -> int:
    """Return an amount that may be zero, or negative, in minor units."""
    unsigned = text.removeprefix("-")
    try:
        minor = Money.parse(unsigned, currency).minor
    except AmountZero:
        return 0
    except AmountRefused:
        minor = minor_of(unsigned, currency, at=at)
    return minor if unsigned == text else -minor


def written(minor: int, currency: str) -> str:
    """Return minor units as their owner would write them: “10” rather than “10.00”.

    So an amount may come to be of a currency with fewer decimals, if it fits.
    """
    text = decimal_text(minor, currency)
    return text.rstrip("0").rstrip(".") if "." in text else text


def require_balance(balance_minor: int) -> None:
    """Refuse a balance that no account may have.

    Raises:
        BalanceOutOfRange: it is beyond MOST_BALANCE.
    """
    if abs(balance_minor) > MOST_BALANCE:
        raise BalanceOutOfRange
