"""Decides which usernames look alike (Unicode TS 39) or are reserved.

It finds mixed scripts and confusable letters with Unicode's data (library confusable_homoglyphs).
It does not know who has which name.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from sys import intern
from typing import Any, Final

from confusable_homoglyphs import categories
from confusable_homoglyphs.utils import load

from auth.domain.names import EMOJI_STYLE, comparison_key, username
from auth.refusals import UsernameMixed, UsernameReserved

# Names that seem to speak for the operator, who can give them out by the command line. They are in
# Latin letters; Cyrillic usernames are compared by their sound, too.
RESERVED: Final = (
    *("abuse", "admin", "administrator", "admins", "help", "helpdesk", "hostmaster", "info"),
    *("mailer-daemon", "mod", "moderator", "noreply", "no-reply", "official", "operator"),
    *("postmaster", "root", "saldo", "security", "staff", "superadmin", "superuser", "support"),
    *("sysadmin", "sysop", "system", "webmaster"),
    # the product's own words: services, roles, subjects of its messages
    *("adjustment", "anybody", "auth", "clearing", "gateway", "house", "ledger", "notification"),
    *("notifications", "payment", "payments", "payout", "payouts", "refund", "refunds", "sandbox"),
    *("service", "services", "suspense", "treasury", "wallet", "wallets"),
)
# The same in Russian.
_RESERVED_RU: Final = (
    *("админ", "админы", "администратор", "администрация", "безопасность", "возврат", "возвраты"),
    *("касса", "кошелёк", "кошельки", "модератор", "оператор", "официальный", "платёж", "платежи"),
    *("поддержка", "помощь", "рут", "сальдо", "сервис", "сисадмин", "система", "служба"),
    *("саппорт", "суперадмин", "суппорт", "техподдержка", "уведомления"),
)
# Allowed alone, but refused next to a reserved name: saldo-team.
_COMPANIONS: Final = ("bot", "center", "desk", "online", "team", "команда", "бот")
_SOUNDS: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        (
            *("a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p"),
            *("r", "s", "t", "u", "f", "h", "ts", "ch", "sh", "sch", "", "y", "", "e", "yu", "ya"),
            *("i", "i", "e", "g"),
        ),
        strict=True,
    )
)
_READ_OVER: Final = frozenset("-_.'\u00b7")
_STROKES: Final = str.maketrans("l1|", "iii")
_OF_NO_SCRIPT: Final = frozenset({"COMMON", "INHERITED", "UNKNOWN"})
# Scripts that may be mixed: TS 39 §5.2, “highly restrictive”.
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)


def new_username(text: str) -> str:
    """Return a new username if it may be used.

    Raises:
        UsernameRefused: see `names.username`.
        UsernameMixed: it has letters of several scripts.
        UsernameReserved: it is, looks or sounds like a reserved name, several of them together, or
            one with a number: people read admin2 as another administrator.
    """
    username(text)
    scripts = {_script(one) for one in unicodedata.normalize("NFKC", text)} - _OF_NO_SCRIPT
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise UsernameMixed
    key = comparison_key(text)
    unnumbered = _without_ends(key)
    if any(_speaks_for_the_house(_bare(look)) for one in (text, unnumbered) for look in _read(one)):
        raise UsernameReserved
    return text


def skeleton(text: str) -> str:
    """Return a name's skeleton (TS 39 §4), which all names that look alike share.

    Upper and lower case are alike.
    """
    decomposed = unicodedata.normalize("NFD", comparison_key(text))
    return _folded(decomposed)


def look_alike(one: str, other: str) -> bool:
    """Tell whether two names look alike, so that one rests where the other does."""
    return skeleton(one) == skeleton(other)


def looks(text: str) -> set[str]:
    """Return the skeletons of a name as compared and as written: I looks like l."""
    written = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return {skeleton(text), _folded(written)}


def resting_key(look: str) -> bytes:
    """Return the hash by which a resting name is known; the name is not kept."""
    return sha256(look.encode()).digest()


def _folded(decomposed: str) -> str:
    text = decomposed.translate(_PROTOTYPES)
    # A dot above i or j is invisible, because the letter has its own.
    text = text.replace("i\u0307", "i").replace("j\u0307", "j")
    return unicodedata.normalize("NFD", text).casefold()


def _bare(look: str) -> str:
    """Return a skeleton without marks and separators, and with i for l and 1."""
    decomposed = unicodedata.normalize("NFD", look)
    kept = (one for one in decomposed if not unicodedata.combining(one) and one not in _READ_OVER)
    return "".join(kept).translate(_STROKES)


def _read(text: str) -> set[str]:
    """Return the skeletons of a name as it looks, and as Cyrillic sounds."""
    sound = "".join(_SOUNDS.get(one, one) for one in comparison_key(text))
    return {*looks(text), skeleton(sound)}


def _without_ends(key: str) -> str:
    """Return a name without leading and trailing numbers and separators."""
    numbers = {one for one in key if one.isnumeric()}
    return key.strip("".join(numbers | _READ_OVER))


def _speaks_for_the_house(bare: str) -> bool:
    """Tell whether a name is reserved, or joined from reserved words and companions."""
    reserved, companions = _reserved()
    if bare in reserved:
        return True
    # Where a row of words can end -> whether it has a reserved one.
    ends: dict[int, bool] = {0: False}
    for place in range(len(bare)):
        if place not in ends:
            continue
        for word in reserved | companions:
            if bare.startswith(word, place):
                end = place + len(word)
                ends[end] = ends.get(end, False) or ends[place] or word in reserved
    return ends.get(len(bare), False)


@cache
def _reserved() -> tuple[frozenset[str], frozenset[str]]:
    """Return the bare skeletons of reserved names and of companions."""
    words = (*RESERVED, *_RESERVED_RU)
    return (
        frozenset(_bare(look) for name in words for look in _read(name)),
        frozenset(_bare(look) for name in _COMPANIONS for look in _read(name)),
    )


def _prototypes() -> Mapping[int, str | None]:
    """Return, for characters that look like others, the one that stands for them all.

    The data map many characters to one, and that one back to all of them. A style is no letter.
    """
    data: Mapping[str, list[dict[str, Any]]] = load("confusables.json")  # type: ignore[no-untyped-call]
    found: dict[int, str | None] = {ord(EMOJI_STYLE): None}
    for character, similar in data.items():
        if len(character) == len(similar) == 1:
            other: str = similar[0]["c"]
            stands = min(character, other) if len(data.get(other, ())) == 1 else other
            found[ord(character)] = intern(stands)  # the data have it once for each character
    return found


def _script(character: str) -> str:
    script: str = categories.alias(character)  # type: ignore[no-untyped-call]
    return script.upper()


# The data take 7 MiB, this half of one; read at the start, when much else takes what they leave.
_PROTOTYPES: Final = _prototypes()
