"""Splits texts into the words by which products are found.

Stored texts and searches are split alike, so that what stands in a text is found by it.
"""

import unicodedata
from typing import Final

MOST_WORDS: Final = 12  # of a search
_KEY_LENGTH: Final = 40
_WORD_LENGTH: Final = 100  # PostgreSQL leaves out words of more than 2,046 bytes


def folded(text: str) -> str:
    """Return a text's form that its other spellings share: NFKC, casefold, е for ё."""
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")


def words_of(text: str) -> list[str]:
    """Return the words of a text: runs of letters, digits and their marks, folded.

    Of a longer word only its first 100 characters count.
    """
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in folded(text))
    return [word[:_WORD_LENGTH] for word in "".join(kept).split()]


def name_key(name: str) -> str:
    """Return what names are ordered by: the first 40 characters, folded."""
    return folded(name)[:_KEY_LENGTH]
