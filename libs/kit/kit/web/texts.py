"""Owns what names and free texts of people may hold: what can be seen, and may be.

The refusals never repeat the text.
"""

import unicodedata
from typing import Final

from pydantic.config import JsonDict

from kit.card_numbers import holds_card_number
from kit.characters import holds_unseen
from kit.web.fields import refuse_field

# Format characters that are let through, as some scripts are spelt with them.
_JOINERS: Final = "\u200c\u200d"
# What JSON Schema can say of the rules below: it does not know which characters Unicode has.
_CONTROLS: Final = r"\u007f-\u009f\u2028\u2029"
# Blanks first, then what is none: no text can be divided in two ways, so none takes long.
LINE: Final[JsonDict] = {
    "pattern": rf"^[^\S\u0000-\u001f{_CONTROLS}]*[^\s\u0000-\u001f{_CONTROLS}]"
    rf"[^\u0000-\u001f{_CONTROLS}]*$"
}
# A line that may be blank, too.
ANY_LINE: Final[JsonDict] = {"pattern": rf"^[^\u0000-\u001f{_CONTROLS}]*$"}
TEXT: Final[JsonDict] = {"pattern": rf"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f{_CONTROLS}]*$"}


def is_visible_line(text: str) -> bool:
    """Tell whether a text is not blank, and every character of it can be seen."""
    kinds = {unicodedata.category(character) for character in text if character not in _JOINERS}
    return bool(text.strip()) and "Cf" not in kinds and not holds_unseen(text)


def visible_line(text: str) -> str:
    """Accept a name: one line of visible characters."""
    if not is_visible_line(text):
        raise refuse_field(
            "malformed",
            "Must be one line of visible characters.",
            "Должна быть одна строка из видимых знаков.",
        )
    return text


def plain_text(text: str) -> str:
    """Accept a text of several lines, without other control characters."""
    if holds_unseen(text, but="\r\n\t"):
        raise refuse_field(
            "malformed",
            "Must not hold control characters other than line breaks and tabs.",
            "Не должно содержать управляющих знаков, кроме перевода строки и табуляции.",
        )
    return text


def no_card_number(text: str) -> str:
    """Accept a text that holds no full card number, as none is stored or logged."""
    if holds_card_number(text):
        raise refuse_field(
            "card_number_refused",
            "A full card number must not be sent; at most its last four digits.",
            "Полный номер карты передавать нельзя; не больше последних четырёх цифр.",
        )
    return text
