"""The saga engine on PostgreSQL: start, batches, undo, timers and tasks."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asyncpg import UniqueViolationError
from structlog.testing import capture_logs

from kit import context
from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Command, Envelope, Message, Reply
from kit.saga import (
    Done,
    Hooks,
    Note,
    Saga,
    SagaEnd,
    SagaEngine,
    Start,
    TaskOutcome,
    TaskRunner,
    UndoOutcome,
    Wait,
    shared_replies,
    store,
)
from kit.saga.engine import stuck_sagas
from kit.tasks import spawn, stop
from testkit.clock import FakeClock
from testkit.conditions import running, until, waits
from testkit.databases import Cluster
from testkit.people import eventually
from testkit.pump import outbox_rows, sent
from testkit.trips import (
    TRIP,
    VISA,
    BookHotel,
    CancelHotel,
    FlightPaid,
    HotelBooked,
    HotelCancelled,
    HotelFull,
    PayFlight,
    journey,
    trip,
)


class Agency:
    """Owns trips: an engine, what its hooks were told, and shortcuts."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock,
        saga: Saga = TRIP,
        lock: str | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.completed: list[SagaEnd] = []
        self.undone: list[SagaEnd] = []
        self.done: list[Done] = []
        self.ended_before: list[int] = []
        hooks = Hooks(lock, self._completed, self._undone, self._done)
        self.engine = SagaEngine(saga, hooks)

    async def _completed(self, _: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        self.completed += ended

    async def _undone(self, _: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        self.undone += ended

    async def _done(self, _: UnitOfWork, steps: Sequence[Done]) -> None:
        self.done += steps
        self.ended_before.append(len(self.completed))

    async def start(self, *, needs_visa: bool = False) -> UUID:
        saga_id = new_id()
        async with self.database.unit_of_work() as uow:
            await self.engine.start(uow, saga_id, trip(needs_visa=needs_visa))
        return saga_id

    async def asked(self, model: type[Command]) -> list[Command]:
        found = await sent(self.database, model)
        return [one.message for one in found if isinstance(one.message, Command)]

    async def reply(self, *replies: tuple[UUID, Message]) -> None:
        envelopes = [self.envelope(saga_id, reply) for saga_id, reply in replies]
        async with self.database.unit_of_work() as uow:
            await shared_replies(self.engine)(uow, envelopes)

    def envelope(self, saga_id: UUID, reply: Message) -> Envelope:
        return Envelope(
            id=new_id(),
            source="hotel",
            type=reply.type,
            subject=str(saga_id),
            time=self.clock.now(),
            message=reply,
        )

    async def undo(self, saga_id: UUID) -> UndoOutcome:
        async with self.database.unit_of_work() as uow:
            return await self.engine.request_undo(uow, saga_id, "wanted")

    async def row(self, saga_id: UUID) -> Mapping[str, Any]:
        async with self.database.read() as connection:
            found = await connection.fetchrow("SELECT * FROM saga WHERE id = $1", saga_id)
        assert found is not None
        return dict(found)


@pytest.fixture
async def agency(cluster: Cluster) -> AsyncIterator[Agency]:
    clock = FakeClock()
    async with cluster.database("kit", clock=clock) as database:
        yield Agency(database, clock)


def _booked(command: Command) -> Reply:
    return HotelBooked(in_reply_to=command.command_id, room="7")


async def test_starting_twice_fails_and_sends_nothing(agency: Agency) -> None:
    saga_id = await agency.start()
    with pytest.raises(UniqueViolationError):
        async with agency.database.unit_of_work() as uow:
            await agency.engine.start(uow, saga_id, trip())
    assert len(await agency.asked(BookHotel)) == 1


async def test_many_are_started_by_one_statement_each_in_its_own_context(agency: Agency) -> None:
    new = [new_id() for _ in range(3)]
    starts = []
    for saga_id in new:
        with context.bind(correlation_id=f"story of {saga_id}"):
            starts.append(Start(saga_id, trip(), context.current()))
    before = agency.database.statements
    async with agency.database.unit_of_work() as uow:
        await agency.engine.start_many(uow, starts)
    assert agency.database.statements - before == 1  # the sagas, their log, and the commands
    told = [one.correlation_id for one in await sent(agency.database, BookHotel)]
    assert told == [f"story of {saga_id}" for saga_id in new]


async def test_what_is_started_is_known_to_its_own_unit_of_work(agency: Agency) -> None:
    saga_id = new_id()
    async with agency.database.unit_of_work() as uow:
        await agency.engine.start(uow, saga_id, trip())
        for expected in (UndoOutcome.UNDOING, UndoOutcome.UNDOING):
            assert await agency.engine.request_undo(uow, saga_id, "no time") is expected
        await store.note(uow, saga_id, None, [Note(agency.clock.now(), "seen")])
    assert len(await agency.asked(BookHotel)) == 1
    assert len(await agency.asked(CancelHotel)) == 1
    async with agency.database.read() as connection:
        told = [one["entry"] for one in (await store.shown(connection, saga_id) or {})["log"]]
    assert told == ["asked", "undo_wanted", "asked_to_undo", "noted"]


async def test_a_batch_of_replies_costs_the_same_statements_for_one_and_for_forty(
    agency: Agency,
) -> None:
    costs = []
    for count in (1, 40):
        ids = [await agency.start() for _ in range(count)]
        commands = (await agency.asked(BookHotel))[-count:]
        before = agency.database.statements
        await agency.reply(
            *((one, _booked(command)) for one, command in zip(ids, commands, strict=True))
        )
        costs.append(agency.database.statements - before)
    assert costs[0] == costs[1]
    assert len(await agency.asked(PayFlight)) == 41


async def test_steps_are_told_as_they_are_done_and_before_the_end(agency: Agency) -> None:
    saga_id = await agency.start()
    [hotel] = await agency.asked(BookHotel)
    await agency.reply((saga_id, _booked(hotel)))
    [booked] = agency.done
    assert (booked.saga_id, booked.step, booked.data["room"]) == (saga_id, "hotel", "7")
    [flight] = await agency.asked(PayFlight)
    await agency.reply((saga_id, FlightPaid(in_reply_to=flight.command_id)))
    assert [one.step for one in agency.done] == ["hotel", "flight"]
    assert agency.ended_before == [0, 0]
    assert [one.saga_id for one in agency.completed] == [saga_id]


async def test_of_its_data_a_saga_that_has_completed_keeps_what_its_definition_names(
    agency: Agency,
) -> None:
    brief = Agency(agency.database, agency.clock, replace(TRIP, keeps=("room", "seat")))
    flown, stayed = await brief.start(), await brief.start()
    hotels = await brief.asked(BookHotel)
    await brief.reply(*zip((flown, stayed), map(_booked, hotels), strict=True))
    assert (await brief.row(flown))["data"] == {**trip(needs_visa=False), "room": "7"}
    [flight, _] = await brief.asked(PayFlight)
    await brief.reply((flown, FlightPaid(in_reply_to=flight.command_id)))
    assert (await brief.row(flown))["data"] == {"room": "7", "seat": None}
    assert [one.data["room"] for one in brief.completed] == ["7"]  # the hook is told of all
    assert brief.completed[0].data.keys() > {"room"}

    await brief.reply((flown, FlightPaid(in_reply_to=flight.command_id)))
    assert (await brief.row(flown))["data"] == {"room": "7", "seat": None}


async def test_sagas_of_two_kinds_share_their_replies(agency: Agency) -> None:
    other = Agency(agency.database, agency.clock, replace(TRIP, name="cruise"))
    ids = [await one.start() for one in (agency, other, agency)]
    hotels = await agency.asked(BookHotel)
    answers = zip((*ids, new_id()), (*hotels, hotels[0]), strict=True)
    envelopes = [agency.envelope(saga_id, _booked(hotel)) for saga_id, hotel in answers]
    async with agency.database.unit_of_work() as uow:
        await shared_replies(agency.engine, other.engine)(uow, envelopes)
    assert [one.saga_id for one in agency.done] == [ids[0], ids[2]]
    assert [one.saga_id for one in other.done] == [ids[1]]
    assert len(await agency.asked(PayFlight)) == 3


async def test_where_one_kind_takes_all_replies_the_other_is_not_asked(agency: Agency) -> None:
    other = Agency(agency.database, agency.clock, replace(TRIP, name="cruise"))
    saga_id = await agency.start()
    [hotel] = await agency.asked(BookHotel)
    before = agency.database.statements
    async with agency.database.unit_of_work() as uow:
        handle = shared_replies(agency.engine, other.engine)
        await handle(uow, [agency.envelope(saga_id, _booked(hotel))])
    assert [one.saga_id for one in agency.done] == [saga_id]
    assert agency.database.statements - before == 2  # one locks, one writes


_MOVED = "SELECT 1 FROM moved WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"


async def test_what_sagas_move_is_locked_before_them_and_they_are_seen_as_they_are_then(
    agency: Agency, cluster: Cluster
) -> None:
    careful = Agency(agency.database, agency.clock, lock=_MOVED)
    saga_id = await careful.start()
    [hotel] = await careful.asked(BookHotel)
    await cluster.as_superuser("CREATE TABLE kit.moved (id uuid PRIMARY KEY)")
    await cluster.as_superuser("GRANT SELECT, INSERT, UPDATE ON kit.moved TO kit")
    async with agency.database.unit_of_work() as uow:
        await uow.execute("INSERT INTO moved VALUES ($1)", saga_id)
    async with agency.database.unit_of_work() as holder:
        await holder.execute(_MOVED, [saga_id])
        replying = spawn(careful.reply((saga_id, _booked(hotel))), "replying")
        await until(waits(agency.database))
        # By two locks in the other order this would be a deadlock.
        outcome = await careful.engine.request_undo(holder, saga_id, "wanted")
        assert outcome is UndoOutcome.UNDOING
    await replying
    row = await careful.row(saga_id)
    assert (row["phase"], row["log"][-1][1]) == ("undoing", "reply_ignored")


async def test_hooks_hear_the_end_once(agency: Agency) -> None:
    ids = [await agency.start() for _ in range(3)]
    hotel = await agency.asked(BookHotel)
    await agency.reply(*zip(reversed(ids), map(_booked, reversed(hotel)), strict=True))
    flight = await agency.asked(PayFlight)
    by_saga = {one.message: UUID(one.subject) for one in await sent(agency.database, PayFlight)}
    ends = [(by_saga[one], FlightPaid(in_reply_to=one.command_id)) for one in flight]
    await agency.reply(*ends, *ends)
    assert sorted(one.saga_id for one in agency.completed) == sorted(ids)
    await agency.reply(*ends)
    assert len(agency.completed) == 3


async def test_undo_is_possible_before_and_impossible_after_the_point_of_no_return(
    agency: Agency,
) -> None:
    assert await agency.undo(new_id()) is UndoOutcome.NOT_FOUND
    saga_id = await agency.start()
    assert await agency.undo(saga_id) is UndoOutcome.UNDOING
    (cancel,) = await agency.asked(CancelHotel)
    await agency.reply((saga_id, HotelCancelled(in_reply_to=cancel.command_id)))
    assert [one.reason for one in agency.undone] == ["wanted"]
    assert await agency.undo(saga_id) is UndoOutcome.ENDED
    other = await agency.start()
    await agency.reply((other, _booked((await agency.asked(BookHotel))[-1])))
    assert await agency.undo(other) is UndoOutcome.TOO_LATE


async def test_news_bring_on_a_saga_that_waits_also_where_they_come_too_early(
    agency: Agency,
) -> None:
    waiting = Agency(agency.database, agency.clock, journey(Wait()))
    for comes_early in (False, True):
        saga_id = await waiting.start()
        booked = _booked((await waiting.asked(BookHotel))[-1])
        if not comes_early:
            await waiting.reply((saga_id, booked))
        async with agency.database.unit_of_work() as uow:
            assert await waiting.engine.signal(uow, saga_id, "passport", learnt={"number": "42"})
        if comes_early:
            await waiting.reply((saga_id, booked))
        assert (await waiting.row(saga_id))["step"] == "flight"
        assert (await waiting.row(saga_id))["data"]["number"] == "42"
    async with agency.database.unit_of_work() as uow:
        assert not await waiting.engine.signal(uow, saga_id, "passport")
        assert not await waiting.engine.signal(uow, new_id(), "passport")


async def test_a_reply_to_a_saga_that_nobody_knows_is_passed_over(agency: Agency) -> None:
    await agency.reply((new_id(), HotelFull(in_reply_to=new_id(), code="full")))
    assert await outbox_rows(agency.database) == []


async def test_a_message_that_is_no_reply_moves_no_saga_and_holds_up_no_reply(
    agency: Agency,
) -> None:
    saga_id = await agency.start()
    [hotel] = await agency.asked(BookHotel)
    await agency.reply((saga_id, hotel))
    assert (await agency.row(saga_id))["step"] == "hotel"
    await agency.reply((saga_id, hotel), (saga_id, _booked(hotel)))
    assert (await agency.row(saga_id))["step"] == "flight"


async def test_a_saga_that_begins_to_need_attention_is_counted_and_logged_once(
    agency: Agency,
) -> None:
    saga_id = await agency.start()
    [hotel] = await agency.asked(BookHotel)
    odd = FlightPaid(in_reply_to=hotel.command_id)
    stuck = stuck_sagas.labels("trip")
    before = stuck._value.get()
    with capture_logs() as logs:
        await agency.reply((saga_id, odd))
        await agency.reply((saga_id, odd))
    assert stuck._value.get() - before == 1
    told = [one for one in logs if one["event"] == "saga_needs_attention"]
    assert [(one["saga_id"], one["step"], one["phase"]) for one in told] == [
        (str(saga_id), "hotel", "running")
    ]
    assert await agency.engine.count_stuck(agency.database) == 1


async def test_timers_ask_again_by_the_same_command_in_a_new_message(agency: Agency) -> None:
    saga_id = await agency.start()
    assert await agency.engine.wake_due(agency.database) == 0
    agency.clock.advance(5)
    assert await agency.engine.wake_due(agency.database) == 1
    assert await agency.engine.wake_due(agency.database) == 0
    first, second = await sent(agency.database, BookHotel)
    assert first.id != second.id
    assert first.message == second.message
    agency.clock.advance(60)
    await agency.engine.wake_due(agency.database)
    assert (await agency.row(saga_id))["phase"] == "undoing"


async def test_a_live_saga_always_has_a_time_and_its_log_tells_the_story(agency: Agency) -> None:
    saga_id = await agency.start()
    assert (await agency.row(saga_id))["next_at"] is not None
    hotel = (await agency.asked(BookHotel))[0]
    refused = HotelFull(in_reply_to=hotel.command_id, code="full")
    await agency.reply((saga_id, refused))
    assert (await agency.row(saga_id))["next_at"] is None
    async with agency.database.read() as connection:
        story = (await store.shown(connection, saga_id) or {})["log"]
    assert [one["entry"] for one in story] == ["asked", "refused", "all_undone"]


async def _at_visa(agency: Agency) -> UUID:
    saga_id = await agency.start(needs_visa=True)
    await agency.reply((saga_id, _booked((await agency.asked(BookHotel))[-1])))
    return saga_id


async def test_a_task_runs_outside_any_unit_of_work_and_moves_its_saga_on(agency: Agency) -> None:
    saga_id = await _at_visa(agency)
    asked_at = agency.clock.now() - timedelta(seconds=2)

    async def visa(_: UUID, data: Mapping[str, Any]) -> TaskOutcome:
        assert data["room"] == "7"
        return TaskOutcome(learnt={"stamp": "A"}, notes=(Note(asked_at, "asked once"),))

    runner = spawn(TaskRunner(agency.engine, agency.database, {VISA: visa}).run(), "tasks")
    try:
        row = await eventually(lambda: agency.row(saga_id), lambda row: row["step"] == "flight")
    finally:
        await stop([runner])
    assert row["data"]["stamp"] == "A"
    async with agency.database.read() as connection:
        story = (await store.shown(connection, saga_id) or {})["log"]
    assert {"at": asked_at, "entry": "noted", "step": "visa", "detail": "asked once"} in story


async def test_when_a_worker_dies_at_a_task_another_does_it_after_the_lease(
    agency: Agency,
) -> None:
    saga_id = await _at_visa(agency)
    tries: list[str] = []
    arrived = asyncio.Event()

    async def dies(_: UUID, __: Mapping[str, Any]) -> TaskOutcome:
        tries.append("dies")
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def works(_: UUID, __: Mapping[str, Any]) -> TaskOutcome:
        tries.append("works")
        return TaskOutcome(refusal="denied")

    first = spawn(TaskRunner(agency.engine, agency.database, {VISA: dies}).run(), "first")
    await asyncio.wait_for(arrived.wait(), 5)
    await stop([first])
    agency.clock.advance(4)
    second = spawn(TaskRunner(agency.engine, agency.database, {VISA: works}).run(), "second")
    try:
        await eventually(lambda: agency.row(saga_id), lambda row: row["phase"] == "undoing")
    finally:
        await stop([second])
    assert tries == ["dies", "works"]
    assert (await agency.row(saga_id))["reason"] == "denied"


async def test_timers_and_tasks_go_on_after_their_connections_have_ended(
    agency: Agency, cluster: Cluster
) -> None:
    tries = 0

    async def visa(_: UUID, __: Mapping[str, Any]) -> TaskOutcome:
        nonlocal tries
        tries += 1
        await cluster.end_connections("kit")
        return TaskOutcome()

    async def asks_again(before: int) -> bool:
        agency.clock.advance(4)  # leases end, and so does the patience with whoever was asked
        await cluster.end_connections("kit")
        return len(await agency.asked(PayFlight)) > before

    runner = TaskRunner(agency.engine, agency.database, {VISA: visa})
    timers = agency.engine.timers(agency.database, polls=(0.05, 0.1))  # the test turns the clock
    async with running(runner.run(), timers):
        for _ in range(5):
            saga_id = await _at_visa(agency)
            await until(lambda saga_id=saga_id: _is_at(agency, saga_id, "flight"))
            before = len(await agency.asked(PayFlight))
            await until(lambda before=before: asks_again(before))
    assert tries >= 5


async def _is_at(agency: Agency, saga_id: UUID, step: str) -> bool:
    return bool((await agency.row(saga_id))["step"] == step)
