"""Reads amounts as banks write them, whatever their signs, spaces and marks."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from finance.files.readers.lines import LineError
from kit.money import CURRENCIES, MAX_MINOR

DECIMALS: Final = (",", ".")
_LONGEST: Final = 64
_BLANKS: Final = re.compile(r"[\s'\u2019\u00a0\u202f\u2009\u2007]+")
# All that is drawn as a minus; what else stands beside digits is no part of an amount.
_MINUS: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-")
)
_CURRENCY: Final = r"(?:[^\W\d_]|[$\xa2-\xa5\u20a0-\u20c0]){0,8}"
# Digits, grouped or not; a sign before or after, brackets or DR for a minus, a currency on either
# side, and what keeps a spreadsheet from reading all that.
_AMOUNT: Final = re.compile(
    r'=?"?(?P<open>\()?(?P<before>[-+]?)'
    rf"(?:(?P<led>[CD]R\.?)|{_CURRENCY})(?P<sign>[-+]?)(?P<digits>[0-9.,]+)"
    rf"(?:(?P<side>[CD]R\.?)|{_CURRENCY}\.?)(?P<after>[-+]?)(?P<close>\))?"
    r'"?',
    re.IGNORECASE,
)
_SIDES: Final = {"": "", "C": "+", "D": "-"}
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([.,])[0-9]{3}(\1[0-9]{3})*")
_GROUP: Final = 3


class _Cell(NamedTuple):
    is_minus: bool
    digits: str


def amount_of(text: str, decimal: str, currency: str) -> int:
    """Return an amount in minor units of a currency; zero is let through.

    Raises:
        LineError: `amount_malformed`, `amount_too_precise`, `amount_too_large`.
    """
    cell = _cell(text)
    if cell is None:
        raise LineError("amount_malformed")
    thousands = "." if decimal == "," else ","
    whole, _, fraction = cell.digits.partition(decimal)
    if thousands in fraction or decimal in fraction:
        raise LineError("amount_malformed")
    if thousands in whole and not _THOUSANDS.fullmatch(whole):
        raise LineError("amount_malformed")
    whole = whole.replace(thousands, "")
    exponent = CURRENCIES[currency]
    fraction = fraction.rstrip("0").ljust(exponent, "0")
    if len(fraction) > exponent:
        raise LineError("amount_too_precise")
    minor = int(Decimal(f"0{whole}{fraction}"))
    if minor > MAX_MINOR:
        raise LineError("amount_too_large")
    return -minor if cell.is_minus else minor


def is_amount(text: str) -> bool:
    """Tell whether a text may be an amount, in one fashion or the other."""
    return _cell(text) is not None


def is_minus(text: str) -> bool:
    """Tell whether a text is an amount below zero."""
    cell = _cell(text)
    return cell is not None and cell.is_minus


def decimal_of(cells: Iterable[str]) -> tuple[str | None, bool]:
    """Return the decimal mark that a column's amounts have, and whether that is sure.

    None where no amount has a mark at all. A mark before three last digits may part thousands.
    """
    votes = {",": 0, ".": 0}
    unsure = 0
    for text in cells:
        cell = _cell(text)
        digits = "" if cell is None else cell.digits
        marks = [one for one in digits if one in DECIMALS]
        if not marks:
            continue
        tail = digits.rpartition(marks[-1])[2]
        if len(set(marks)) > 1:
            votes[marks[-1]] += 1
        elif len(marks) > 1:
            votes["." if marks[0] == "," else ","] += 1
        elif len(tail) == _GROUP and digits[0] not in "0,.":
            unsure += 1
        else:
            votes[marks[0]] += 1
    if any(votes.values()):
        return max(votes, key=lambda mark: votes[mark]), True
    return ("." if unsure else None), not unsure


def _cell(text: str) -> _Cell | None:
    if len(text) > _LONGEST:
        return None
    found = _AMOUNT.fullmatch(_BLANKS.sub("", text.translate(_MINUS)))
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    side = _SIDES[f"{found['led'] or ''}{found['side'] or ''}"[:1].upper()]
    signs = f"{found['before']}{found['sign']}{found['after']}{side}"
    digits = found["digits"].rstrip(".,") if found["digits"][-1] in ".," else found["digits"]
    if len(signs) > 1 or not digits or not digits[-1].isdigit():
        return None
    return _Cell(signs == "-" or bool(found["open"]), digits)
