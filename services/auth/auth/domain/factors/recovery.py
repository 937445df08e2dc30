"""Makes and compares recovery codes, for who has lost the other factor."""

import base64
from hashlib import sha256
from typing import Final
from uuid import UUID

CODES: Final = 10
CODE_BYTES: Final = 10  # 80 bits: as many as anybody types, and far beyond what can be tried
_GROUP: Final = 4
# What people write for characters that base32 (RFC 4648 §6) does not have.
_MISREAD: Final = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})


def text_of(random: bytes) -> str:
    """Return a code as it is shown: base32 in groups of four."""
    text = base64.b32encode(random).decode()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def digest(user_id: UUID, code: str) -> bytes:
    """Return the stored hash of a user's code, however it is typed.

    The code is random, so a slow hash adds nothing.
    """
    canonical = code.upper().translate(_MISREAD)
    return sha256(user_id.bytes + canonical.encode("utf-8", "surrogatepass")).digest()
