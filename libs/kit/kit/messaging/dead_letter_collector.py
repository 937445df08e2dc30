"""Turns messages that the broker gave up on into dead letters.

So an operator finds all dead letters in one place. The broker gives up on a message that was
delivered too often without an acknowledgement: it killed its process again and again. Nothing of it
is decoded here but the envelope's names.
"""

from kit.db.database import Database
from kit.messaging import cloudevents
from kit.messaging.broker import Broker, Delivery
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.consumer import bury
from kit.messaging.dead_letters import dead_letter
from kit.tasks import for_ever

PREFETCH = 10
REASON = "broker_gave_up"


class DeadLetterCollector:
    """Reads one service's queue of dead messages for as long as ``run`` runs."""

    def __init__(self, database: Database, broker: Broker, queue: str) -> None:
        """Take the name of the queue, ``<service>.dead``."""
        self._database = database
        self._broker = broker
        self.queue = queue

    async def run(self) -> None:
        """Collect until cancelled, and come back after any trouble."""
        await for_ever(self.queue, self._once, or_when=self._broker.returned)

    async def _once(self) -> None:
        await self._database.ping()
        subscription = await self._broker.subscribe(self.queue, prefetch=PREFETCH)
        try:
            while True:
                for delivery in await subscription.take(PREFETCH):
                    await self.take_in(delivery)
                    await subscription.ack_through(delivery.tag)
        finally:
            await subscription.close()

    async def take_in(self, delivery: Delivery) -> None:
        """Store a dead letter of each event without effect, under its queue's name."""
        died_in = delivery.routing_key
        try:
            raws = cloudevents.unpack(delivery.body, delivery.content_type)
        except UndecodableError:
            raws = [delivery.body]
        dead = [dead_letter(died_in, raw, REASON, "delivered too often") for raw in raws]
        await bury(self._database, died_in, dead)
