"""What became of a queue's messages is counted, each message once."""

import pytest
from prometheus_client import REGISTRY

from kit.ids import new_id
from kit.messaging import dead_letters
from kit.messaging.dead_letters import MAX_ATTEMPTS
from kit.messaging.retries import Retries
from testkit.clock import FakeClock
from testkit.toys import Sung, delivery, encoded, event_id, work

from .effects import Effects


@pytest.fixture
def queue() -> str:
    """Return the name of a queue that nothing was counted for."""
    return f"kit.{new_id().hex}"


def count(name: str, queue: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(f"saldo_messages_{name}_total", {"queue": queue, **labels})
    return found or 0.0


def command(text: str, clock: FakeClock, subject: str = "1") -> bytes:
    return encoded(work(text), subject, clock=clock)


async def test_a_message_is_handled_once_and_repeated_as_often_as_it_comes_again(
    effects: Effects, clock: FakeClock, queue: str
) -> None:
    consumer = effects.consumer(queue=queue)
    one, two = command("one", clock), command("two", clock)
    await consumer.handle([delivery(one, two, one)])
    assert (count("handled", queue), count("repeated", queue)) == (2, 1)
    await consumer.handle([delivery(one, two)])
    assert (count("handled", queue), count("repeated", queue)) == (2, 3)


async def test_a_message_that_fails_and_those_behind_it_are_parked_and_not_handled(
    effects: Effects, clock: FakeClock, queue: str
) -> None:
    effects.fail_on("bad")
    bodies = [command(text, clock, text[0]) for text in ("good", "bad", "behind", "other")]
    await effects.consumer(queue=queue).handle([delivery(*bodies)])
    assert (count("handled", queue), count("parked", queue)) == (2, 2)
    await effects.consumer(queue=queue).handle([delivery(*bodies)])
    assert (count("handled", queue), count("parked", queue)) == (2, 2)


async def test_a_dead_message_is_counted_by_its_reason_and_once(
    effects: Effects, clock: FakeClock, queue: str
) -> None:
    stranger = encoded(Sung(text="la"), clock=clock)
    for _ in range(2):
        await effects.consumer(queue=queue).handle([delivery(stranger)])
    assert count("dead", queue, reason="unknown_command") == 1


async def test_a_retry_counts_what_it_gives_up_and_nothing_before(
    effects: Effects, clock: FakeClock, queue: str
) -> None:
    effects.fail_on("bad")
    consumer = effects.consumer(queue=queue)
    await consumer.handle([delivery(command("bad", clock))])
    retries = Retries(effects.database, consumer.reader)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        clock.advance(301)
        await retries.retry_due()
        dead = count("dead", queue, reason="handler_failed")
        assert dead == (attempt == MAX_ATTEMPTS)


async def test_a_retry_counts_what_it_can_not_decode_as_undecodable(
    effects: Effects, clock: FakeClock, queue: str
) -> None:
    stranger = encoded(Sung(text="la"), clock=clock)
    consumer = effects.consumer(queue=queue)
    await consumer.handle([delivery(stranger)])
    async with effects.database.unit_of_work() as uow:
        await dead_letters.replay(uow, event_id(stranger), "an operator")
    await Retries(effects.database, consumer.reader).retry_due()
    assert count("dead", queue, reason="undecodable") == 1
