"""Makes ids: UUIDv7, ordered by time, for new things; UUIDv5 for derived ones.

Does not make the short integer `number` of users and wallets; the database counts those.
"""

from datetime import date
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid5, uuid7

# Saldo's own namespace of derived ids; another one would give every derived thing a new id.
NAMESPACE = UUID("5a1d0000-5a1d-5a1d-8a1d-5a1d05a1d05a")
# The highest there is: with it a page begins that has none before it, newest first.
LAST_ID = UUID(int=2**128 - 1)

# RFC 9562 §5.7: 48 bits of Unix milliseconds, 4 of version, 12 random, 2 of variant, 62 random
_MILLISECOND_SHIFT, _VERSION_SHIFT, _VARIANT_SHIFT = 80, 76, 62
_VERSION_7, _RFC_9562 = 7, 0b10
_DAY_MILLISECONDS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def new_id() -> UUID:
    """Return a new UUIDv7 of the standard library's type, increasing in the process."""
    return uuid7()


def new_id_text() -> str:
    """Return the text of a new UUIDv7, in a fifth of the object's time."""
    return str(uuid_utils.uuid7())


def uuid7_day(id: UUID) -> date:  # noqa: A002 (named as everywhere else)
    """Return the UTC day inside a UUIDv7; any other version is a ValueError."""
    number = id.int  # arithmetic, because every received message goes through here
    if number >> _VERSION_SHIFT & 0xF != _VERSION_7 or number >> _VARIANT_SHIFT & 0b11 != _RFC_9562:
        raise ValueError("not a UUIDv7")
    return date.fromordinal(_EPOCH_DAY + (number >> _MILLISECOND_SHIFT) // _DAY_MILLISECONDS)


def derived_id(*parts: object) -> UUID:
    """Return a UUIDv5 that is the same for the same parts in the same order.

    Parts are compared as text. Each part is preceded by its length, so that ("ab", "c") and ("a",
    "bc") differ.
    """
    texts = [str(part) for part in parts]
    return uuid5(NAMESPACE, "".join(f"{len(text)}:{text}" for text in texts))


def id_in(text: str) -> UUID | None:
    """Return the id that a text spells, None where it spells none."""
    try:
        return UUID(text)
    except ValueError:
        return None
