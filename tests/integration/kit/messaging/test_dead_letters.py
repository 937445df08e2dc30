"""Letters in their table: what is kept of each, and what operators see and do."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging import dead_letters
from kit.messaging.dead_letters import DeadLetter, DeadLetterFilter
from testkit.clock import FakeClock


def letter(consumer: str = "kit.commands", key: str = "a", **changed: Any) -> DeadLetter:
    made = DeadLetter(consumer, new_id(), key, "kit.work.v1", b"{}", "handler_failed", "no")
    return replace(made, **changed)


async def park(database: Database, *parked: DeadLetter) -> None:
    async with database.unit_of_work() as uow:
        await dead_letters.park(uow, parked)


async def bury(database: Database, *dead: DeadLetter) -> None:
    async with database.unit_of_work() as uow:
        await dead_letters.bury(uow, dead)


async def locked(database: Database, one: DeadLetter) -> DeadLetter | None:
    async with database.unit_of_work() as uow:
        return await dead_letters.lock(uow, one.consumer, one.id)


async def shown(database: Database, one: DeadLetter) -> list[dict[str, Any]]:
    async with database.read() as connection:
        return await dead_letters.shown(connection, one.id)


async def test_a_parked_letter_is_found_as_it_was_kept_and_a_dead_one_is_not(
    database: Database,
) -> None:
    parked, dead = letter(), letter()
    await park(database, parked)
    await bury(database, dead)
    assert await locked(database, parked) == parked
    assert await locked(database, dead) is None


async def test_a_letter_that_another_worker_tries_is_passed_over(database: Database) -> None:
    kept = letter()
    await park(database, kept)
    async with database.unit_of_work() as uow:
        assert await dead_letters.lock(uow, kept.consumer, kept.id) == kept
        assert await locked(database, kept) is None


async def test_a_retry_that_fails_is_counted_with_its_error_and_its_time(
    database: Database, clock: FakeClock
) -> None:
    kept, other = letter(), letter(key="b")
    await park(database, kept, other)
    clock.advance(60)
    async with database.unit_of_work() as uow:
        assert await dead_letters.failed(uow, kept, "\x00" * 3000) is False
    error = "\ufffd" * dead_letters.ERROR_LENGTH
    assert await locked(database, kept) == replace(kept, attempts=1, error=error)
    assert await locked(database, other) == other
    (row,) = await shown(database, kept)
    assert row["updated_at"] == clock.now()
    assert row["next_at"] == clock.now() + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("handler_failed", "undecodable"), ("unknown_command", "unknown_command")],
)
async def test_a_letter_that_can_not_be_decoded_is_dead_and_an_unknown_command_stays_one(
    database: Database, clock: FakeClock, reason: str, expected: str
) -> None:
    kept, other = letter(reason=reason), letter(key="b")
    await park(database, kept, other)
    clock.advance(60)
    async with database.unit_of_work() as uow:
        await dead_letters.undecodable(uow, kept, "\x00" * 3000)
    (row,) = await shown(database, kept)
    assert (row["state"], row["reason"], row["attempts"]) == ("dead", expected, 1)
    assert (row["next_at"], row["updated_at"]) == (None, clock.now())
    assert row["error"] == "\ufffd" * dead_letters.ERROR_LENGTH
    assert await locked(database, other) == other


async def test_a_letter_that_was_delivered_is_gone_and_no_other(database: Database) -> None:
    kept, other = letter(), letter()
    await park(database, kept, other)
    async with database.unit_of_work() as uow:
        await dead_letters.delivered(uow, kept)
    assert await locked(database, kept) is None
    assert await locked(database, other) == other


async def test_a_key_is_waited_for_while_it_has_a_parked_or_a_dead_letter(
    database: Database,
) -> None:
    discarded = letter(key="discarded")
    await park(database, letter(key="parked"), letter(key="nobody asks"), discarded)
    await bury(database, letter(key="dead"))
    async with database.unit_of_work() as uow:
        await dead_letters.discard(uow, discarded.id, "an operator")
    keys = ["parked", "dead", "discarded", "well"]
    async with database.read() as connection:
        assert await dead_letters.waited_for(connection, keys) == {"parked", "dead"}


@pytest.mark.parametrize(
    ("act", "name"),
    [(dead_letters.replay, "replay"), (dead_letters.discard, "discard")],
)
async def test_an_action_is_on_record_at_each_queue_that_has_a_letter_of_the_event(
    database: Database,
    clock: FakeClock,
    act: Callable[[UnitOfWork, Any, str], Awaitable[int]],
    name: str,
) -> None:
    one = letter()
    await bury(database, one, replace(one, consumer="kit.events"), letter())
    clock.advance(60)
    async with database.unit_of_work() as uow:
        assert await act(uow, one.id, "an operator") == 2
    rows = await shown(database, one)
    assert [row["consumer"] for row in rows] == ["kit.commands", "kit.events"]
    for row in rows:
        assert row["actions"] == [{"action": name, "actor": "an operator", "at": clock.now()}]
        assert row["updated_at"] == clock.now()


async def test_letters_are_listed_by_state_and_counted_with_their_times(
    database: Database,
) -> None:
    await park(database, letter(error="one"), letter(error="one"), letter(error="other"))
    await bury(database, letter())
    async with database.read() as connection:
        listed = await dead_letters.listed(connection, "parked")
        counted = await dead_letters.counted(connection, DeadLetterFilter("parked"))
    assert [(row["state"], row["error"]) for row in listed] == [
        ("parked", "one"),
        ("parked", "one"),
        ("parked", "other"),
    ]
    assert [(row["error"], row["count"]) for row in counted] == [("one", 2), ("other", 1)]
    assert counted[0]["oldest"] == listed[0]["created_at"]
    assert counted[0]["newest"] == listed[1]["created_at"]
