"""Bad messages: parked or dead with their reason, their neighbours handled, replayed when fixed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from asyncpg.exceptions import InterfaceError

from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging import dead_letters
from kit.messaging.broker import Delivery
from kit.messaging.consumer import Consumer
from kit.messaging.dead_letter_collector import DeadLetterCollector
from kit.messaging.dead_letters import MAX_ATTEMPTS, DeadLetterFilter
from kit.messaging.retries import Retries
from kit.messaging.routes import by_type
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.conditions import running, until
from testkit.toys import Sung, ToyTold, Work, delivery, encoded, event_id, work

from .effects import QUEUE, Effects


def command(effects: Effects, text: str, subject: str | None = None) -> bytes:
    clock = effects.database.clock
    assert isinstance(clock, FakeClock)
    return encoded(work(text), subject or text, clock=clock)


async def retry_all(effects: Effects) -> None:
    """Retry until nothing is due."""
    while await effects.retries().retry_due():
        pass


async def replay(effects: Effects, letter_id: UUID) -> int:
    async with effects.database.unit_of_work() as uow:
        return await dead_letters.replay(uow, letter_id, "an operator")


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\x00", b"not json", b'{"half":', b"7", b'{"id":"no uuid"}']
)
async def test_a_body_that_can_not_be_decoded_is_dead_and_its_neighbours_are_handled(
    effects: Effects, garbage: bytes
) -> None:
    before, after = command(effects, "before"), command(effects, "after")
    deliveries = [delivery(before), delivery(garbage, tag=2), delivery(after, tag=3)]
    for _ in range(2):  # it may come again
        await effects.consumer().handle(deliveries)
    assert await effects.texts() == ["before", "after"]
    (letter,) = await effects.letters()
    assert (letter["reason"], letter["state"], letter["body"]) == ("undecodable", "dead", garbage)


async def test_a_bad_event_inside_a_pack_is_dead_and_its_neighbours_are_handled(
    effects: Effects,
) -> None:
    bad = command(effects, "bad").replace(b'"bad"', b"[1]")
    pack = delivery(command(effects, "before"), bad, command(effects, "after"))
    await effects.consumer().handle([pack])
    assert await effects.texts() == ["before", "after"]
    assert await effects.states() == [("undecodable", "dead")]


async def test_an_unknown_command_is_dead_with_its_type(effects: Effects) -> None:
    stranger = encoded(Sung(text="la"))
    await effects.consumer().handle([delivery(command(effects, "known"), stranger)])
    assert await effects.texts() == ["known"]
    (letter,) = await effects.letters()
    assert (letter["reason"], letter["error"]) == ("unknown_command", Sung.type)


async def test_an_unknown_event_is_acknowledged_without_a_letter(effects: Effects) -> None:
    handlers = by_type({ToyTold: effects.handle})
    consumer = Consumer(
        effects.database, MemoryBroker(), "kit.events", handlers, unknown_is_fine=True
    )
    pack = delivery(encoded(Sung(text="la")), encoded(ToyTold(text="known")))
    await consumer.handle([pack])
    assert await effects.texts() == ["known"]
    assert await effects.letters() == []


async def test_a_handler_bug_parks_its_message_and_no_other(effects: Effects) -> None:
    effects.fail_on("bug")
    pack = [command(effects, text) for text in ("before", "bug", "after")]
    await effects.consumer().handle([delivery(*pack)])
    assert await effects.texts() == ["before", "after"]
    (letter,) = await effects.letters()
    assert (letter["reason"], letter["state"]) == ("handler_failed", "parked")
    assert letter["error"] == "ZeroDivisionError('bug')"


@pytest.mark.parametrize(
    "error", [OSError("no such file"), TimeoutError("a bug"), InterfaceError("misused")]
)
async def test_an_error_that_only_looks_like_an_outage_parks_its_message(
    effects: Effects, error: Exception
) -> None:
    effects.fail_on("bug", error)
    await effects.consumer().handle([delivery(command(effects, "bug"), command(effects, "b"))])
    assert await effects.texts() == ["b"]
    assert await effects.states() == [("handler_failed", "parked")]


async def test_an_argument_that_postgresql_does_not_take_parks_its_message(
    effects: Effects,
) -> None:
    async def misuse(uow: UnitOfWork) -> None:
        await uow.execute("SELECT $1::int", "no number")

    effects.troubles["bug"] = misuse
    await effects.consumer().handle([delivery(command(effects, "bug"), command(effects, "b"))])
    assert await effects.texts() == ["b"]
    assert await effects.states() == [("handler_failed", "parked")]


async def test_later_messages_of_a_parked_key_wait_behind_it_in_their_order(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("a1")
    for text in ("a1", "a2", "b1", "a3"):
        body = command(effects, text, subject=text[0])
        await effects.consumer().handle([delivery(body)])
    assert await effects.texts() == ["b1"]
    assert await effects.states() == [
        ("handler_failed", "parked"),
        ("behind_parked", "parked"),
        ("behind_parked", "parked"),
    ]
    clock.advance(1.5)
    await retry_all(effects)
    assert await effects.texts() == ["b1"]
    effects.repair()
    clock.advance(5)
    await retry_all(effects)
    assert await effects.texts() == ["b1", "a1", "a2", "a3"]
    assert await effects.letters() == []


async def test_messages_of_one_pack_wait_behind_the_one_that_fails(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("a1")
    pack = [command(effects, text, subject=text[0]) for text in ("a1", "b1", "a2")]
    await effects.consumer().handle([delivery(*pack)])
    assert await effects.texts() == ["b1"]
    effects.repair()
    clock.advance(1.5)
    await retry_all(effects)
    assert await effects.texts() == ["b1", "a1", "a2"]


async def test_a_message_that_fails_too_often_is_dead_and_holds_nobody_any_longer(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("a1")
    bodies = [command(effects, text, subject="a") for text in ("a1", "a2")]
    await effects.consumer().handle([delivery(*bodies)])
    for attempt in range(1, MAX_ATTEMPTS + 1):
        clock.advance(301)
        assert await effects.retries().retry_due() == 1
        (first, *_) = await effects.letters()
        assert first["attempts"] == attempt
    assert (first["state"], first["next_at"]) == ("dead", None)
    await retry_all(effects)
    assert await effects.texts() == ["a2"]


async def test_retries_come_later_and_later_up_to_a_cap(effects: Effects, clock: FakeClock) -> None:
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(command(effects, "bug"))])
    pauses = []
    for _ in range(MAX_ATTEMPTS):
        (letter,) = await effects.letters()
        due = letter["next_at"]
        pauses.append((due - clock.now()).total_seconds())  # type: ignore[operator]
        clock.advance(pauses[-1])
        await effects.retries().retry_due()
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


async def test_replay_after_the_fix_handles_a_dead_message_once(
    effects: Effects, clock: FakeClock
) -> None:
    body = command(effects, "bug")
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(body)])
    for _ in range(MAX_ATTEMPTS):
        clock.advance(301)
        await effects.retries().retry_due()
    assert await effects.states() == [("handler_failed", "dead")]
    effects.repair()
    assert await replay(effects, event_id(body)) == 1
    assert await replay(effects, event_id(body)) == 1
    await retry_all(effects)
    assert await effects.texts() == ["bug"]
    assert await replay(effects, event_id(body)) == 0
    await effects.consumer().handle([delivery(body)])  # it may still come again
    assert await effects.texts() == ["bug"]


async def test_an_unknown_command_is_handled_by_replay_once_it_is_known(
    effects: Effects,
) -> None:
    body = encoded(ToyTold(text="new"))
    await effects.consumer().handle([delivery(body)])
    assert await effects.states() == [("unknown_command", "dead")]
    known = Consumer(
        effects.database,
        MemoryBroker(),
        QUEUE,
        by_type({Work: effects.handle}) | {ToyTold.type: (ToyTold, effects.handle)},
        unknown_is_fine=False,
    )
    await replay(effects, event_id(body))
    assert await Retries(effects.database, known.reader).retry_due() == 1
    await known.handle([delivery(body)])
    assert await effects.texts() == ["new"]
    assert await effects.letters() == []


@pytest.mark.parametrize("garbage", [b"garbage", b"", b"7", b'{"id":"no uuid"}'])
async def test_what_can_not_be_decoded_is_not_tried_again(effects: Effects, garbage: bytes) -> None:
    await effects.consumer().handle([delivery(garbage)])
    (letter,) = await effects.letters()
    assert isinstance(letter["id"], UUID)
    assert await replay(effects, letter["id"]) == 0
    assert await effects.retries().retry_due() == 0
    assert await effects.states() == [("undecodable", "dead")]


async def test_what_can_not_be_decoded_is_tried_once_where_somebody_insists(
    effects: Effects, clock: FakeClock
) -> None:
    await effects.consumer().handle([delivery(b"garbage")])
    (letter,) = await effects.letters()
    async with effects.database.unit_of_work() as uow:
        assert await dead_letters.replay(uow, letter["id"], "an operator", anyway=True) == 1  # type: ignore[arg-type]
    assert await effects.retries().retry_due() == 1
    assert await effects.states() == [("undecodable", "dead")]
    clock.advance(301)
    assert await effects.retries().retry_due() == 0


async def test_what_the_broker_gave_up_on_and_nobody_can_decode_is_tried_once(
    effects: Effects, clock: FakeClock
) -> None:
    graveyard = DeadLetterCollector(effects.database, MemoryBroker(), "kit.dead")
    await graveyard.take_in(Delivery(1, QUEUE, b"garbage", None, 0))
    (letter,) = await effects.letters()
    assert await replay(effects, letter["id"]) == 1  # type: ignore[arg-type]
    clock.advance(1)
    assert await effects.retries().retry_due() == 1
    assert await effects.states() == [("undecodable", "dead")]


async def test_a_command_that_nobody_knows_yet_may_be_replayed_again(effects: Effects) -> None:
    body = encoded(ToyTold(text="new"))
    await effects.consumer().handle([delivery(body)])
    for _ in range(2):
        assert await replay(effects, event_id(body)) == 1
        assert await effects.retries().retry_due() == 1
        assert await effects.states() == [("unknown_command", "dead")]


async def test_a_discarded_letter_stays_as_it_is_and_every_action_is_on_record(
    effects: Effects,
) -> None:
    body = command(effects, "bug")
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(body)])
    await replay(effects, event_id(body))
    async with effects.database.unit_of_work() as uow:
        assert await dead_letters.discard(uow, event_id(body), "another") == 1
        assert await dead_letters.discard(uow, event_id(body), "another") == 0
    effects.repair()
    await retry_all(effects)
    assert await effects.texts() == []
    async with effects.database.read() as connection:
        (shown,) = await dead_letters.shown(connection, event_id(body))
        assert await dead_letters.listed(connection, "dead") == []
        assert len(await dead_letters.listed(connection, "discarded")) == 1
    assert shown["state"] == "discarded"
    actions = shown["actions"]
    assert isinstance(actions, list)
    assert [(one["action"], one["actor"]) for one in actions] == [
        ("replay", "an operator"),
        ("discard", "another"),
    ]


async def test_text_that_postgresql_can_not_store_is_dead_and_holds_nobody(
    effects: Effects,
) -> None:
    bad = command(effects, "bad", subject="s").replace(b'"subject":"s"', b'"subject":"\\u0000"')
    pack = delivery(command(effects, "before"), bad, command(effects, "after"))
    await effects.consumer().handle([pack])
    assert await effects.texts() == ["before", "after"]
    assert await effects.states() == [("undecodable", "dead")]


async def test_an_error_that_names_what_can_not_be_stored_is_kept_without_it(
    effects: Effects,
) -> None:
    effects.fail_on("bug", ValueError("\x00" * 9000))
    await effects.consumer().handle([delivery(command(effects, "bug"))])
    assert await effects.states() == [("handler_failed", "parked")]


async def test_a_retry_that_loses_its_connection_does_not_count(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(command(effects, "bug"))])
    clock.advance(2)
    before = await effects.letters()
    effects.fail_on("bug", ConnectionLostError(is_undone=True))
    with pytest.raises(ConnectionLostError):
        await effects.retries().retry_due()
    assert await effects.letters() == before
    effects.repair()
    assert await effects.retries().retry_due() == 1
    assert await effects.texts() == ["bug"]


async def test_two_workers_try_a_parked_message_once(effects: Effects, clock: FakeClock) -> None:
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(command(effects, "bug"))])
    effects.repair()
    clock.advance(2)
    await asyncio.gather(*(effects.retries().retry_due() for _ in range(4)))
    assert await effects.texts() == ["bug"]


async def test_what_the_broker_gave_up_on_becomes_letters_of_its_queue(
    effects: Effects, clock: FakeClock
) -> None:
    handled, killer = command(effects, "handled"), command(effects, "killer")
    await effects.consumer().handle([delivery(handled)])
    graveyard = DeadLetterCollector(effects.database, MemoryBroker(), "kit.dead")
    for body in (delivery(handled, killer).body, delivery(killer).body):
        content_type = delivery(handled, killer).content_type if body[:1] == b"[" else None
        await graveyard.take_in(Delivery(1, QUEUE, body, content_type, 0))
    await graveyard.take_in(Delivery(1, QUEUE, b"garbage", None, 0))
    found = [(one["consumer"], one["reason"], one["state"]) for one in await effects.letters()]
    assert found == [(QUEUE, "broker_gave_up", "dead")] * 2
    await replay(effects, event_id(killer))
    clock.advance(1)
    await retry_all(effects)
    assert await effects.texts() == ["handled", "killer"]


async def test_the_retry_loop_finds_what_is_due(effects: Effects, clock: FakeClock) -> None:
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(command(effects, "bug"))])
    effects.repair()
    clock.advance(2)

    async def is_done() -> bool:
        return await effects.texts() == ["bug"]

    async with running(effects.retries().run()):
        await until(is_done)


async def test_letters_are_listed_without_their_bodies_and_shown_with_them(
    effects: Effects,
) -> None:
    body = command(effects, "bug", subject=str(new_id()))
    effects.fail_on("bug")
    await effects.consumer().handle([delivery(body)])
    async with effects.database.read() as connection:
        (listed,) = await dead_letters.listed(connection, None)
        (shown,) = await dead_letters.shown(connection, event_id(body))
    assert "body" not in listed
    assert json.loads(shown["body"]) == json.loads(body)  # type: ignore[arg-type]


async def test_letters_are_looked_for_by_type_age_and_error_and_discarded_ones_apart(
    effects: Effects, clock: FakeClock
) -> None:
    bodies = {text: command(effects, text) for text in ("one", "two", "set aside")}
    for text, body in bodies.items():
        effects.fail_on(text, ValueError(f"No money for {text}"))
        await effects.consumer().handle([delivery(body)])
    async with effects.database.unit_of_work() as uow:
        await dead_letters.discard(uow, event_id(bodies["set aside"]), "an operator")

    async def found(**wanted: Any) -> list[object]:
        async with effects.database.read() as connection:
            rows = await dead_letters.listed(connection, None, DeadLetterFilter(**wanted))
        return [row["id"] for row in rows]

    one, two, aside = (event_id(body) for body in bodies.values())
    assert await found() == [one, two]
    assert await found(state="discarded") == [aside]
    assert await found(error="no MONEY for tw") == [two]
    assert await found(error="handler_failed") == [one, two]
    assert await found(type="work") == [one, two]
    assert await found(type="refund") == []
    assert await found(before=datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert await found(before=datetime.now(UTC) + timedelta(days=1)) == [one, two]
    async with effects.database.read() as connection:
        counted = await dead_letters.counted(connection, DeadLetterFilter())
    assert [(row["state"], row["count"]) for row in counted] == [("parked", 1), ("parked", 1)]
