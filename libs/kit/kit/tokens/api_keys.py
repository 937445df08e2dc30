"""Owns the form of API keys: a typing error is recognised without asking anybody.

`sk_live_` in production, else `sk_test_`; 43 letters and digits (256 bit); and the CRC-32 of all
that in six more, as GitHub's tokens have one. Scanners for leaked secrets know such prefixes. Does
not know which keys there are: services/auth does.
"""

import re
import secrets
import string
import zlib
from typing import Final

MARK: Final = "sk_"

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_BYTES: Final = 32
_SECRET_LENGTH: Final = 43  # 62 ** 43 is the first power above 2 ** 256
_CHECKSUM_LENGTH: Final = 6  # likewise for 2 ** 32
_FORM: Final = re.compile(r"sk_(live|test)_[0-9A-Za-z]{49}")


def new_api_key(*, is_live: bool) -> str:
    """Return a new random key; it is shown to its owner once."""
    secret = int.from_bytes(secrets.token_bytes(_SECRET_BYTES), "big")
    kind = "live" if is_live else "test"
    body = f"{MARK}{kind}_{_base62(secret, _SECRET_LENGTH)}"
    return body + _checksum(body)


def is_api_key(credentials: str) -> bool:
    """Tell whether bearer credentials mean to be an API key: no token begins like one."""
    return credentials.startswith(MARK)


def is_well_formed(key: str) -> bool:
    """Tell whether a key has the form and the checksum, not whether there is one."""
    body, checksum = key[:-_CHECKSUM_LENGTH], key[-_CHECKSUM_LENGTH:]
    return _FORM.fullmatch(key) is not None and checksum == _checksum(body)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
