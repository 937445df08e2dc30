"""Decides which passwords are accepted, and the form of them that is hashed.

`auth.crypto.hashing` hashes them.
"""

import unicodedata
from typing import Final

from auth.domain.breached import BREACHED
from auth.refusals import PasswordTooCommon, PasswordWrongLength

SHORTEST: Final = 8
LONGEST: Final = 256

# The letters of a Russian keyboard, and what the same keys give on an English one.
_KEYS: Final = str.maketrans(
    "йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
)


def new_password(text: str) -> str:
    """Return a new password in the form that is hashed.

    There are no rules of composition (NIST SP 800-63B §5.1.1.2), only a length and a list of those
    that breaches have made known. Nothing is trimmed: a space at the end is part of the password.

    Raises:
        PasswordWrongLength: fewer than 8 or more than 256 characters.
        PasswordTooCommon: it is known from breaches, so among the first that attackers try.
    """
    if not SHORTEST <= len(text) <= LONGEST:
        raise PasswordWrongLength
    known = folded(text)
    if known in BREACHED or known.translate(_KEYS) in BREACHED:
        raise PasswordTooCommon
    return canonical(text)


def canonical(text: str) -> str:
    """Return a password in NFC, because keyboards compose "é" in different ways.

    NFKC would make different passwords equal ("①" and "1").
    """
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Return a password in the form that is compared with known ones: NFKC, casefold."""
    return unicodedata.normalize("NFKC", text).casefold()
