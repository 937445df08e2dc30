"""Which passwords are good enough, and the one form of a password that is hashed.

It does not hash: `auth.crypto.hashing` does.
"""

import unicodedata
from typing import Final

from auth.domain.common_passwords import COMMON_PASSWORDS
from auth.refusals import PasswordTooCommon, PasswordWrongLength

SHORTEST: Final = 8
LONGEST: Final = 256


def new_password(text: str) -> str:
    """Return a password that somebody wants to set, in the form that is hashed.

    No rules of composition (NIST SP 800-63B §5.1.1.2): length, and not one of the commonest.
    Nothing is trimmed: a space at the end is part of the password.

    Raises:
        PasswordWrongLength: fewer than 8 or more than 256 characters.
        PasswordTooCommon: among the first that anybody would try.
    """
    if not SHORTEST <= len(text) <= LONGEST:
        raise PasswordWrongLength
    if text.casefold() in COMMON_PASSWORDS:
        raise PasswordTooCommon
    return canonical(text)


def canonical(text: str) -> str:
    """Return NFC: keyboards differ in how they compose "é", and both must open the same door.

    Not NFKC: that would make different passwords one ("①" and "1").
    """
    return unicodedata.normalize("NFC", text)
