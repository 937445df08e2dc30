"""When a delivery is tried again and an endpoint given up: tables."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.ids import new_id
from notifications.domain.attempts import (
    ATTEMPTS,
    MOST_PAUSE,
    MOST_RETRY_AFTER,
    WAITS,
    AttemptResult,
    DeliveryStatus,
    Next,
    Streak,
    decide_next,
    pause_after,
    retry_after,
    streak_of,
)
from notifications.domain.endpoints import EndpointHealth, OffReason, decide_health

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OK, BUSY, GONE, LOST = (
    AttemptResult(204),
    AttemptResult(500),
    AttemptResult(410),
    AttemptResult(None, error="timeout"),
)
HOUR = timedelta(hours=1)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    since_start, times = timedelta(0), []
    for wait in WAITS:
        since_start += wait
        times.append(str(since_start))
    assert times == [
        "0:00:00",
        "0:00:05",
        "0:05:05",
        "0:35:05",
        "2:35:05",
        "7:35:05",
        "17:35:05",
        "1 day, 7:35:05",
        "2 days, 3:35:05",
        "3 days, 3:35:05",
    ]


@pytest.mark.parametrize(
    ("reply", "tries", "expected"),
    [
        (AttemptResult(200), 1, Next(DeliveryStatus.DELIVERED)),
        (AttemptResult(299), ATTEMPTS, Next(DeliveryStatus.DELIVERED)),
        (AttemptResult(100), 1, Next(DeliveryStatus.PENDING, NOW + seconds(5))),
        (AttemptResult(301), 1, Next(DeliveryStatus.PENDING, NOW + seconds(5))),
        (AttemptResult(307, seconds(1)), 1, Next(DeliveryStatus.PENDING, NOW + seconds(5))),
        (AttemptResult(404), 2, Next(DeliveryStatus.PENDING, NOW + seconds(300))),
        (AttemptResult(500), 3, Next(DeliveryStatus.PENDING, NOW + seconds(1_800))),
        (LOST, 4, Next(DeliveryStatus.PENDING, NOW + 2 * HOUR)),
        (LOST, 5, Next(DeliveryStatus.PENDING, NOW + 5 * HOUR)),
        (LOST, 6, Next(DeliveryStatus.PENDING, NOW + 10 * HOUR)),
        (LOST, 7, Next(DeliveryStatus.PENDING, NOW + 14 * HOUR)),
        (LOST, 8, Next(DeliveryStatus.PENDING, NOW + 20 * HOUR)),
        (LOST, 9, Next(DeliveryStatus.PENDING, NOW + 24 * HOUR)),
        (LOST, 10, Next(DeliveryStatus.FAILED)),
        (BUSY, 10, Next(DeliveryStatus.FAILED)),
        (GONE, 1, Next(DeliveryStatus.FAILED)),
        (AttemptResult(503, seconds(2)), 1, Next(DeliveryStatus.PENDING, NOW + seconds(5))),
        (AttemptResult(503, seconds(90)), 1, Next(DeliveryStatus.PENDING, NOW + seconds(90))),
        (
            AttemptResult(429, timedelta(days=400)),
            1,
            Next(DeliveryStatus.PENDING, NOW + MOST_RETRY_AFTER),
        ),
    ],
)
def test_how_a_delivery_goes_on(reply: AttemptResult, tries: int, expected: Next) -> None:
    assert decide_next(reply, tries, NOW, jitter=0) == expected


@pytest.mark.parametrize(("jitter", "wait"), [(-1, 270), (0, 300), (1, 330)])
def test_jitter_moves_an_attempt_by_a_tenth_at_most(jitter: float, wait: float) -> None:
    assert decide_next(BUSY, 2, NOW, jitter).at == NOW + seconds(wait)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("120", seconds(120)),
        (" 0 ", seconds(0)),
        ("99999999999999", MOST_RETRY_AFTER),
        ("Sat, 31 Jan 2026 12:01:00 GMT", seconds(60)),
        ("Sat, 31 Jan 2026 11:00:00 GMT", seconds(0)),
        ("Sat, 31 Jan 2026 12:01:00 -0000", seconds(60)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_RETRY_AFTER),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0661", None),
        ("1" * 100, None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header, NOW) == expected


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([], Streak()),
        ([OK, OK], Streak(is_fresh=True)),
        ([BUSY, LOST], Streak(failures=2)),
        ([BUSY, OK], Streak(is_fresh=True)),
        ([BUSY, OK, LOST], Streak(is_fresh=True, failures=1)),
        ([GONE], Streak(failures=1, is_gone=True)),
        ([GONE, OK], Streak(is_fresh=True, is_gone=True)),
        ([AttemptResult(429, seconds(30))], Streak(failures=1, patience=seconds(30))),
        ([AttemptResult(503, seconds(9_999))], Streak(failures=1, patience=MOST_PAUSE)),
        ([AttemptResult(404, seconds(30))], Streak(failures=1)),
        ([AttemptResult(429, seconds(30)), OK], Streak(is_fresh=True)),
    ],
)
def test_what_attempts_say_about_an_endpoint(
    replies: list[AttemptResult], expected: Streak
) -> None:
    assert streak_of(replies) == expected


@pytest.mark.parametrize(
    ("failures", "patience", "expected"),
    [(1, None, 1), (7, None, 7), (300, None, 10), (1, 30, 30), (9, 3, 9)],
)
def test_an_endpoint_that_fails_is_left_alone_for_a_while(
    failures: int, patience: float | None, expected: float
) -> None:
    asked = None if patience is None else seconds(patience)
    assert pause_after(failures, asked) == seconds(expected)


@pytest.mark.parametrize(
    ("before", "streak", "failures", "pause", "off"),
    [
        (0, Streak(is_fresh=True), 0, None, None),
        (9, Streak(is_fresh=True), 0, None, None),
        (9, Streak(is_fresh=True, failures=1), 1, 1, None),
        (0, Streak(failures=1), 1, 1, None),
        (4, Streak(failures=5), 9, 9, None),
        (9, Streak(failures=1), 10, 10, OffReason.FAILING),
        (0, Streak(failures=16), 16, 10, OffReason.FAILING),
        (0, Streak(failures=1, is_gone=True), 1, 1, OffReason.GONE),
        (9, Streak(failures=1, is_gone=True), 10, 10, OffReason.GONE),
        (0, Streak(failures=1, patience=seconds(60)), 1, 60, None),
    ],
)
def test_how_an_endpoint_stands_after_attempts(
    before: int, streak: Streak, failures: int, pause: float | None, off: OffReason | None
) -> None:
    health = EndpointHealth(new_id(), new_id(), "https://example.com/", before, None)
    after = decide_health(health, streak, NOW)
    assert (after.failures, after.off_reason) == (failures, off)
    assert after.resume_at == (None if pause is None else NOW + seconds(pause))
