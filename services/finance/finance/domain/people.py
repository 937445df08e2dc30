"""Defines the projection of auth's users."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

UNTOLD: Final = 0  # the version of who was asked for; any event's is newer


@dataclass(frozen=True, slots=True)
class Person:
    """A user; `username` is None if they have none or are deleted."""

    user_id: UUID
    username: str | None
    status: str
    version: int

    @property
    def is_deleted(self) -> bool:
        """Whether all that was kept of this person must be deleted."""
        return self.status == "deleted"
