"""How requests are counted, and what an answer says of it."""

import pytest

from gateway.limits.admission import network_of
from gateway.limits.counts import LocalCounts, UnderWay
from gateway.limits.policies import POLICIES, Policy, QuotaStanding, scaled

FIVE = Policy("five", 5, window_seconds=10)
SECOND = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(local: LocalCounts, times: int, policy: Policy = FIVE) -> list[bool]:
    return [local.take("alice", policy) >= 0 for _ in range(times)]


@pytest.mark.check(63)
def test_the_whole_quota_may_be_used_at_once_and_comes_back_evenly(clock: Clock) -> None:
    local = LocalCounts(now=clock)
    assert taken(local, 7) == [True] * 5 + [False] * 2
    clock.now += 2 * SECOND - 1
    assert taken(local, 1) == [False]
    clock.now += 1
    assert taken(local, 2) == [True, False]
    clock.now += 4 * SECOND
    assert taken(local, 3) == [True, True, False]
    clock.now += 3600 * SECOND
    assert taken(local, 6) == [True] * 5 + [False]


def test_each_caller_has_a_quota_of_their_own(clock: Clock) -> None:
    local = LocalCounts(now=clock)
    assert taken(local, 6)[-1] is False
    assert local.take("bob", FIVE) >= 0


def test_an_answer_says_what_is_left_and_when_all_is_back(clock: Clock) -> None:
    local = LocalCounts(now=clock)
    told = [QuotaStanding(FIVE, local.take("alice", FIVE)) for _ in range(6)]
    assert [one.header for one in told] == [
        b'"five";r=4;t=2',
        b'"five";r=3;t=4',
        b'"five";r=2;t=6',
        b'"five";r=1;t=8',
        b'"five";r=0;t=10',
        b'"five";r=0;t=10',
    ]
    assert [one.is_within for one in told] == [True] * 5 + [False]
    assert told[-1].retry_after_seconds == 2
    clock.now += SECOND + 1
    assert QuotaStanding(FIVE, local.take("alice", FIVE)).retry_after_seconds == 1
    assert FIVE.header == b'"five";q=5;w=10'


def test_whose_quota_is_whole_again_is_forgotten(clock: Clock) -> None:
    local = LocalCounts(now=clock, most_kept=100)
    for number in range(100):
        local.take(f"early {number}", FIVE)
    clock.now += 2 * SECOND
    for number in range(500):
        assert local.take(f"late {number}", FIVE) >= 0
        assert len(local) <= 100
    while local.take("late 499", FIVE) >= 0:
        pass
    local.take("another", FIVE)
    assert local.take("late 499", FIVE) < 0  # who asked lately is remembered


def test_what_is_reserved_is_used_first_and_lost_when_its_time_has_passed(clock: Clock) -> None:
    local = LocalCounts(now=clock)
    assert local.take_reserved("alice", FIVE) is None
    local.learn("alice", 2 * SECOND, ahead=4 * SECOND)  # one counted, two reserved
    assert [local.take_reserved("alice", FIVE) for _ in range(3)] == [4 * SECOND, 6 * SECOND, None]
    local.learn("alice", 8 * SECOND, ahead=4 * SECOND)
    clock.now = 9 * SECOND
    assert local.take_reserved("alice", FIVE) == 2 * SECOND
    assert local.take_reserved("alice", FIVE) is None  # the half of one that is left is not enough
    local.learn("alice", 13 * SECOND, ahead=4 * SECOND)
    clock.now = 17 * SECOND
    assert local.take_reserved("alice", FIVE) is None


def test_a_request_counted_meanwhile_leaves_what_is_reserved(clock: Clock) -> None:
    local = LocalCounts(now=clock)
    local.learn("alice", 2 * SECOND, ahead=2 * SECOND)
    local.learn("alice", 6 * SECOND, ahead=0)
    assert local.take_reserved("alice", FIVE) == 4 * SECOND
    local.learn("alice", 8 * SECOND, ahead=0)
    assert local.take("alice", FIVE) == 10 * SECOND  # what all have used is known here, too


def test_from_half_of_a_quota_on_nothing_is_taken_ahead() -> None:
    policy = Policy("many", 64, window_seconds=64)
    assert policy.ahead == 2 * SECOND
    assert [policy.ahead_at(level * SECOND) for level in (1, 30, 31, 64, -1)] == [
        policy.ahead,
        policy.ahead,
        0,
        0,
        0,
    ]
    assert FIVE.ahead == 0


def test_a_caller_has_so_many_under_way_and_no_more() -> None:
    under_way = UnderWay(2)
    with under_way.one("alice") as first, under_way.one("alice") as second:
        assert first
        assert second
        with under_way.one("alice") as third, under_way.one("bob") as other:
            assert not third
            assert other
    with under_way.one("alice") as again:
        assert again
    assert len(under_way) == 0


@pytest.mark.parametrize("factor", [0.001, 0.5, 1, 1000, 100_000])
def test_a_factor_makes_every_limit_larger_or_smaller_and_none_nothing(factor: float) -> None:
    for policy in scaled(factor).values():
        given = next(one for one in POLICIES if one.name == policy.name)
        assert policy.quota == max(1, round(given.quota * factor))
        assert bool(policy.at_once) == bool(given.at_once)
        local = LocalCounts(now=Clock())
        assert local.take("alice", policy) >= 0
        assert local.take("alice", policy) >= 0 or policy.quota == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_of_ipv6_the_network_is_the_caller(address: str, network: str) -> None:
    assert network_of(address) == network
