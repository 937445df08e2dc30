"""Recognises full card numbers in free text, so that none is stored or logged.

Sources: ISO/IEC 7812-1 (length, Luhn check digit, first digit names the kind of issuer); RFC 9562
(UUIDs, which are no card numbers, whatever digits they hold).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

LENGTHS: Final = range(13, 20)
# 2 Mir and Mastercard, 3 American Express and JCB, 4 Visa, 5 Mastercard, 6 UnionPay and Maestro.
# Leaving the others out lets epoch milliseconds (1…) and most phone numbers with a prefix pass.
ISSUERS: Final = frozenset("23456")
_SHOWN: Final = 4
_DIGIT: Final = re.compile(r"\d")
_GROUPS: Final = re.compile(r"\d+")
# What people put between the groups of a number; anything longer, or a word, ends the number.
_SEPARATOR: Final = re.compile(r"[\s.,_/\-\u00b7\u2010-\u2015]{0,3}")
_UUID: Final = re.compile(
    r"(?<![^\W_])[0-9a-f]{8}(-?)[0-9a-f]{4}\1[1-8][0-9a-f]{3}\1[89ab][0-9a-f]{3}\1[0-9a-f]{12}"
    r"(?![^\W_])",
    re.IGNORECASE,
)


def holds_card_number(text: str) -> bool:
    """Tell whether a full card number is in the text, bare or in separated groups.

    Digits of any script count; invisible format characters do not. One in ten other numbers of 13
    to 19 digits that begin like a card number has a right check digit too, and is refused as well.
    """
    return next(_places(_plain(text)), None) is not None


def without_card_number(text: str | None) -> str | None:
    """Return a text that comes from a service; None where a full card number is in it."""
    return None if text is None or holds_card_number(text) else text


def with_masked_card_numbers(text: str) -> str:
    """Return a text with the last four digits of each full card number alone."""
    plain, parts, end = _plain(text), [], 0
    for place in _places(plain):
        hidden = place.stop - _SHOWN
        parts += [plain[end : place.start], _DIGIT.sub("*", plain[place.start : hidden])]
        end = hidden
    return "".join([*parts, plain[end:]]) if parts else text


def _plain(text: str) -> str:
    kept = (char for char in text if unicodedata.category(char) != "Cf")
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in kept)


def _places(plain: str) -> Iterator[slice]:
    """Yield where full card numbers are, none within another."""
    groups = list(_GROUPS.finditer(_UUID.sub(_blank, plain)))
    end = 0
    for first, group in enumerate(groups):
        found = None if group.start() < end else _end(plain, groups, first)
        if found is not None:
            end = found
            yield slice(group.start(), end)


def _blank(found: re.Match[str]) -> str:
    return "x" * len(found.group())


def _end(plain: str, groups: Sequence[re.Match[str]], first: int) -> int | None:
    """Return where a full card number ends that begins with a group; None: none does."""
    digits = ""
    end = groups[first].start()
    for group in groups[first : first + LENGTHS.stop]:
        if not _SEPARATOR.fullmatch(plain, end, group.start()):
            return None
        digits += group.group()
        end = group.end()
        if len(digits) >= LENGTHS.stop:
            return None
        if len(digits) in LENGTHS and digits[0] in ISSUERS and _passes_luhn(digits):
            return end
    return None


def _passes_luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    plain = sum(int(digit) for digit in digits[-1::-2])
    return (doubled + plain) % 10 == 0
