"""What the broker gave up on is taken from its queue into PostgreSQL, and only then forgotten."""

from collections.abc import Sequence
from itertools import repeat

import pytest
from structlog.testing import capture_logs

from kit.messaging import cloudevents, topology
from kit.messaging.broker import Publication
from kit.messaging.dead_letter_collector import DeadLetterCollector
from testkit.broker import MemoryBroker
from testkit.conditions import running, until
from testkit.toys import encoded, event_id, work

from .effects import QUEUE, Effects

DEAD = "kit.dead"


@pytest.fixture
def broker() -> MemoryBroker:
    own = topology.of_service("kit", commands=1, replies=False, event_types=[])
    return MemoryBroker([topology.shared(), own])


def give_up(broker: MemoryBroker, bodies: Sequence[bytes]) -> None:
    """Put messages where the broker puts what it gives up on."""
    for body in bodies:
        broker.put(DEAD, Publication("any", QUEUE, body, cloudevents.SINGLE, mandatory=False))


async def test_each_message_becomes_a_letter_and_is_acknowledged(
    effects: Effects, broker: MemoryBroker
) -> None:
    bodies = [encoded(work(f"{n}")) for n in range(25)]
    give_up(broker, bodies)

    async def is_empty() -> bool:
        held = [one.held for one in broker._subscriptions[DEAD]]
        return len(await effects.letters()) == 25 and held == [{}]

    async with running(DeadLetterCollector(effects.database, broker, DEAD).run()):
        await until(is_empty)
    assert not broker.queues[DEAD]
    assert not broker._subscriptions[DEAD]
    letters = await effects.letters()
    assert [one["id"] for one in letters] == [event_id(body) for body in bodies]
    assert {(one["consumer"], one["state"], one["reason"], one["error"]) for one in letters} == {
        (QUEUE, "dead", "broker_gave_up", "delivered too often")
    }


async def test_a_collector_that_found_no_broker_is_there_as_soon_as_that_is(
    effects: Effects, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.tasks.backoff", lambda: repeat(3600.0))
    give_up(broker, [encoded(work("one"))])
    broker.is_down = True

    async def is_kept() -> bool:
        return len(await effects.letters()) == 1

    with capture_logs() as logged:
        async with running(DeadLetterCollector(effects.database, broker, DEAD).run()):
            await until(lambda: "loop_restarts" in [one["event"] for one in logged])
            broker.is_down = False
            await until(is_kept)
