"""What an operator types: ``python -m <service> messages …`` and ``… sagas …``."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest
from pydantic_settings import SettingsConfigDict

from kit.commands import main
from kit.db.database import Database
from kit.ids import new_id
from kit.messaging import dead_letters
from kit.messaging.dead_letters import dead_letter
from kit.runtime import Service
from kit.saga import Hooks, SagaEngine
from kit.settings import DatabaseSettings, WebSettings
from kit.web.app import create_app
from testkit.databases import Cluster
from testkit.toys import encoded, event_id, work
from testkit.trips import TRIP, trip


class KitSettings(DatabaseSettings, WebSettings):
    """What the command line needs."""

    model_config = SettingsConfigDict(env_prefix="KIT_")


async def nothing(*_: Any) -> None:
    """Tell nobody."""


ENGINE = SagaEngine(TRIP, Hooks(None, nothing, nothing))


def build(settings: KitSettings) -> Service:
    web = create_app(name="kit", title="kit", description="", settings=settings, refusals=())
    return Service("kit", settings, web, sagas=(ENGINE,))


class CommandLine:
    """``python -m kit …``, in a thread of its own."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture
        self.told = b""

    async def __call__(self, *arguments: str) -> Any:
        self._capture.readouterr()
        await asyncio.to_thread(main, "kit", KitSettings, build, arguments=arguments)
        printed = self._capture.readouterr()
        self.told = printed.err
        return orjson.loads(printed.out)


