"""Runs a service: opens what it needs, serves its API and its workers, closes all.

One process may be the API, the worker, or both; business code does not notice the difference.
Drivers and messaging are imported only for a service that has them, so that others do not carry
them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from fastapi import FastAPI

from kit.clock import SystemClock
from kit.http import socket_of
from kit.linger import NEVER, Linger
from kit.messaging.routes import Routes, by_type
from kit.messaging.settings import BrokerSettings
from kit.redis import RedisLine
from kit.settings import (
    DatabaseSettings,
    EnvironmentSettings,
    IdempotencySettings,
    IdentitySettings,
    RedisSettings,
)
from kit.tasks import backoff, for_ever, spawn, stop
from kit.web.serving.protocol import HttpProtocol
from kit.web.serving.server import DrainingServer, collect_rarely

if TYPE_CHECKING:
    from kit.db.database import Database
    from kit.messaging.broker import Broker
    from kit.messaging.consumer import Consumer
    from kit.messaging.topology import Topology
    from kit.saga import SagaEngine

MAINTENANCE_SECONDS = 3600
OPEN_WITHIN_SECONDS = 60
# Longer than the gateway keeps idle connections (30 s), so that it never uses a closed one.
KEEP_ALIVE_SECONDS = 75

log = structlog.get_logger(__name__)


class ProcessMode(Enum):
    """Says what a process does."""

    API = "api"
    WORKER = "worker"
    ALL = "all"

    @property
    def works(self) -> bool:
        """Tell whether this process handles messages and background work."""
        return self is not ProcessMode.API


@dataclass(frozen=True, slots=True)
class Service:
    """A service as its composition root puts it together.

    Attributes:
        web: Its API; what the runtime opens is put on ``web.state``: ``settings``, ``clock`` and,
            where the settings ask for them, ``database``, ``redis``, ``tokens``.
        routes: The handlers of its messages.
        background: Named loops for workers; each takes the service and never returns.
        resources: What else to open; each takes the service and may add to ``web.state``.
        sagas: The engines of its sagas, for operators at the command line.
        hears_replicas: Whether requests or streams wait for what other processes of it commit.
        linger: How long the next batch of events gathers, where nobody waits for what they set off.
        stopping: Called when the process begins to stop, before it waits for answers; ends those
            that would go on for ever.
    """

    name: str
    settings: EnvironmentSettings
    web: FastAPI
    routes: Routes = field(default_factory=Routes)
    background: tuple[tuple[str, Callable[["Service"], Awaitable[None]]], ...] = ()
    resources: tuple[Callable[["Service"], AbstractAsyncContextManager[None]], ...] = ()
    sagas: tuple["SagaEngine", ...] = ()
    hears_replicas: bool = False
    linger: Linger = NEVER
    stopping: Callable[[], None] = lambda: None

    @property
    def state(self) -> Any:
        """Return what is open, by name."""
        return self.web.state


@asynccontextmanager
async def opened(service: Service) -> AsyncIterator[None]:
    """Open what the settings ask for and put it on the service's state."""
    state, settings = service.state, service.settings
    async with AsyncExitStack() as stack:
        state.settings = settings
        state.clock = SystemClock()
        if isinstance(settings, DatabaseSettings):
            await _open_database(service, settings, stack)
        if isinstance(settings, RedisSettings):
            state.redis = RedisLine(settings.redis_url)
            stack.callback(state.redis.close)
        if isinstance(settings, IdentitySettings) and isinstance(settings, RedisSettings):
            await _open_tokens(service, settings, stack)
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        yield


async def _open_database(
    service: Service, settings: DatabaseSettings, stack: AsyncExitStack
) -> None:
    from kit.db.database import Database

    state = service.state
    state.database = await _patiently(
        lambda: Database.open(
            settings.database_url,
            name=service.name,
            pool_size=settings.database_pool_size,
            clock=state.clock,
        )
    )
    if isinstance(settings, BrokerSettings):
        state.database.command_partitions = settings.command_partitions
    stack.push_async_callback(state.database.close)
    state.readiness["postgresql"] = state.database.ping


async def _open_tokens(service: Service, settings: IdentitySettings, stack: AsyncExitStack) -> None:
    from kit.tokens.revocations import Revocations
    from kit.tokens.verifier import TokenVerifier

    state = service.state
    state.tokens = await TokenVerifier.open(
        settings.jwks_url,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        revocations=Revocations(state.redis),
    )
    stack.push_async_callback(state.tokens.close)
    state.readiness["identity"] = state.tokens.require_ready


@asynccontextmanager
async def working(service: Service, mode: ProcessMode) -> AsyncIterator[None]:
    """Run relay, consumers and loops; an API process only wakes the relay elsewhere."""
    settings = service.settings
    loops: list[tuple[str, Awaitable[None]]] = []
    async with AsyncExitStack() as stack:
        if isinstance(settings, DatabaseSettings) and isinstance(settings, BrokerSettings):
            loops += _messaging(service, mode, settings.database_url, settings.rabbitmq_url, stack)
        if mode.works:
            if isinstance(settings, IdempotencySettings):
                from kit.web.idempotency import keep_purged

                loops.append(("idempotency", keep_purged(service.state.database)))
            loops += [(name, work(service)) for name, work in service.background]
        tasks = [spawn(_as_coroutine(work), f"{service.name}.{name}") for name, work in loops]
        try:
            yield
        finally:
            await stop(tasks)


