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

from auth.domain.names import EMOJI_STYLE, comparison_key, username
from auth.refusals import UsernameMixed, UsernameReserved

# Names that speak for the house; whoever runs it may give them by the command line. Written in
# Latin letters; Cyrillic ones are read by their sound as well.
RESERVED: Final = (
    *("abuse", "admin", "administrator", "admins", "help", "helpdesk", "hostmaster", "info"),
    *("mailer-daemon", "mod", "moderator", "noreply", "no-reply", "official", "operator"),
    *("postmaster", "root", "saldo", "security", "staff", "superadmin", "superuser", "support"),
    *("sysadmin", "sysop", "system", "webmaster"),
    # the product's own words: services, roles, and what its messages are about
    *("adjustment", "anybody", "auth", "clearing", "gateway", "house", "ledger", "notification"),
    *("notifications", "payment", "payments", "payout", "payouts", "refund", "refunds", "sandbox"),
    *("service", "services", "suspense", "treasury", "wallet", "wallets"),
)
# The same in the other language of the house.
_RESERVED_RU: Final = (
    *("админ", "админы", "администратор", "администрация", "безопасность", "возврат", "возвраты"),
    *("касса", "кошелёк", "кошельки", "модератор", "оператор", "официальный", "платёж", "платежи"),
    *("поддержка", "помощь", "рут", "сальдо", "сервис", "сисадмин", "система", "служба"),
    *("саппорт", "суперадмин", "суппорт", "техподдержка", "уведомления"),
)
# Say nothing alone, and beside a reserved name who speaks: saldo-team.
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
        UsernameReserved: it is, looks or sounds like a name that speaks for the house; or is made
            of such names, or one of them with a number: admin2 is read as another administrator.
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
    text = "".join(_prototype(one) for one in decomposed if one != EMOJI_STYLE)
    # An i has its dot already, and so has a j: one more is drawn over it.
    text = text.replace("i\u0307", "i").replace("j\u0307", "j")
    return unicodedata.normalize("NFD", text).casefold()


def _bare(look: str) -> str:
    """Return a look without what people read over: marks, separators, and l and 1 for i."""
    decomposed = unicodedata.normalize("NFD", look)
    kept = (one for one in decomposed if not unicodedata.combining(one) and one not in _READ_OVER)
    return "".join(kept).translate(_STROKES)


def _read(text: str) -> set[str]:
    """Return how a name can be read: as it looks, and Cyrillic as it sounds."""
    sound = "".join(_SOUNDS.get(one, one) for one in comparison_key(text))
    return {*looks(text), skeleton(sound)}


def _without_ends(key: str) -> str:
    """Return a name without the numbers and separators that it begins or ends with."""
    numbers = {one for one in key if one.isnumeric()}
    return key.strip("".join(numbers | _READ_OVER))


def _speaks_for_the_house(bare: str) -> bool:
    """Tell whether it is a reserved name, or several written together, companions among them."""
    reserved, companions = _reserved()
    if bare in reserved:
        return True
    # Which places a row of words ends at, and whether one of them is reserved.
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
    """Return reserved names and companions as they look, bare."""
    words = (*RESERVED, *_RESERVED_RU)
    return (
        frozenset(_bare(look) for name in words for look in _read(name)),
        frozenset(_bare(look) for name in _COMPANIONS for look in _read(name)),
    )


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
