"""Remembers the subjects whose message could not be delivered. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class _Trouble:
    failures: int = 0
    until: float = 0.0


class Undeliverable:
    """Subjects whose message was returned or refused.

    Each failure makes the pause of a subject longer.
    """

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}

    def block(self, subjects: Iterable[str], now: float) -> None:
        """Leave subjects alone for a while from ``now``, by the monotonic clock."""
        for subject in set(subjects):
            trouble = self._troubles.setdefault(subject, _Trouble())
            pause = min(LAST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(trouble.failures, 30))
            trouble.failures += 1
            trouble.until = now + pause

    def blocked(self, now: float) -> frozenset[str]:
        """Return the subjects to leave alone at ``now``."""
        return frozenset(name for name, one in self._troubles.items() if one.until > now)

    def are_suspect(self, subjects: Iterable[str]) -> bool:
        """Tell whether the last message of any of the subjects could not be delivered."""
        return bool(self._troubles) and any(subject in self._troubles for subject in subjects)

    def forgive(self, subjects: Iterable[str], but: Collection[str] = ()) -> None:
        """Forget subjects whose message was delivered, but for some."""
        if self._troubles:
            for subject in subjects:
                if subject not in but:
                    self._troubles.pop(subject, None)

    def __len__(self) -> int:
        return len(self._troubles)
