"""Owns what time it is. Does not sleep or schedule; tests pass `testkit.clock.FakeClock`."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present as an aware datetime in UTC."""
        return datetime.now(UTC)
