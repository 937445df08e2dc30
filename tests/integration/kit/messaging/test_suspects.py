"""What may kill the process is taken alone, so that nothing else counts as delivered with it."""

import pytest

from kit.messaging import cloudevents, topology
from kit.messaging.broker import Publication
from kit.messaging.consumer import SUSPECT_ATTEMPTS
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.toys import encoded, work

from .effects import QUEUE, Effects


class KilledError(BaseException):
    """What nothing catches."""


async def test_behind_a_harmless_suspect_the_next_one_is_taken_alone_too(
    effects: Effects, clock: FakeClock
) -> None:
    own = topology.of_service("kit", commands=1, replies=False, event_types=[])
    broker = MemoryBroker([topology.shared(), own])
    suspects = {"harmless": SUSPECT_ATTEMPTS, "killer": SUSPECT_ATTEMPTS, "a": 0, "b": 0}
    for text, attempts in suspects.items():
        body = encoded(work(text), text, clock=clock)
        one = Publication("any", "kit", body, cloudevents.SINGLE, mandatory=True)
        broker.put(QUEUE, one, attempts)
    effects.fail_on("killer", KilledError())
    with pytest.raises(KilledError):
        await effects.consumer(broker)._once()
    broker.cut()
    assert await effects.texts() == ["harmless"]
    assert [one.attempts for one in broker.queues[QUEUE]] == [SUSPECT_ATTEMPTS + 1, 0, 0]
