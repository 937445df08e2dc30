"""A worker that is away is stood in for, and gets its queue back."""

import asyncio
from itertools import count

from kit.messaging.broker import Publication
from kit.messaging.consumer import Consumer, StandBy
from kit.messaging.routes import by_type
from kit.tasks import spawn, stop
from testkit.clock import FakeClock
from testkit.conditions import until
from testkit.toys import Work, encoded, work

from .conftest import Rig
from .effects import Effects


class Queue:
    """A queue with its own worker and one that stands by; each command has a number."""

    def __init__(self, rig: Rig, effects: Effects, other: Effects) -> None:
        self.rig, self.effects, self.other = rig, effects, other
        self.numbers = count()

    def consumer(self, effects: Effects, stands_by: StandBy | None = None) -> Consumer:
        handlers, name = by_type({Work: effects.handle}), self.rig.names.queue
        database, broker = effects.database, self.rig.broker
        return Consumer(
            database, broker, name, handlers, unknown_is_fine=False, stands_by=stands_by
        )

    def own(self) -> asyncio.Task[None]:
        return spawn(self.consumer(self.effects).run(), "own")

    def stander(self) -> asyncio.Task[None]:
        waiting = StandBy(after_seconds=0.5, turn_seconds=0)
        return spawn(self.consumer(self.other, waiting).run(), "stander")

    async def put(self) -> None:
        """Put a command into the queue, and wait until it has had its effect."""
        clock, number = self.effects.database.clock, next(self.numbers)
        assert isinstance(clock, FakeClock)
        body = encoded(work(f"{number}"), f"{number}", clock=clock)
        one = Publication(
            self.rig.names.direct, "one", body, "application/cloudevents+json", mandatory=True
        )
        publisher = await self.rig.broker.publisher()
        await publisher.publish([one])
        await publisher.close()

        async def has_had_its_effect() -> bool:
            return len(await self.effects.texts()) == number + 1

        await until(has_had_its_effect)

    @property
    def handled(self) -> tuple[int, int]:
        """How many batches the own worker has handled, and the other one."""
        return len(self.effects.batches), len(self.other.batches)


async def test_a_workers_queue_is_read_by_another_only_while_it_is_away(
    rig: Rig, effects: Effects
) -> None:
    other = Effects(effects.database)
    queue = Queue(rig, effects, other)
    own = queue.own()
    await queue.put()
    stander = queue.stander()
    try:
        await queue.put()
        assert queue.handled == (2, 0)
        await stop([own])
        await queue.put()
        assert queue.handled == (2, 1)

        own = queue.own()

        async def is_back() -> bool:
            await queue.put()
            return len(effects.batches) > 2

        await until(is_back)
    finally:
        await stop([own, stander])
    texts = await effects.texts()
    assert texts == [f"{number}" for number in range(len(texts))]
    assert sum(queue.handled) == len(texts)
