"""Which usernames look like another one (Unicode TS 39): mixed scripts, confusable letters.

The data are those of Unicode, by the library confusable_homoglyphs. It does not know who has which.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any, Final

from confusable_homoglyphs import categories
from confusable_homoglyphs.utils import load

from auth.domain.names import comparison_key, username
from auth.refusals import UsernameMixed, UsernameReserved

# Names that speak for the house; whoever runs it may give them by the command line.
RESERVED: Final = (
    *("abuse", "admin", "administrator", "mod", "moderator", "official"),
    *("operator", "postmaster", "root", "saldo"),
    *("security", "support", "system", "webmaster"),
)
_READ_OVER: Final = frozenset("-_.'\u00b7")
_STROKES: Final = str.maketrans("l1|", "iii")
_OF_NO_SCRIPT: Final = frozenset({"COMMON", "INHERITED", "UNKNOWN"})
# What is written together: TS 39 §5.2, “highly restrictive”.
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)


def new_username(text: str) -> str:
    """Return a username that somebody wants to have.

    Raises:
        UsernameRefused: see `names.username`.
        UsernameMixed: letters of several scripts.
        UsernameReserved: it is, or looks like, a name that speaks for the house.
    """
    username(text)
    scripts = {_script(one) for one in unicodedata.normalize("NFKC", text)} - _OF_NO_SCRIPT
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise UsernameMixed
    if {_bare(look) for look in looks(text)} & _reserved():
        raise UsernameReserved
    return text


def skeleton(text: str) -> str:
    """Return what all names have in common that look like this one (TS 39 §4), in any case."""
    decomposed = unicodedata.normalize("NFD", comparison_key(text))
    return _folded(decomposed)


def looks(text: str) -> set[str]:
    """Return the skeletons of a name as it is compared and as it is written: I passes for l."""
    written = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return {skeleton(text), _folded(written)}


def resting_key(look: str) -> bytes:
    """Return what a name that rests is known by; the name itself is forgotten."""
    return sha256(look.encode()).digest()


def _folded(decomposed: str) -> str:
    text = "".join(_prototype(one) for one in decomposed)
    return unicodedata.normalize("NFD", text).casefold()


def _bare(look: str) -> str:
    """Return a look without what people read over: marks, separators, and l and 1 for i."""
    decomposed = unicodedata.normalize("NFD", look)
    kept = (one for one in decomposed if not unicodedata.combining(one) and one not in _READ_OVER)
    return "".join(kept).translate(_STROKES)


@cache
def _reserved() -> frozenset[str]:
    return frozenset(_bare(skeleton(name)) for name in RESERVED)


@cache
def _confusables() -> Mapping[str, list[dict[str, Any]]]:
    found: Mapping[str, list[dict[str, Any]]] = load("confusables.json")  # type: ignore[no-untyped-call]
    return found


def _prototype(character: str) -> str:
    """Return what a character passes for; the data go both ways, from many to one and back."""
    similar = [one["c"] for one in _confusables().get(character, ())]
    if len(similar) != 1:
        return character
    back = _confusables().get(similar[0], ())
    return min(character, similar[0]) if len(back) == 1 else str(similar[0])


def _script(character: str) -> str:
    script: str = categories.alias(character)  # type: ignore[no-untyped-call]
    return script.upper()
