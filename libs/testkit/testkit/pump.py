"""Moves messages between services step by step, without waiting."""

from collections.abc import Sequence

from kit.db.database import Database
from kit.messaging.messages import Envelope, Message
from kit.messaging.packing import Row, parcels
from kit.runtime import Service, consumers, topologies
from testkit.broker import MemoryBroker


class Pump:
    """Services joined by a broker in memory; ``run`` goes on until no message is left."""

    def __init__(self, *services: Service) -> None:
        self.broker = MemoryBroker([part for one in services for part in topologies(one)])
        self._services = services

    @property
    def services(self) -> Sequence[Service]:
        """The services whose messages it moves."""
        return self._services

    async def run(self, rounds: int = 50) -> None:
        """Relay and handle all messages there are, and those they cause."""
        for _ in range(rounds):
            if not await self.step():
                return
        raise AssertionError(f"messages still move after {rounds} rounds")

    async def step(self) -> bool:
        """Relay and handle what there is now; tell whether anything moved."""
        moved = [await self._carry(service.state.database) for service in self._services]
        handled = [await self._handle(service) for service in self._services]
        return any(moved) or any(handled)

    async def _carry(self, database: Database) -> int:
        rows = await outbox_rows(database)
        publisher = await self.broker.publisher()
        await publisher.publish([parcel.publication() for parcel in parcels(rows)])
        async with database.unit_of_work() as uow:
            numbers = [row.number for row in rows]
            await uow.execute("DELETE FROM outbox WHERE number = ANY($1)", numbers)
        return len(rows)

    async def _handle(self, service: Service) -> int:
        count = 0
        for consumer in consumers(service, self.broker):
            if not self.broker.queues[consumer.queue]:
                continue
            subscription = await self.broker.subscribe(consumer.queue, prefetch=1000)
            try:
                deliveries = await subscription.take(1000)
                await consumer.handle(deliveries)
                await subscription.ack_through(deliveries[-1].tag)
            finally:
                # One consumer is active at a queue: the next round, or another process, takes over.
                await subscription.close()
            count += len(deliveries)
        return count


async def outbox_rows(database: Database) -> list[Row]:
    """Return what waits in a service's outbox, oldest first."""
    async with database.read() as connection:
        found = await connection.fetch(
            "SELECT number, exchange, routing_key, array_prepend(subject, others), body"
            " FROM outbox ORDER BY number"
        )
    return [Row(*row) for row in found]


async def sent(database: Database, *models: type[Message]) -> Sequence[Envelope]:
    """Return the messages of some types that wait in a service's outbox, decoded."""
    from kit.messaging import cloudevents

    known = {model.type: model for model in models}
    found = []
    rows = await outbox_rows(database)
    for raw in [message for row in rows for message in row.messages()]:
        kind, _ = cloudevents.type_and_id(raw)
        if kind in known:
            found.append(cloudevents.decode(raw, known[kind]))
    return found
