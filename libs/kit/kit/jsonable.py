"""Knows what orjson has to be told: the database driver's ids are a subclass of UUID."""

from uuid import UUID


def plain(value: object) -> str:
    """Return what orjson can write for a value it does not know; TypeError for all but ids."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
