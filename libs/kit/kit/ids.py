"""Owns how ids are made: time-ordered UUIDv7 for new things, UUIDv5 for things derived from others.

Does not give the short integer `number` of users and wallets; the database counts those.
"""

from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

# Saldo's own namespace for derived ids; changing it would give every derived thing a new id.
NAMESPACE = UUID("5a1d0000-5a1d-5a1d-8a1d-5a1d05a1d05a")

_VERSION_7 = 7
_MILLISECOND_SHIFT = 80  # RFC 9562 §5.7: the first 48 of 128 bits are Unix milliseconds


def new_id() -> UUID:
    """Return a new UUIDv7, increasing within the process, as the standard library's type."""
    return uuid7()


def uuid7_day(id: UUID) -> date:  # noqa: A002 (named as everywhere else)
    """Return the UTC day inside a UUIDv7; any other version is a ValueError."""
    if id.version != _VERSION_7:
        raise ValueError("not a UUIDv7")
    seconds = (id.int >> _MILLISECOND_SHIFT) // 1000
    return datetime.fromtimestamp(seconds, UTC).date()


def derived_id(*parts: object) -> UUID:
    """Return the same UUIDv5 for the same parts, compared as text, in the same order.

    Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    texts = [str(part) for part in parts]
    return uuid5(NAMESPACE, "".join(f"{len(text)}:{text}" for text in texts))
