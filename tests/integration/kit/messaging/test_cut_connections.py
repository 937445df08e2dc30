"""The messaging core on PostgreSQL and RabbitMQ whose connections are cut again and again."""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import aiormq
import pytest

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging import inbox, topology
from kit.messaging.consumer import Consumer
from kit.messaging.messages import Command, Envelope
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.relay import Relay
from kit.messaging.retries import Retries
from kit.messaging.routes import by_type
from testkit.databases import Cluster
from testkit.proxy import Proxy
from testkit.pump import outbox_rows
from testkit.waiting import running, until

SERVICE = f"cut-{new_id().hex[-12:]}"
SUBJECTS = "abcdef"
COMMANDS = 600


class Work(Command):
    type: ClassVar[str] = f"{SERVICE}.work.v1"
    text: str


def through(url: str, proxy: Proxy) -> str:
    """Return the URL by way of a proxy."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))


async def proxy_to(url: str, stack: AsyncExitStack) -> Proxy:
    parts = urlsplit(url)
    return await stack.enter_async_context(Proxy(parts.hostname or "", parts.port or 0))


@pytest.fixture
async def steady(cluster: Cluster) -> AsyncIterator[Database]:
    """The database over connections that nobody cuts."""
    async with cluster.database("kit") as database:
        await cluster.as_superuser(
            "CREATE TABLE IF NOT EXISTS kit.survived (at bigserial, subject text, text text);"
            " GRANT ALL ON kit.survived, kit.survived_at_seq TO kit; TRUNCATE kit.survived"
        )
        await inbox.maintain(database)
        yield database


@pytest.fixture
async def rabbitmq() -> AsyncIterator[str]:
    url = os.environ["SALDO_TEST_RABBITMQ"]
    yield url
    async with aiormq.connect(url) as connection:
        for queue in ("commands", "dead"):
            await (await connection.channel()).queue_delete(f"{SERVICE}.{queue}")
        await (await connection.channel()).exchange_delete(f"{SERVICE}.events")


async def handle(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    rows = [(one.subject, one.message.text) for one in envelopes if isinstance(one.message, Work)]
    await uow.executemany("INSERT INTO survived (subject, text) VALUES ($1, $2)", rows)


async def test_every_command_is_carried_out_once_and_in_order_whatever_is_cut(
    steady: Database, cluster: Cluster, rabbitmq: str
) -> None:
    random = Random(7)
    written: dict[str, list[str]] = defaultdict(list)
    own = topology.of_service(SERVICE, commands=True, replies=False, event_types=[])
    async with AsyncExitStack() as stack:
        to_postgresql = await proxy_to(cluster.url("kit"), stack)
        to_rabbitmq = await proxy_to(rabbitmq, stack)
        near = through(cluster.url("kit"), to_postgresql)
        shaky = await Database.open(near, name=SERVICE, pool_size=5)
        stack.push_async_callback(shaky.close)
        broker = RabbitBroker(through(rabbitmq, to_rabbitmq), [topology.shared(), own])
        stack.push_async_callback(broker.close)
        consumer = Consumer(
            shaky,
            broker,
            f"{SERVICE}.commands",
            by_type({Work: handle}),
            unknown_is_fine=False,
        )
        loops = (
            Relay(shaky, broker, near).run(),
            consumer.run(),
            Retries(shaky, consumer.reader).run(),
        )
        async with running(*loops):
            for n in range(COMMANDS):
                subject = random.choice(SUBJECTS)
                written[subject].append(f"{n}")
                async with steady.unit_of_work() as uow:
                    uow.emit(Work(command_id=new_id(), text=f"{n}"), subject=subject)
                if n % 100 == 99:
                    await random.choice((to_postgresql, to_rabbitmq)).cut()
                await asyncio.sleep(0)
            await until(lambda: _all_survived(steady, COMMANDS), within=60)
            await until(lambda: _empty(steady))
    assert await _survived(steady) == written


async def _rows(database: Database) -> list[tuple[str, str]]:
    async with database.read() as connection:
        rows = await connection.fetch("SELECT subject, text FROM survived ORDER BY at")
    return [(row["subject"], row["text"]) for row in rows]


async def _survived(database: Database) -> dict[str, list[str]]:
    rows = await _rows(database)
    assert max(Counter(rows).values()) == 1
    found: dict[str, list[str]] = defaultdict(list)
    for subject, text in rows:
        found[subject].append(text)
    return found


async def _all_survived(database: Database, count: int) -> bool:
    return len(await _rows(database)) >= count


async def _empty(database: Database) -> bool:
    return await outbox_rows(database) == []
