"""Turns messages and the driver's ids into what orjson can write.

asyncpg's ids are of a subclass of UUID, which orjson does not know.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict


def plain(value: object) -> str | dict[str, Any]:
    """Return a message or an id as orjson can write it; TypeError for anything else."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
