"""Tells which characters nobody can see, by Unicode's general categories."""

import unicodedata
from typing import Final

# Controls, surrogates, private use, unassigned, line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def holds_unseen(text: str, *, but: str = "") -> bool:
    """Tell whether a text holds characters that nobody can see, others than `but`."""
    return any(unicodedata.category(one) in _UNSEEN for one in text if one not in but)
