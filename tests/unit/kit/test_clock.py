"""kit.clock: the time is aware and in UTC."""

from datetime import UTC, datetime

from kit.clock import SystemClock


def test_the_system_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()

    assert before <= told <= datetime.now(UTC)
    assert told.tzinfo is UTC
