"""kit.web.allowance: how often kept answers are counted."""

from datetime import UTC, datetime, timedelta

from kit.web.allowance import Allowance

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def stored(allowance: Allowance, keys: int, most: int) -> tuple[int, int]:
    """Store as many as are let in; return how many were, and how often they were counted."""
    kept = counts = 0
    for _ in range(keys):
        if allowance.take("alice"):
            kept += 1
        elif not allowance.is_full("alice", NOW):
            counts += 1
            free = most - kept - 1
            allowance.learn("alice", free, NOW)
            kept += free >= 0
    return kept, counts


def test_fifty_thousand_new_keys_are_counted_a_few_hundred_times() -> None:
    kept, counts = stored(Allowance(), 50_000, 50_000)
    assert kept == 50_000
    assert counts < 200


def test_one_process_never_stores_more_than_the_bound() -> None:
    for most in (1, 3, 16, 17, 18, 100, 1000):
        assert stored(Allowance(), 2 * most, most)[0] == most


def test_who_is_full_is_counted_again_after_a_minute_only() -> None:
    allowance = Allowance()
    assert stored(allowance, 1000, 1)[1] == 2
    assert allowance.is_full("alice", NOW + timedelta(seconds=59))
    assert not allowance.is_full("alice", NOW + timedelta(seconds=60))
    assert not allowance.is_full("bob", NOW)


def test_what_is_known_of_one_caller_is_no_other_ones() -> None:
    allowance = Allowance()
    allowance.learn("alice", 1000, NOW)
    assert allowance.take("alice")
    assert not allowance.take("bob")


def test_callers_do_not_fill_the_memory() -> None:
    allowance = Allowance()
    for number in range(20_001):
        allowance.learn(str(number), 1000 if number % 2 else -1, NOW)
    assert len(allowance) <= 20_000
    assert not allowance.take("1")
    assert allowance.take("19999")
