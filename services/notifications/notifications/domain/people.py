"""Defines the projection of auth's users."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A user; `username` is None if they have none or are deleted.

    `has_email` is None if auth's event did not say; then auth is asked when there is a mail to
    send.
    """

    user_id: UUID
    username: str | None
    status: str
    version: int
    has_email: bool | None = None

    @property
    def is_deleted(self) -> bool:
        """Whether all that was written to this person must be deleted."""
        return self.status == "deleted"
