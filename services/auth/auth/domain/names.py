"""Decides which usernames, e-mail addresses and full names are valid, and equal.

All are compared by one rule: NFKC and casefold. It does not know which names are taken.
"""

import unicodedata
from typing import Final

import idna

from auth.refusals import EmailNotAscii, EmailRefused, FullNameRefused, UsernameRefused
from kit.characters import holds_unseen

USERNAME_SHORTEST: Final = 3
USERNAME_LONGEST: Final = 64
EMAIL_LONGEST: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
EMAIL_LOCAL_LONGEST: Final = 64  # RFC 5321 §4.5.3.1.1
FULL_NAME_LONGEST: Final = 200
KEY_LONGEST: Final = 256  # NFKC can turn one character into eighteen

# Categories of visible characters: letters, marks, numbers, punctuation, symbols.
_VISIBLE: Final = frozenset("LMNPS")
# Characters of these categories that are invisible: fillers, joiners and variation selectors
# (Unicode's Default_Ignorable_Code_Point), and the blank Braille pattern.
_DRAWS_NOTHING: Final = frozenset(
    chr(code)
    for first, last in (
        *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800)),
        *((0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
# Keyboards write it after a symbol to make it an emoji; it is allowed nowhere else.
EMOJI_STYLE: Final = "\ufe0f"
# Explicit direction marks (Unicode TR9) can make a name look like another one.
_DIRECTION_MARKS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_ISOLATES: Final = frozenset("\u2066\u2067\u2068\u2069")
_NOT_IN_EMAIL: Final = frozenset('<>()[]\\,;:"')


def comparison_key(text: str) -> str:
    """Return the key that spellings of one name share (TR15, NFKC casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def username(text: str) -> str:
    """Return a valid username as written.

    Raises:
        UsernameRefused: not 3-64 visible characters, or it has an "@", even a disguised one.
    """
    key = comparison_key(text)
    if not USERNAME_SHORTEST <= len(text) <= USERNAME_LONGEST:
        raise UsernameRefused
    if not USERNAME_SHORTEST <= len(key) <= KEY_LONGEST:
        raise UsernameRefused
    if not (_is_visible(text) and _is_visible(key)) or "@" in key:
        raise UsernameRefused
    return text


def email(text: str) -> str:
    """Return a valid e-mail address as written; only a mail can tell if it exists.

    Raises:
        EmailRefused: not of the form local@domain.tld, or longer than RFC 5321 allows.
    """
    key = comparison_key(text)
    local, _, domain = key.partition("@")
    labels = domain.split(".")
    if max(len(text), len(key)) > EMAIL_LONGEST or not 1 <= len(local) <= EMAIL_LOCAL_LONGEST:
        raise EmailRefused
    if key.count("@") != 1 or len(labels) == 1 or not all(labels):
        raise EmailRefused
    if not _is_visible(text) or not _is_visible(key) or _NOT_IN_EMAIL.intersection(key):
        raise EmailRefused
    if not domain.isascii() and email_key(text).rpartition("@")[2] == domain:
        raise EmailRefused  # not a DNS name (IDNA 2008)
    return text


def require_ascii_local(address: str) -> None:
    """Refuse an address that a relay without SMTPUTF8 (RFC 6531) can't take.

    Raises:
        EmailNotAscii: its local part is not ASCII.
    """
    if not address.rpartition("@")[0].isascii():
        raise EmailNotAscii


def email_key(text: str) -> str:
    """Return the key that spellings of one address share; domains also by IDNA 2008."""
    local, at, domain = comparison_key(text).rpartition("@")
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return f"{local}{at}{domain}"


def name_key(text: str) -> str:
    """Return the key by which a username or an address is found."""
    return email_key(text) if is_email(text) else comparison_key(text)


def full_name(text: str) -> str:
    """Return a valid full name as written.

    Raises:
        FullNameRefused: empty, longer than 200, or with control characters or direction marks.
    """
    if not text.strip() or len(text) > FULL_NAME_LONGEST:
        raise FullNameRefused
    if holds_unseen(text):
        raise FullNameRefused
    if (_DIRECTION_MARKS | _ISOLATES).intersection(text):
        raise FullNameRefused
    return text


def is_email(name: str) -> bool:
    """Tell whether a login name is an e-mail address: usernames have no "@"."""
    return "@" in comparison_key(name)


def _is_visible(text: str) -> bool:
    kinds = [unicodedata.category(character) for character in text]
    return all(
        kind[0] in _VISIBLE
        and (character not in _DRAWS_NOTHING or (character == EMOJI_STYLE and before == "So"))
        for character, kind, before in zip(text, kinds, ["", *kinds], strict=False)
    )
