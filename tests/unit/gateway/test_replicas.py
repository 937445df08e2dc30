"""Which replica of a service is asked."""

from gateway.forwarding.replicas import LONGEST_REST_SECONDS, Replicas

URLS = ("http://one:1", "http://two:2", "http://three:3")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def asked(replicas: Replicas) -> list[str]:
    return [replica.host.partition(":")[0] for replica in replicas.in_turn()]


async def test_each_is_asked_first_in_turn_and_the_others_after_it() -> None:
    replicas = Replicas("wallet", URLS, monotonic=Clock())
    assert [asked(replicas) for _ in range(4)] == [
        ["two", "three", "one"],
        ["three", "one", "two"],
        ["one", "two", "three"],
        ["two", "three", "one"],
    ]


async def test_an_only_one_is_asked_twice() -> None:
    assert asked(Replicas("wallet", URLS[:1], monotonic=Clock())) == ["one", "one"]


async def test_those_left_out_come_last_and_the_one_that_is_back_soonest_first() -> None:
    clock = Clock()
    replicas = Replicas("wallet", URLS, monotonic=clock)
    one, two, three = replicas.all
    two.fell(clock.now)
    clock.now += 0.5
    three.fell(clock.now)
    assert [asked(replicas) for _ in range(3)] == [["one", "two", "three"]] * 3
    one.fell(clock.now + 1)
    assert asked(replicas) == ["two", "three", "one"]
    two.rose()
    clock.now += 10
    assert len({asked(replicas)[0] for _ in range(3)}) == 3


async def test_it_is_left_out_for_twice_as_long_each_time_until_it_was_back() -> None:
    clock = Clock()
    [one] = Replicas("wallet", URLS[:1], monotonic=clock).all

    def rest() -> float:
        one.fell(clock.now)
        one.fell(clock.now)  # who tried at the same time does not make it longer
        found = one.out_until - clock.now
        clock.now = one.out_until
        return found

    assert [rest() for _ in range(7)] == [1, 2, 4, 8, 16, LONGEST_REST_SECONDS, 30]
    one.rose()
    assert rest() == 1
    assert one.shown(clock.now - 0.5)["out_for_seconds"] == 0.5
