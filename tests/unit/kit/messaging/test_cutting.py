from kit.messaging.broker import Delivery
from kit.messaging.consumer import BATCH_EVENTS, SUSPECT_ATTEMPTS, cut
from testkit.toys import ToyTold, delivery, encoded

TOLD = encoded(ToyTold(text="x"))


def packs(*sizes: int) -> list[Delivery]:
    return [delivery(*[TOLD] * size, tag=n) for n, size in enumerate(sizes)]


def tags(deliveries: list[Delivery]) -> list[int]:
    return [one.tag for one in deliveries]


def test_all_that_fits_is_one_batch() -> None:
    batch, rest = cut(packs(1, 1, 1))
    assert (tags(batch), tags(rest)) == ([0, 1, 2], [])


def test_a_batch_ends_before_it_holds_too_many_events() -> None:
    batch, rest = cut(packs(800, 200, 1, 1))
    assert (tags(batch), tags(rest)) == ([0, 1], [2, 3])
    assert BATCH_EVENTS == 1000


def test_a_pack_larger_than_a_batch_is_a_batch() -> None:
    batch, rest = cut(packs(1100, 1))
    assert (tags(batch), tags(rest)) == ([0], [1])


def test_a_suspect_goes_alone() -> None:
    suspect = delivery(TOLD, tag=7, attempts=SUSPECT_ATTEMPTS)
    before, after = packs(1, 1), packs(1)
    assert cut([*before, suspect, *after]) == (before, [suspect, *after])
    assert cut([suspect, *after]) == ([suspect], after)


def test_bytes_that_are_no_event_count_as_one() -> None:
    garbage = [delivery(b"garbage", tag=n) for n in range(BATCH_EVENTS + 1)]
    batch, rest = cut(garbage)
    assert (len(batch), len(rest)) == (BATCH_EVENTS, 1)