@pytest.fixture
def command_line(
    cluster: Cluster,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> CommandLine:
    monkeypatch.setenv("KIT_DATABASE_URL", cluster.url("kit"))
    return CommandLine(capfdbinary)


async def test_letters_are_listed_shown_replayed_and_discarded(
    database: Database, command_line: CommandLine
) -> None:
    body = encoded(work("stuck"), subject="42")
    async with database.unit_of_work() as uow:
        await dead_letters.bury(uow, [dead_letter("kit.commands", body, "handler_failed", "x")])
    name = str(event_id(body))
    (listed,) = await command_line("messages", "list", "--state", "dead")
    assert (listed["id"], listed["key"], listed["reason"]) == (name, "42", "handler_failed")
    assert await command_line("messages", "list", "--state", "parked") == []
    assert await command_line("messages", "replay", name) == {"changed": 1}
    assert await command_line("messages", "discard", name) == {"changed": 1}
    assert await command_line("messages", "discard", name) == {"changed": 0}
    (shown,) = await command_line("messages", "show", name)
    assert orjson.loads(shown["body"])["data"]["text"] == "stuck"
    assert [one["action"] for one in shown["actions"]] == ["replay", "discard"]
    with pytest.raises(SystemExit, match="needs the message's id"):
        await command_line("messages", "replay")
    with pytest.raises(SystemExit, match="there is no letter"):
        await command_line("messages", "replay", str(new_id()))


async def test_what_an_operator_does_wakes_the_running_service(
    cluster: Cluster, database: Database, command_line: CommandLine
) -> None:
    body = encoded(work("stuck"), subject="42")
    async with database.unit_of_work() as uow:
        await dead_letters.bury(uow, [dead_letter("kit.commands", body, "handler_failed", "x")])
    connection = await asyncpg.connect(cluster.url("kit"))
    heard = asyncio.Event()
    try:
        await connection.add_listener("kit_outbox", lambda *_: heard.set())
        await command_line("messages", "list")
        assert not heard.is_set()
        await command_line("messages", "replay", str(event_id(body)))
        await asyncio.wait_for(heard.wait(), 10)
    finally:
        await connection.close()


async def test_what_is_discarded_is_listed_apart_and_counted_by_what_went_wrong(
    database: Database, command_line: CommandLine
) -> None:
    waits, aside = (encoded(work(text)) for text in ("waits", "aside"))
    async with database.unit_of_work() as uow:
        bad = [dead_letter("kit.commands", one, "handler_failed", "x") for one in (waits, aside)]
        await dead_letters.bury(uow, bad)
        await dead_letters.discard(uow, event_id(aside), "an operator")
    for words in ((), ("list",), ("list", "--type", "work", "--error", "X")):
        (listed,) = await command_line("messages", *words)
        assert listed["id"] == str(event_id(waits))
    assert await command_line("messages", "list", "--older", "1h") == []
    (discarded,) = await command_line("messages", "list", "--state", "discarded")
    assert discarded["id"] == str(event_id(aside))
    (counted,) = await command_line("messages", "count")
    assert (counted["count"], counted["error"]) == (1, "x")


async def test_a_replay_says_what_it_did_and_leaves_what_can_not_be_decoded(
    database: Database, command_line: CommandLine
) -> None:
    good = dead_letter("kit.commands", encoded(work("x")), "handler_failed", "x")
    bad = dead_letter("kit.commands", b"garbage", "undecodable", "no JSON")
    async with database.unit_of_work() as uow:
        await dead_letters.bury(uow, [good, bad])
    assert await command_line("messages", "replay", str(good.id)) == {"changed": 1}
    assert b"was dead after 0 tries, is parked and due now" in command_line.told
    assert await command_line("messages", "replay", str(bad.id)) == {"changed": 0}
    assert b"no retry helps what can't be decoded (no JSON)" in command_line.told
    (shown,) = await command_line("messages", "show", str(bad.id))
    assert (shown["state"], shown["attempts"], shown["actions"]) == ("dead", 0, [])


async def test_a_list_that_is_cut_off_says_so_and_where_all_are_counted(
    database: Database, command_line: CommandLine
) -> None:
    many = dead_letters.LISTED
    waiting = [
        dead_letter("kit.commands", b"%d" % n, "undecodable", "no JSON") for n in range(many + 1)
    ]
    async with database.unit_of_work() as uow:
        await dead_letters.bury(uow, waiting)
    listed = await command_line("messages", "list")
    assert [one["id"] for one in listed] == [str(one.id) for one in waiting[:many]]
    assert b"the first 1000; `messages count` shows what there is" in command_line.told
    (counted,) = await command_line("messages", "count")
    assert counted["count"] == many + 1
    assert command_line.told == b""
    for one in waiting[:2]:
        await command_line("messages", "discard", str(one.id))
    assert len(await command_line("messages", "list")) == many - 1
    assert command_line.told == b""


async def test_sagas_are_listed_shown_and_acted_on(
    database: Database, command_line: CommandLine
) -> None:
    saga_id = new_id()
    async with database.unit_of_work() as uow:
        await ENGINE.start(uow, saga_id, trip(needs_visa=False))
    name = str(saga_id)
    assert await command_line("sagas", "list") == []
    (listed,) = await command_line("sagas", "list", "--all")
    assert (listed["id"], listed["step"]) == (name, "hotel")
    skipped = await command_line("sagas", "skip", name, "--learnt", '{"room": "9"}')
    assert (skipped["step"], skipped["data"]["room"]) == ("flight", "9")
    with pytest.raises(SystemExit, match="undo does nothing"):
        await command_line("sagas", "undo", name)
    assert (await command_line("sagas", "retry", name))["attempts"] == 0
    assert (await command_line("sagas", "force", name))["phase"] == "undoing"
    story = (await command_line("sagas", "show", name))["log"]
    assert [one["entry"] for one in story if one["entry"].startswith("operator")] == [
        "operator_skip",
        "operator_retry",
        "operator_force",
    ]
    with pytest.raises(SystemExit, match="no saga"):
        await command_line("sagas", "show", str(new_id()))
    with pytest.raises(SystemExit, match="needs the saga's id"):
        await command_line("sagas", "retry")


@pytest.mark.parametrize("words", [("list",), ("show", str(new_id()))])
def test_a_service_without_sagas_says_so(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("KIT_DATABASE_URL", cluster.url("kit"))

    def build_without(settings: KitSettings) -> Service:
        return Service("kit", settings, build(settings).web)

    with pytest.raises(SystemExit, match="kit has no sagas"):
        main("kit", KitSettings, build_without, arguments=("sagas", *words))
