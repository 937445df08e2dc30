"""Tasks of sagas that break, hang, or are more than there is room for, and their leases."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import context
from kit.db.database import Database
from kit.ids import new_id
from kit.saga import Saga, Start, TaskOutcome, TaskRunner
from kit.saga.tasks import AT_ONCE
from kit.tasks import stop
from testkit.clock import FakeClock
from testkit.conditions import until
from testkit.trips import TRIP, VISA, BookHotel, FlightPaid, HotelBooked, PayFlight, trip

from .test_engine import Agency

Runner = Callable[..., TaskRunner]


@pytest.fixture
def agency(database: Database, clock: FakeClock) -> Agency:
    return Agency(database, clock)


@pytest.fixture
async def runner(agency: Agency) -> AsyncIterator[Runner]:
    """Return what makes a worker that does the visa's task, and is stopped after the test."""
    made: list[TaskRunner] = []

    def make(visa: Callable[[], Awaitable[None]], of: Agency = agency) -> TaskRunner:
        async def work(_: UUID, __: Mapping[str, Any]) -> TaskOutcome:
            await visa()
            return TaskOutcome()

        made.append(TaskRunner(of.engine, of.database, {VISA: work}))
        return made[-1]

    yield make
    await stop([task for one in made for task in one._running.values()])


async def at_visa(agency: Agency, count: int = 1) -> list[UUID]:
    """Begin trips, and bring them on to the visa."""
    ids = sorted(new_id() for _ in range(count))
    starts = [Start(saga_id, trip(), context.current()) for saga_id in ids]
    async with agency.database.unit_of_work() as uow:
        await agency.engine.start_many(uow, starts)
    hotels = (await agency.asked(BookHotel))[-count:]
    booked = [HotelBooked(in_reply_to=hotel.command_id, room="7") for hotel in hotels]
    await agency.reply(*zip(ids, booked, strict=True))
    return ids


async def until_at(agency: Agency, step: str | None, *ids: UUID) -> None:
    async def are_there() -> bool:
        return {(await agency.row(saga_id))["step"] for saga_id in ids} == {step}

    await until(are_there)


async def hang() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_breaks_is_done_again_after_its_lease(
    agency: Agency, clock: FakeClock, runner: Runner
) -> None:
    tries: list[int] = []

    async def visa() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise ZeroDivisionError

    worker = runner(visa)
    [saga_id] = await at_visa(agency)
    assert await worker.start_waiting() == 1
    await until(lambda: tries == [0])
    assert await worker.start_waiting() == 0
    clock.advance(4)
    assert await worker.start_waiting() == 1
    await until_at(agency, "flight", saga_id)
    assert tries == [0, 1]


async def test_a_task_that_hangs_is_given_up_at_its_deadline(
    agency: Agency, clock: FakeClock, runner: Runner
) -> None:
    [saga_id] = await at_visa(agency)
    clock.advance(30)
    assert await runner(hang).start_waiting() == 1
    await until_at(agency, "hotel", saga_id)
    row = await agency.row(saga_id)
    assert (row["phase"], row["reason"]) == ("undoing", "visa_unavailable")


async def test_past_the_point_of_no_return_a_task_that_hangs_is_done_again(
    database: Database, clock: FakeClock, runner: Runner
) -> None:
    hotel, visa, flight = TRIP.steps
    late = Saga("trip", 1, (hotel, flight, replace(visa, deadline=timedelta(0))))
    agency = Agency(database, clock, late)
    tries: list[int] = []

    async def hang_once() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            await hang()

    worker = runner(hang_once, agency)
    [saga_id] = await at_visa(agency)
    [paid] = [FlightPaid(in_reply_to=one.command_id) for one in await agency.asked(PayFlight)]
    await agency.reply((saga_id, paid))
    assert await worker.start_waiting() == 1
    await asyncio.wait(worker._running.values())
    assert (await agency.row(saga_id))["step"] == "visa"
    clock.advance(4)
    assert await worker.start_waiting() == 1
    await until_at(agency, None, saga_id)
    assert [one.saga_id for one in agency.completed] == [saga_id]


async def test_no_more_tasks_run_at_once_than_there_is_room_for(
    agency: Agency, runner: Runner
) -> None:
    may_end = asyncio.Event()

    async def visa() -> None:
        await may_end.wait()

    worker = runner(visa)
    ids = await at_visa(agency, AT_ONCE + 1)
    assert await worker.start_waiting() == AT_ONCE
    assert await worker.start_waiting() == 0
    may_end.set()
    await asyncio.wait(worker._running.values())
    assert await worker.start_waiting() == 1
    await until_at(agency, "flight", *ids)


async def test_a_long_task_is_left_to_its_worker_for_as_long_as_that_renews_its_lease(
    agency: Agency, clock: FakeClock, runner: Runner
) -> None:
    worker, other = runner(hang), runner(hang)
    await at_visa(agency)
    assert await worker.start_waiting() == 1
    for _ in range(3):
        clock.advance(2)
        await worker.renew_leases()
        assert await other.start_waiting() == 0
    clock.advance(4)
    assert await other.start_waiting() == 1


async def test_the_end_of_a_first_try_leaves_the_second_its_lease(
    agency: Agency, clock: FakeClock, runner: Runner
) -> None:
    may_break = asyncio.Event()
    tries: list[int] = []

    async def visa() -> None:
        tries.append(len(tries))
        if len(tries) > 1:
            await hang()
        await may_break.wait()
        raise ZeroDivisionError

    worker, other = runner(visa), runner(hang)
    [saga_id] = await at_visa(agency)
    assert await worker.start_waiting() == 1
    first = worker._running[saga_id]
    await until(lambda: tries == [0])
    clock.advance(4)
    assert await worker.start_waiting() == 1
    await until(lambda: tries == [0, 1])
    may_break.set()
    await asyncio.wait([first])
    clock.advance(2)
    await worker.renew_leases()
    clock.advance(2)
    assert await other.start_waiting() == 0
