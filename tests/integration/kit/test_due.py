"""kit.db.due: when a loop over rows with a time in them looks again."""

import asyncio
from datetime import datetime, timedelta

import pytest

from kit.db import Connection, Database
from kit.db.due import QUIET_POLLS, DueWatch
from kit.tasks import spawn
from kit.wake_up import WakeUp
from testkit.clock import FakeClock
from testkit.conditions import running, until

NEVER = 3600.0
AT_ONCE = 0.0


class Plan:
    """A row that is due at a time, or none."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at
        self.looks = 0

    async def next_at(self, connection: Connection) -> datetime | None:
        self.looks += 1
        at: datetime | None = await connection.fetchval("SELECT $1::timestamptz", self.at)
        return at


async def committed(database: Database) -> None:
    async with database.unit_of_work() as uow:
        uow.after_commit(uow.wake_up.set)


async def test_a_loop_of_a_service_that_commits_nothing_asks_once_and_waits(
    database: Database,
) -> None:
    plan = Plan()
    due = DueWatch(database, plan.next_at, polls=(AT_ONCE, NEVER))
    async with running(due.wait()):
        await until(lambda: plan.looks == 1)
        before = database.statements
        for _ in range(100):
            await asyncio.sleep(0)
        assert (database.statements - before, plan.looks) == (0, 1)


async def test_a_commit_ends_the_wait(database: Database) -> None:
    plan = Plan()
    waiting = spawn(DueWatch(database, plan.next_at, polls=(AT_ONCE, NEVER)).wait(), "test.due")
    await until(lambda: plan.looks == 1)
    assert not waiting.done()
    await committed(database)
    await until(waiting.done)


async def test_after_a_commit_nothing_is_asked_before_the_loop_looks(database: Database) -> None:
    plan = Plan()
    due = DueWatch(database, plan.next_at, polls=(AT_ONCE, NEVER))
    await committed(database)
    await due.wait()
    assert plan.looks == 0


@pytest.mark.parametrize("seconds", [-10.0, 0.0, 0.05])
async def test_what_has_a_time_is_waited_for_until_then(
    database: Database, clock: FakeClock, seconds: float
) -> None:
    plan = Plan(clock.now() + timedelta(seconds=seconds))
    await DueWatch(database, plan.next_at, polls=(AT_ONCE, NEVER)).wait()
    assert plan.looks == 1


async def test_as_long_as_nothing_is_due_only_the_time_is_read_and_not_for_ever(
    database: Database, clock: FakeClock
) -> None:
    plan = Plan(clock.now() + timedelta(days=1))
    await DueWatch(database, plan.next_at, polls=(AT_ONCE, 0.001)).wait()
    assert plan.looks == QUIET_POLLS


async def test_what_this_process_has_planned_itself_is_looked_for_at_once(
    database: Database,
) -> None:
    plan, at_once = Plan(), WakeUp()
    due = DueWatch(database, plan.next_at, at_once=at_once, polls=(NEVER, NEVER))
    at_once.set()
    await due.wait()
    assert plan.looks == 0
    late = DueWatch(database, plan.next_at, at_once=at_once, polls=(AT_ONCE, NEVER))
    waiting = spawn(late.wait(), "test.due")
    await until(lambda: plan.looks == 1)
    at_once.set()
    await until(waiting.done)
