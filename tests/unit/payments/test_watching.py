"""Streams are woken together when the process is to stop."""

from kit.ids import new_id
from payments.watching import Watchers


async def test_every_stream_is_woken_when_the_process_is_to_stop() -> None:
    watchers = Watchers()
    alice, bob = new_id(), new_id()
    with (
        watchers.watch(alice, alice) as one,
        watchers.watch(alice, bob) as two,
        watchers.watch(bob, bob) as three,
    ):
        watchers.wake_all()
        assert [await bell.wait(0) for bell in (one, two, three)] == [True] * 3
    watchers.wake_all()
    assert not await one.wait(0)
