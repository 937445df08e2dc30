"""Wallet core: `transfer` commands in through RabbitMQ → replies out, acknowledged."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from contracts.wallet import AccountRef, Transfer, TransferPosted
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.outbox import address
from kit.messaging.packing import MAX_EVENTS
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.topology import COMMANDS, REPLIES, Topology, working_queue

ASKER = "core"
QUEUE = f"{ASKER}.replies"
ACCOUNTS = 1000  # as many as the yardstick has
FUNDS_MINOR = 50_000
WINDOW = 40  # AMQP messages not yet confirmed, of MAX_EVENTS commands each
POSTED = f'"{TransferPosted.type}"'.encode()
POLL_SECONDS = 0.005

Pair = tuple[UUID, UUID]


def _pairs(owners: Sequence[UUID], count: int, *, hot: bool) -> list[Pair]:
    """Choose payers and payees, spread evenly or all paying the last one."""
    others = len(owners) - 1
    pairs = []
    for number in range(count):
        payer = owners[number % others]
        payee = owners[-1] if hot else owners[(number * 7 + 1) % others]
        pairs.append((payer, owners[-1] if payee == payer else payee))
    return pairs


def _publications(
    pairs: Sequence[Pair], amount_minor: int, partitions: Mapping[str, int]
) -> list[Publication]:
    """Encode a transfer for each pair and pack them as the relay would."""
    now = datetime.now(UTC)
    bodies = defaultdict(list)
    for number, (payer, payee) in enumerate(pairs):
        command = Transfer(
            command_id=new_id(),
            transfer_id=new_id(),
            payer=AccountRef(owner_id=payer),
            payee=AccountRef(owner_id=payee),
            amount_minor=amount_minor,
            currency="RUB",
            reference=f"bench {number}",
            is_told_by_asker=True,  # as payments asks
        )
        _, body = cloudevents.encode(
            command, source=ASKER, subject=str(new_id()), time=now, reply_to=ASKER
        )
        _, key, _ = address(command, ASKER, None, partitions=partitions)
        bodies[key].append(body)
    return [
        Publication(
            COMMANDS,
            key,
            cloudevents.pack(some[at : at + MAX_EVENTS]),
            cloudevents.BATCH,
            mandatory=True,
        )
        for at in range(0, len(pairs), MAX_EVENTS)  # in turn, as they would come
        for key, some in bodies.items()
        if at < len(some)
    ]


class Core:
    """Asks the wallet of one stack."""

    def __init__(
        self, rabbitmq_url: str, saldo_url: str, *, partitions: Mapping[str, int] | None = None
    ) -> None:
        """Take the broker, and the database as superuser, to see when all has left the outbox."""
        self._partitions = partitions or {}
        self._rabbitmq_url = rabbitmq_url
        self._saldo_url = saldo_url

    async def fund(
        self, rich: UUID, count: int = ACCOUNTS + 1, funds_minor: int = FUNDS_MINOR
    ) -> list[UUID]:
        """Return new owners whose wallets are opened and funded by transfers from one person."""
        owners = [new_id() for _ in range(count)]
        await self._ask([(rich, owner) for owner in owners], funds_minor)
        return owners

    async def run(self, owners: Sequence[UUID], count: int, *, hot: bool) -> float:
        """Return transfers per second, from the first publish until all is out.

        That is: the last reply has been received, and the outbox is empty.
        """
        return count / await self._ask(_pairs(owners, count, hot=hot), 1)

    async def _ask(self, pairs: Sequence[Pair], amount_minor: int) -> float:
        publications = _publications(pairs, amount_minor, self._partitions)
        topology = Topology((), (working_queue(QUEUE, ((REPLIES, ASKER),)),))
        broker = RabbitBroker(self._rabbitmq_url, [topology])
        subscription = await broker.subscribe(QUEUE, prefetch=300)
        publisher = await broker.publisher()
        connection = await asyncpg.connect(self._saldo_url)
        began = time.perf_counter()

        async def publish() -> None:
            for at in range(0, len(publications), WINDOW):
                await publisher.publish(publications[at : at + WINDOW])

        async def receive() -> None:
            seen = posted = 0
            while seen < len(pairs):
                deliveries = await subscription.take(300)
                seen += sum(one.body.count(b'"specversion"') for one in deliveries)
                posted += sum(one.body.count(POSTED) for one in deliveries)
                await subscription.ack_through(deliveries[-1].tag)
            if posted != len(pairs):
                raise RuntimeError(f"only {posted} of {len(pairs)} transfers were posted")

        await asyncio.gather(publish(), receive())
        while await connection.fetchval("SELECT EXISTS (SELECT FROM wallet.outbox)"):
            await asyncio.sleep(POLL_SECONDS)
        took = time.perf_counter() - began
        await connection.close()
        await publisher.close()
        await subscription.close()
        await broker.close()
        return took
