"""What notifications knows of a person, as auth has told."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Person:
    """A user; ``username`` is None for one who registered by e-mail alone, or is deleted."""

    user_id: UUID
    username: str | None
    status: str
    version: int

    @property
    def is_deleted(self) -> bool:
        """Tell whether all that was written to this person must be forgotten."""
        return self.status == "deleted"