def _messaging(
    service: Service, mode: ProcessMode, database_url: str, rabbitmq_url: str, stack: AsyncExitStack
) -> list[tuple[str, Awaitable[None]]]:
    from kit.messaging import backlog
    from kit.messaging.rabbit import RabbitBroker
    from kit.messaging.relay import RemoteWaker
    from kit.messaging.replicas import Peers

    database = service.state.database
    loops: list[tuple[str, Awaitable[None]]] = [("backlog", backlog.watch(database))]
    if service.hears_replicas:
        loops.append(("replicas", Peers(database, database_url).run()))
    if not mode.works:
        return [*loops, ("waker", RemoteWaker(database, database_url).run())]
    broker = RabbitBroker(rabbitmq_url, topologies(service))
    stack.push_async_callback(broker.close)
    service.state.readiness["rabbitmq"] = broker.ping
    return loops + message_loops(service, broker, database_url)


def topologies(service: Service) -> "list[Topology]":
    """Return what the service declares at the broker: shared parts, and its own."""
    from kit.messaging import topology

    routes = service.routes
    own = topology.of_service(
        service.name,
        commands=_command_queues(service),
        replies=bool(routes.replies),
        event_types=[event.type for event in routes.events],
    )
    return [topology.shared(), own]


def message_loops(
    service: Service, broker: "Broker", url: str
) -> list[tuple[str, Awaitable[None]]]:
    """Return the loops of messaging: relay, inbox upkeep, consumers and retries."""
    from kit.messaging import inbox, topology
    from kit.messaging.dead_letter_collector import DeadLetterCollector
    from kit.messaging.relay import Relay
    from kit.messaging.retries import Retries

    database: Database = service.state.database
    every = MAINTENANCE_SECONDS
    loops: list[tuple[str, Awaitable[None]]] = [
        ("relay", Relay(database, broker, url).run()),
        ("inbox", for_ever("inbox", lambda: inbox.maintain(database), every_seconds=every)),
    ]
    reading = consumers(service, broker)
    for consumer in reading:
        retries = Retries(database, consumer.reader)
        loops += [(consumer.queue, consumer.run()), (f"{consumer.queue}.retries", retries.run())]
    if reading:
        collector = DeadLetterCollector(database, broker, topology.dead_queue_name(service.name))
        loops.append((collector.queue, collector.run()))
    return loops


def consumers(service: Service, broker: "Broker") -> "list[Consumer]":
    """Return one consumer for each queue that the service reads."""
    from kit.messaging.consumer import Consumer, StandBy
    from kit.messaging.partitions import command_queue, is_ones_own

    routes, database, settings = service.routes, service.state.database, service.settings
    worker = settings.worker_place if isinstance(settings, BrokerSettings) else (1, 1)
    of_commands = [
        Consumer(
            database,
            broker,
            command_queue(service.name, partition),
            by_type(routes.commands),
            unknown_is_fine=False,
            stands_by=None if is_ones_own(partition, *worker) else StandBy(),
            is_repeatable="commands" in routes.repeatable,
        )
        for partition in range(_command_queues(service))
    ]
    tables = {"events": by_type(routes.events), "replies": by_type(routes.replies)}
    return of_commands + [
        Consumer(
            database,
            broker,
            f"{service.name}.{kind}",
            handlers,
            unknown_is_fine=kind == "events",
            linger=service.linger if kind == "events" else NEVER,
            is_repeatable=kind in routes.repeatable,
        )
        for kind, handlers in tables.items()
        if handlers
    ]


def _command_queues(service: Service) -> int:
    """Return in how many queues commands to the service wait; 0 where it takes none."""
    if not service.routes.commands:
        return 0
    settings = service.settings
    partitions = settings.command_partitions if isinstance(settings, BrokerSettings) else {}
    return partitions.get(service.name, 1)


async def serve(
    service: Service, mode: ProcessMode, *, host: str, port: int, sockets: str = ""
) -> None:
    """Run until SIGTERM or SIGINT, then take nothing new, finish, and close."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with opened(service), working(service, mode):
            collect_rarely()
            log.info("started", service=service.name, mode=mode.value, port=port)
            yield
            log.info("stopping", service=service.name)

    service.web.router.lifespan_context = lifespan
    config = uvicorn.Config(
        service.web,
        host=host,
        port=port,
        http=HttpProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `kit.web.address` reads the one that counts
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
    )
    server = DrainingServer(config, service.stopping, unix_socket=socket_of(sockets, port))
    service.state.is_stopping = lambda: server.should_exit  # streams that would not end ask it
    await server.serve()  # ends the process itself where the start fails


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work


async def _patiently(attempt: Callable[[], Awaitable["Database"]]) -> "Database":
    """Try until it works: what a service needs may still be starting."""
    import asyncpg

    delays = backoff()
    async with asyncio.timeout(OPEN_WITHIN_SECONDS):
        while True:
            try:
                return await attempt()
            except (OSError, asyncpg.CannotConnectNowError) as error:
                log.warning("not_reachable_yet", error=repr(error))
            await asyncio.sleep(next(delays))
