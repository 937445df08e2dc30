"""A clock that stands still until it is turned."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Tells the time it was given."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)

    def now(self) -> datetime:
        """Return the time this clock stands at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Turn the clock on."""
        self._now += timedelta(seconds=seconds)
