"""kit.moments: microseconds since 1970, exact both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kit.moments import microseconds_of, moment_at


@pytest.mark.parametrize(
    ("moment", "microseconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 2, 0, 0, 1, 7, tzinfo=UTC), 86_401_000_007),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime.max.replace(tzinfo=UTC), 253_402_300_799_999_999),
        (datetime.min.replace(tzinfo=UTC), -62_135_596_800_000_000),
    ],
)
def test_a_moment_is_counted_to_the_microsecond(moment: datetime, microseconds: int) -> None:
    assert microseconds_of(moment) == microseconds
    assert moment_at(microseconds) == moment


def test_a_moment_counts_the_same_in_every_zone() -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert microseconds_of(moment.astimezone(timezone(timedelta(hours=5)))) == microseconds_of(
        moment
    )
