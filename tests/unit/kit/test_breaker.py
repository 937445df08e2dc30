"""kit.breaker: when calls are held back, and how they come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.breaker import Breaker, BreakerLimits, BreakerState

LIMITS = BreakerLimits()


def call(breaker: Breaker, now: float, *, is_good: bool | None) -> bool:
    """Make a call where that is allowed; returns whether it was."""
    ticket = breaker.begin(now)
    if ticket is not None:
        breaker.end(ticket, now, is_good=is_good)
    return ticket is not None


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker("test")
    for _ in range(LIMITS.least_calls):
        call(breaker, now, is_good=False)
    assert breaker.state is BreakerState.OPEN
    return breaker


@pytest.mark.parametrize(
    ("failed", "good", "state"),
    [
        (49, 0, BreakerState.CLOSED),  # too few to say
        (50, 0, BreakerState.OPEN),
        (29, 21, BreakerState.CLOSED),
        (30, 20, BreakerState.OPEN),  # 60 % of 50
        (59, 41, BreakerState.CLOSED),
        (60, 40, BreakerState.OPEN),  # 60 % of 100
    ],
)
def test_it_opens_from_six_in_ten_failures_of_fifty_calls_on(
    failed: int, good: int, state: BreakerState
) -> None:
    breaker = Breaker("test")
    for is_good in [True] * good + [False] * failed:
        call(breaker, 0.0, is_good=is_good)
    assert breaker.state is state


def test_only_the_latest_calls_count() -> None:
    breaker = Breaker("test")
    for _ in range(1000):
        call(breaker, 0.0, is_good=True)
    for _ in range(60):
        assert breaker.state is BreakerState.CLOSED
        call(breaker, 0.0, is_good=False)
    assert breaker.state is BreakerState.OPEN


def test_what_is_long_ago_does_not_count() -> None:
    breaker = Breaker("test")
    for _ in range(49):
        call(breaker, 0.0, is_good=False)
    for _ in range(49):
        call(breaker, LIMITS.window_seconds + 1, is_good=False)
    assert breaker.state is BreakerState.CLOSED


def test_while_open_nothing_is_called() -> None:
    breaker = opened(now=0.0)
    assert breaker.begin(LIMITS.rest_seconds - 0.01) is None


def test_after_a_rest_one_call_at_a_time_is_tried() -> None:
    breaker = opened(now=0.0)
    probe = breaker.begin(LIMITS.rest_seconds)
    assert probe is not None
    assert breaker.begin(LIMITS.rest_seconds) is None
    breaker.end(probe, LIMITS.rest_seconds, is_good=True)
    assert breaker.begin(LIMITS.rest_seconds) is not None


def test_a_probe_that_does_not_end_holds_nobody_up() -> None:
    breaker = opened(now=0.0)
    slow = breaker.begin(1.0)
    assert slow is not None
    assert breaker.begin(1.0 + LIMITS.rest_seconds - 0.01) is None
    for _ in range(LIMITS.good_probes):
        assert call(breaker, 1.0 + LIMITS.rest_seconds, is_good=True)
    assert breaker.state is BreakerState.CLOSED
    breaker.end(slow, 100.0, is_good=False)
    assert breaker.state is BreakerState.CLOSED


def test_good_probes_in_a_row_close_it() -> None:
    breaker = opened(now=0.0)
    for _ in range(LIMITS.good_probes):
        assert breaker.state is not BreakerState.CLOSED
        assert call(breaker, LIMITS.rest_seconds, is_good=True)
    assert breaker.state is BreakerState.CLOSED


def test_a_bad_probe_opens_it_for_another_rest() -> None:
    breaker = opened(now=0.0)
    call(breaker, 1.0, is_good=True)
    call(breaker, 1.0, is_good=False)
    assert breaker.state is BreakerState.OPEN
    assert breaker.begin(1.5) is None
    assert breaker.begin(2.0) is not None


def test_a_probe_that_was_given_up_makes_room_for_another() -> None:
    breaker = opened(now=0.0)
    assert call(breaker, 1.0, is_good=None)
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.begin(1.0) is not None


def test_calls_that_began_before_it_opened_say_nothing_afterwards() -> None:
    breaker = Breaker("test")
    slow = [breaker.begin(0.0) for _ in range(10)]
    for _ in range(50):
        call(breaker, 0.0, is_good=False)
    probe = breaker.begin(1.0)
    for ticket in slow:
        assert ticket is not None
        breaker.end(ticket, 1.0, is_good=False)
    assert breaker.state is BreakerState.HALF_OPEN
    assert probe is not None
    breaker.end(probe, 1.0, is_good=True)
    assert breaker.begin(1.0) is not None


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from([True, False, None]))))
def test_whatever_happens_a_call_is_made_again_after_a_rest(
    story: list[tuple[float, bool | None]],
) -> None:
    breaker, now = Breaker("test", BreakerLimits(least_calls=3, most_calls=5)), 0.0
    for passed, is_good in story:
        now += passed
        call(breaker, now, is_good=is_good)
    assert call(breaker, now + LIMITS.rest_seconds, is_good=True)
