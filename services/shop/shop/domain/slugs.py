"""Makes slugs: names as they stand in addresses, in lower-case ASCII."""

import re
from typing import Final

from anyascii import anyascii

LONGEST: Final = 80
PATTERN: Final = "^[a-z0-9]+(-[a-z0-9]+)*$"
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def slug_of(name: str) -> str:
    """Return the slug of a name in any script; empty where nothing of it can be spelt."""
    words = _OTHER.sub("-", anyascii(name).lower()).strip("-")
    return words[:LONGEST].rstrip("-")
