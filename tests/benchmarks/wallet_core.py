"""Wallet core: `transfer` commands in through RabbitMQ → replies and events out, acknowledged."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from contracts.wallet import AccountRef, Transfer
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.outbox import COMMANDS, REPLIES
from kit.messaging.packing import MAX_EVENTS
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.topology import Queue, Topology

ASKER = "bench"
WINDOW = 40  # AMQP messages not yet confirmed, of MAX_EVENTS commands each


def _commands(owners: Sequence[UUID], count: int, *, hot: bool) -> list[bytes]:
    """Encode transfers of one minor unit, spread evenly or all to one owner."""
    now = datetime.now(UTC)
    bodies = []
    for number in range(count):
        payer = owners[number % (len(owners) - 1)]
        payee = owners[-1] if hot else owners[(number * 7 + 1) % (len(owners) - 1)]
        if payee == payer:
            payee = owners[-1]
        command = Transfer(
            command_id=new_id(),
            transfer_id=new_id(),
            payer=AccountRef(owner_id=payer),
            payee=AccountRef(owner_id=payee),
            amount_minor=1,
            currency="RUB",
            reference=f"bench {number}",
        )
        _, body = cloudevents.encode(
            command, source=ASKER, subject=str(new_id()), time=now, reply_to=ASKER
        )
        bodies.append(body)
    return bodies


async def run(rabbitmq_url: str, owners: Sequence[UUID], count: int, *, hot: bool) -> float:
    """Return transfers per second, from the first publish to the last reply received."""
    queue = f"{ASKER}.replies"
    broker = RabbitBroker(rabbitmq_url, [Topology((), (Queue(queue, ((REPLIES, ASKER),)),))])
    bodies = _commands(owners, count, hot=hot)
    packs = [bodies[at : at + MAX_EVENTS] for at in range(0, count, MAX_EVENTS)]
    publications = [
        Publication(COMMANDS, "wallet", cloudevents.pack(pack), cloudevents.BATCH, mandatory=True)
        for pack in packs
    ]
    subscription = await broker.subscribe(queue, prefetch=300)
    publisher = await broker.publisher()
    began = time.perf_counter()

    async def publish() -> None:
        for at in range(0, len(publications), WINDOW):
            await publisher.publish(publications[at : at + WINDOW])

    async def receive() -> float:
        seen = 0
        while seen < count:
            deliveries = await subscription.take(300)
            seen += sum(one.body.count(b'"specversion"') for one in deliveries)
            await subscription.ack_through(deliveries[-1].tag)
        return time.perf_counter()

    _, ended = await asyncio.gather(publish(), receive())
    await publisher.close()
    await subscription.close()
    await broker.close()
    return count / (ended - began)
