"""Says which names are the same, however they are spelt."""

import unicodedata
from typing import Final

_SORTED: Final = 40  # characters of a name that lists are ordered by


def name_key(name: str) -> str:
    """Return what a name's spellings share: NFKC, casefold, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def sort_key(name: str) -> str:
    """Return what names are ordered by: the beginning of their key."""
    return name_key(name)[:_SORTED]
