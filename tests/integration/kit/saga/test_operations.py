"""Sagas that are stuck: timers that fail, versions that differ, what operators do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.saga import Action, Done, Hooks, Saga, SagaEnd, SagaEngine, store
from kit.saga.definition import Ask
from testkit.clock import FakeClock
from testkit.pump import sent
from testkit.trips import TRIP, BookHotel, CancelHotel, trip


async def nothing(*_: Any) -> None:
    """Tell nobody."""


def _cursed(ask: Ask) -> Command:
    if ask.data.get("cursed"):
        raise LookupError("no such hotel")
    return BookHotel(command_id=ask.command_id)


CURSED = Saga("trip", 1, (replace(TRIP.steps[0], asks=_cursed), *TRIP.steps[1:]))


async def start(database: Database, engine: SagaEngine, **more: Any) -> UUID:
    saga_id = new_id()
    async with database.unit_of_work() as uow:
        await engine.start(uow, saga_id, {**trip(needs_visa=False), **more})
    return saga_id


async def shown(database: Database, saga_id: UUID) -> dict[str, Any]:
    async with database.read() as connection:
        found = await store.shown(connection, saga_id)
    assert found is not None
    return found


async def test_a_timer_that_fails_is_put_off_and_starves_nobody(
    database: Database, clock: FakeClock
) -> None:
    healthy = SagaEngine(TRIP, Hooks(None, nothing, nothing))
    bad = await start(database, healthy, cursed=True)
    good = await start(database, healthy)
    cursed = SagaEngine(CURSED, Hooks(None, nothing, nothing))
    clock.advance(6)
    assert await cursed.wake_due(database) == 2
    assert (await shown(database, good))["attempts"] == 1
    row = await shown(database, bad)
    assert row["needs_attention"]
    assert (row["log"][-1]["at"], row["log"][-1]["entry"]) == (clock.now(), "timer_failed")
    assert "no such hotel" in row["log"][-1]["detail"]
    assert await cursed.wake_due(database) == 0
    clock.advance(61)
    assert await cursed.wake_due(database) == 2


@pytest.mark.parametrize("before", [[], [LookupError("no such hotel")]])
async def test_a_timer_that_loses_its_connection_is_not_put_off(
    database: Database, clock: FakeClock, before: list[Exception]
) -> None:
    """Whether it was lost under all that are due, or where each is tried alone."""
    errors = [*before, ConnectionLostError(is_undone=True)]

    def ask(asked: Ask) -> Command:
        if errors:
            raise errors.pop(0)
        return BookHotel(command_id=asked.command_id)

    hooks = Hooks(None, nothing, nothing)
    saga_id = await start(database, SagaEngine(TRIP, hooks))
    saga = Saga("trip", 1, (replace(TRIP.steps[0], asks=ask), *TRIP.steps[1:]))
    engine = SagaEngine(saga, hooks)
    clock.advance(6)
    with pytest.raises(ConnectionLostError):
        await engine.wake_due(database)
    row = await shown(database, saga_id)
    assert (row["attempts"], row["needs_attention"], len(row["log"])) == (0, False, 1)
    assert await engine.wake_due(database) == 1
    assert (await shown(database, saga_id))["attempts"] == 1


async def test_an_instance_goes_on_by_the_version_it_began_with(
    database: Database, clock: FakeClock
) -> None:
    old = SagaEngine(TRIP, Hooks(None, nothing, nothing))
    begun = await start(database, old)
    newer = Saga("trip", 2, TRIP.steps[2:])
    engine = SagaEngine(newer, Hooks(None, nothing, nothing), earlier=[TRIP])
    fresh = await start(database, engine)
    clock.advance(6)
    assert await engine.wake_due(database) == 2
    assert (await shown(database, begun))["step"] == "hotel"
    assert (await shown(database, fresh))["step"] == "flight"


async def test_a_step_that_an_operator_skips_is_told_as_done_but_not_one_that_is_undone(
    database: Database,
) -> None:
    told: list[str] = []

    async def done(_: UnitOfWork, steps: Sequence[Done]) -> None:
        told.extend(one.step for one in steps)

    engine = SagaEngine(TRIP, Hooks(None, nothing, nothing, done))
    saga_id = await start(database, engine, needs_visa=True)
    for action in (Action.SKIP, Action.UNDO, Action.SKIP):
        async with database.unit_of_work() as uow:
            assert await engine.operate(uow, saga_id, action, actor="ann")
    assert (await shown(database, saga_id))["phase"] == "undone"
    assert told == ["hotel"]


async def test_an_operator_is_on_record_in_the_sagas_own_log(database: Database) -> None:
    ends: list[SagaEnd] = []

    async def note(_: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        ends.extend(ended)

    engine = SagaEngine(TRIP, Hooks(None, note, note))
    saga_id = await start(database, engine)
    for action in (Action.UNDO, Action.SKIP):
        async with database.unit_of_work() as uow:
            assert await engine.operate(uow, saga_id, action, actor="ann")
    row = await shown(database, saga_id)
    assert [(one["entry"], one["detail"]) for one in row["log"]] == [
        ("asked", None),
        ("operator_undo", "ann"),
        ("asked_to_undo", None),
        ("operator_skip", "ann"),
        ("all_undone", "operator"),
    ]
    assert [one.reason for one in ends] == ["operator"]
    assert len(await sent(database, CancelHotel)) == 1
    async with database.unit_of_work() as uow:
        assert not await engine.operate(uow, saga_id, Action.RETRY, actor="ann")
        assert not await engine.operate(uow, new_id(), Action.RETRY, actor="ann")
