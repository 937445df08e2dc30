"""A whole service on PostgreSQL and RabbitMQ: API and worker as one process, and as two."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import aiormq
import pytest
from pydantic_settings import SettingsConfigDict

from kit.db.database import WARM_CONNECTIONS, Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Command, Envelope, Event, Reply
from kit.messaging.outbox import emit
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.routes import Routes
from kit.messaging.settings import BrokerSettings
from kit.runtime import ProcessMode, Service, opened, topologies, working
from kit.settings import DatabaseSettings, IdempotencySettings, WebSettings
from kit.web.app import create_app
from testkit.conditions import until
from testkit.databases import Cluster
from testkit.pump import outbox_rows
from testkit.toys import one_by_one

NAME = f"whole-{new_id().hex[-12:]}"


class Ask(Command):
    type: ClassVar[str] = f"{NAME}.ask.v1"
    text: str


class Answer(Reply):
    type: ClassVar[str] = f"{NAME}.answer.v1"
    text: str


class Heard(Event):
    type: ClassVar[str] = f"{NAME}.heard.v1"
    text: str


class WholeSettings(DatabaseSettings, BrokerSettings, IdempotencySettings, WebSettings):
    model_config = SettingsConfigDict(env_prefix="WHOLE_")


class Whole:
    """A service that asks itself, answers itself, and hears of it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.looped = 0

    async def ask(self, uow: UnitOfWork, envelope: Envelope) -> None:
        assert isinstance(envelope.message, Ask)
        self.seen.append(("asked", envelope.message.text))
        text, asked = envelope.message.text, envelope.message.command_id
        reply = Answer(in_reply_to=asked, text=text)
        emit(uow, reply, subject=envelope.subject, to=envelope.reply_to)
        emit(uow, Heard(text=text), subject=envelope.subject)

    async def answer(self, _: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        self._note("answered", envelopes)

    async def hear(self, _: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        self._note("heard", envelopes)

    def _note(self, what: str, envelopes: Sequence[Envelope]) -> None:
        messages = [one.message for one in envelopes]
        self.seen += [(what, one.text) for one in messages if isinstance(one, Answer | Heard)]

    async def background(self, _: Service) -> None:
        self.looped += 1

    def service(self) -> Service:
        settings = WholeSettings()
        web = create_app(name=NAME, title=NAME, description="", settings=settings, refusals=())
        return Service(
            NAME,
            settings,
            web,
            routes=Routes(
                commands={Ask: one_by_one(self.ask)},
                events={Heard: self.hear},
                replies={Answer: self.answer},
            ),
            background=(("background", self.background),),
        )

    def has_seen(self, text: str) -> bool:
        wanted = {("asked", text), ("answered", text), ("heard", text)}
        return {one for one in self.seen if one[1] == text} == wanted


@pytest.fixture
async def stack(
    cluster: Cluster, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncExitStack]:
    """Settings that lead to the test's servers, and a place for what a test opens."""
    rabbitmq = os.environ["SALDO_TEST_RABBITMQ"]
    monkeypatch.setenv("WHOLE_DATABASE_URL", cluster.url("kit"))
    monkeypatch.setenv("RABBITMQ_URL", rabbitmq)
    async with AsyncExitStack() as stack:
        yield stack
    async with aiormq.connect(rabbitmq) as connection:
        for part in topologies(Whole().service())[1:]:
            for queue in part.queues:
                await (await connection.channel()).queue_delete(queue.name)
            for exchange in part.exchanges:
                await (await connection.channel()).exchange_delete(exchange.name)


async def started(stack: AsyncExitStack, whole: Whole, mode: ProcessMode) -> Service:
    service = whole.service()
    await stack.enter_async_context(opened(service))
    await stack.enter_async_context(working(service, mode))
    return service


async def ask(service: Service, text: str) -> None:
    database: Database = service.state.database
    async with database.unit_of_work() as uow:
        emit(uow, Ask(command_id=new_id(), text=text), subject=text)


async def test_one_process_asks_answers_and_hears(stack: AsyncExitStack) -> None:
    whole = Whole()
    service = await started(stack, whole, ProcessMode.ALL)
    for check in service.state.readiness.values():
        await check()
    await ask(service, "a")
    await until(lambda: whole.has_seen("a"))
    assert whole.looped > 0

    async def all_is_sent() -> bool:
        return await outbox_rows(service.state.database) == []

    await until(all_is_sent)  # a row goes with the relay's next reading


async def test_what_an_api_process_commits_a_worker_process_carries_out(
    stack: AsyncExitStack,
) -> None:
    api, worker = Whole(), Whole()
    front = await started(stack, api, ProcessMode.API)
    await ask(front, "before the worker is there")
    await started(stack, worker, ProcessMode.WORKER)
    await ask(front, "b")
    await until(lambda: worker.has_seen("before the worker is there") and worker.has_seen("b"))
    assert api.seen == []
    assert api.looped == 0


async def test_what_rabbitmq_gave_up_on_becomes_a_letter(stack: AsyncExitStack) -> None:
    whole = Whole()
    service = await started(stack, whole, ProcessMode.WORKER)
    _, body = cloudevents.encode(
        Ask(command_id=new_id(), text="killer"),
        source=NAME,
        subject="1",
        time=service.state.clock.now(),
    )
    broker = RabbitBroker(service.settings.rabbitmq_url, topologies(service))  # type: ignore[attr-defined]
    publisher = await broker.publisher()
    dead = Publication("saldo.dead", f"{NAME}.commands", body, cloudevents.SINGLE, mandatory=True)
    await publisher.publish([dead])
    await broker.close()

    database: Database = service.state.database

    async def letters() -> list[Any]:
        async with database.read() as connection:
            return await connection.fetch("SELECT consumer, reason, state FROM letter")

    async def is_there() -> bool:
        return bool(await letters())

    await until(is_there)
    (letter,) = await letters()
    assert tuple(letter) == (f"{NAME}.commands", "broker_gave_up", "dead")
    assert whole.seen == []


@pytest.mark.parametrize(("pool_size", "open_at_start"), [(10, WARM_CONNECTIONS), (2, 2)])
async def test_once_opened_some_connections_wait_for_the_first_requests(
    cluster: Cluster,
    stack: AsyncExitStack,
    monkeypatch: pytest.MonkeyPatch,
    pool_size: int,
    open_at_start: int,
) -> None:
    monkeypatch.setenv("WHOLE_DATABASE_POOL_SIZE", str(pool_size))
    await stack.enter_async_context(opened(Whole().service()))
    await cluster.as_superuser(f"""
        DO $$ BEGIN ASSERT {open_at_start} = (
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = '{NAME}' AND state = 'idle'
        ); END $$
    """)


async def test_a_worker_forgets_answers_past_their_time(stack: AsyncExitStack) -> None:
    service = await started(stack, Whole(), ProcessMode.API)
    database: Database = service.state.database
    async with database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO idempotency
                (user_id, operation, key, body_hash, body, status, answer, headers, created_at)
            SELECT 'u', 'o', key, '', 'null', 200, '', '{}', now() - age
            FROM (VALUES ('old', interval '25 hours'), ('new', interval '1 hour')) AS one (key, age)
            """
        )

    async def left() -> list[str]:
        async with database.read() as connection:
            return [row["key"] for row in await connection.fetch("SELECT key FROM idempotency")]

    assert sorted(await left()) == ["new", "old"]
    await stack.enter_async_context(working(service, ProcessMode.WORKER))

    async def old_is_gone() -> bool:
        return await left() == ["new"]

    await until(old_is_gone)
