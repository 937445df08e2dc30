"""Knows what else than its code banks write for a currency."""

from collections.abc import Mapping
from typing import Final

_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "RUB": ("RUR", "₽", "РУБ", "РУБ.", "Р."),
    "USD": ("$",),
    "EUR": ("€",),
}


def is_named(said: str, currency: str) -> bool:
    """Tell whether a text names a currency, or none at all."""
    word = said.strip().upper()
    return not word or word == currency or word in _SIGNS.get(currency, ())
