"""Which loops a worker runs for its messages, and how it waits for what still starts."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import asyncpg
import pytest
from pydantic_settings import SettingsConfigDict

from kit.clock import SystemClock
from kit.db.database import Database
from kit.linger import LONG, NEVER
from kit.messaging.routes import Routes
from kit.redis import RedisLine
from kit.refusals import Unavailable
from kit.runtime import ProcessMode, Service, _patiently, consumers, message_loops, opened, working
from kit.settings import IdentitySettings, RedisSettings, WebSettings
from kit.web.app import create_app
from testkit.broker import MemoryBroker
from testkit.toys import Sung, Work, Worked

UPKEEP = ["relay", "inbox"]
NO_POOL = cast("asyncpg.Pool", None)  # no statement is sent


class PlainSettings(WebSettings):
    model_config = SettingsConfigDict(env_prefix="PLAIN_")


async def handle(*_: Any) -> None:
    """Do nothing."""


def plain(routes: Routes) -> Service:
    settings = PlainSettings()
    web = create_app(name="plain", title="p", description="", settings=settings, refusals=())
    service = Service("plain", settings, web, routes=routes)
    service.state.database = Database(NO_POOL, "plain", SystemClock())
    return service


def loops_of(routes: Routes) -> list[str]:
    """Return the names of a service's loops, none of which is run."""
    loops = message_loops(plain(routes), MemoryBroker(), "postgresql://nowhere")
    for _, loop in loops:
        assert inspect.iscoroutine(loop)
        loop.close()
    return [name for name, _ in loops]


def test_a_service_that_reads_nothing_sends_what_it_says_and_collects_no_dead_letters() -> None:
    assert loops_of(Routes()) == UPKEEP


@pytest.mark.parametrize(
    ("routes", "queue"),
    [
        (Routes(commands={Work: handle}), "plain.commands"),
        (Routes(events={Sung: handle}), "plain.events"),
        (Routes(replies={Worked: handle}), "plain.replies"),
    ],
)
def test_each_queue_that_is_read_has_its_retries_and_all_share_one_collector(
    routes: Routes, queue: str
) -> None:
    assert loops_of(routes) == [*UPKEEP, queue, f"{queue}.retries", "plain.dead"]


def test_events_are_gathered_for_longer_where_a_service_says_so() -> None:
    service = plain(Routes({Work: handle}, {Sung: handle}, {Worked: handle}))
    assert {one.linger for one in consumers(service, MemoryBroker())} == {NEVER}
    service = replace(service, linger=LONG)
    found = {one.queue: one.linger for one in consumers(service, MemoryBroker())}
    assert found == {"plain.commands": NEVER, "plain.events": LONG, "plain.replies": NEVER}


def test_a_queue_needs_no_inbox_where_the_routes_say_that_its_handlers_know_repeats() -> None:
    routes = Routes({Work: handle}, {Sung: handle}, {Worked: handle}, frozenset({"replies"}))
    found = {one.queue: one.is_repeatable for one in consumers(plain(routes), MemoryBroker())}
    assert found == {"plain.commands": False, "plain.events": False, "plain.replies": True}


class WiredSettings(RedisSettings, IdentitySettings, WebSettings):
    model_config = SettingsConfigDict(env_prefix="WIRED_")


def follows() -> set[str]:
    """Return the names of the tasks that wait for keys and revocations."""
    names = {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if name.startswith("tokens.")}


async def test_what_the_settings_ask_for_is_open_before_a_services_own_and_closed_after_it() -> (
    None
):
    settings = WiredSettings(
        redis_url="redis://127.0.0.1:1/0", jwks_url="http://127.0.0.1:1/jwks.json"
    )
    web = create_app(name="wired", title="w", description="", settings=settings, refusals=())
    story: list[tuple[bool, set[str]]] = []

    @asynccontextmanager
    async def own(service: Service) -> AsyncIterator[None]:
        story.append((hasattr(service.state, "tokens"), follows()))
        yield
        story.append((hasattr(service.state, "tokens"), follows()))

    service = Service("wired", settings, web, resources=(own,))
    async with opened(service):
        assert isinstance(service.state.redis, RedisLine)
        assert isinstance(service.state.clock, SystemClock)
        assert service.state.settings is settings
        assert service.state.readiness.keys() == {"identity"}
        assert not hasattr(service.state, "database")
        with pytest.raises(Unavailable):  # neither keys nor revocations have arrived
            await service.state.readiness["identity"]()
    is_open = (True, {"tokens.jwks", "tokens.revocations"})
    assert story == [is_open, is_open]
    assert follows() == set()


async def test_a_service_that_asks_for_nothing_has_but_its_clock_and_settings() -> None:
    settings = PlainSettings()
    web = create_app(name="plain", title="p", description="", settings=settings, refusals=())
    service = Service("plain", settings, web)
    async with opened(service), working(service, ProcessMode.ALL):
        for name in ("database", "redis", "tokens"):
            assert not hasattr(service.state, name)
        assert service.state.readiness == {}


class Starting:
    """A database that can be opened once these errors are over."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.opened = Database(NO_POOL, "plain", SystemClock())

    async def open(self) -> Database:
        if self._errors:
            raise self._errors.pop(0)
        return self.opened


async def test_a_database_that_still_starts_is_tried_until_it_answers() -> None:
    database = Starting(ConnectionRefusedError(), asyncpg.CannotConnectNowError("starting up"))
    assert await _patiently(database.open) is database.opened


@pytest.mark.parametrize(
    "error", [asyncpg.InvalidPasswordError("wrong"), asyncpg.InvalidCatalogNameError("no such")]
)
async def test_what_waiting_does_not_mend_is_told_at_once(error: Exception) -> None:
    database = Starting(error)
    with pytest.raises(type(error)):
        await _patiently(database.open)
    assert await database.open() is database.opened  # it was tried once
