"""Tells a time that stands still until a test turns it on."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Tells the time it was given; without one, today's noon.

    Noon, so that what a test adds or takes away crosses no border of a day that it does not mean
    to cross, at whatever hour the tests run.
    """

    def __init__(self, now: datetime | None = None) -> None:
        noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self._now = now or noon

    def now(self) -> datetime:
        """Return the time this clock stands at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Turn the clock on."""
        self._now += timedelta(seconds=seconds)
