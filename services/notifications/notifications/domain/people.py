"""What notifications knows of a person, as auth has told."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A user; ``username`` is None for one who registered by e-mail alone, or is deleted.

    ``has_email`` is None where auth has not told: then it is asked when there is something to send.
    """

    user_id: UUID
    username: str | None
    status: str
    version: int
    has_email: bool | None = None

    @property
    def is_deleted(self) -> bool:
        """Tell whether all that was written to this person must be forgotten."""
        return self.status == "deleted"
