"""What a message's row says, and what a page of rows says of those not yet there."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from kit.db.database import Database
from kit.ids import new_id
from kit.messaging.messages import Envelope
from kit.messaging.outbox import OutboxPage, Unsent, emit
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import outbox_rows, sent
from testkit.toys import ToyTold, Work, Worked, work

from .test_relay import tell


@pytest.fixture
async def unsent(cluster: Cluster, database: Database) -> AsyncIterator[Unsent]:
    connection = await asyncpg.connect(cluster.url("kit"))
    yield Unsent(connection)
    await connection.close()


async def page(unsent: Unsent, *, after: int = 0, limit: int = 10) -> OutboxPage:
    return await unsent.read_on(confirmed=[], under_way=[], blocked=(), after=after, limit=limit)


async def sent_one(database: Database, kind: type[ToyTold | Work | Worked]) -> Envelope:
    (found,) = await sent(database, kind)
    return found


async def test_an_event_says_who_tells_it_of_what_when_and_as_which(
    database: Database, clock: FakeClock
) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, ToyTold(text="told"), subject="a", sequence=7)
    found = await sent_one(database, ToyTold)
    assert (found.source, found.subject, found.sequence) == ("kit", "a", 7)
    assert (found.time, found.reply_to) == (clock.now(), None)
    assert found.message == ToyTold(text="told")


async def test_a_command_says_where_its_answer_is_waited_for(database: Database) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, work("ask"), subject="a")
    assert (await sent_one(database, Work)).reply_to == "kit"


async def test_an_answer_goes_to_who_asked_and_names_what_caused_it(database: Database) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, work("ask"), subject="a")
    asked = await sent_one(database, Work)
    async with database.unit_of_work() as uow:
        emit(uow, Worked(in_reply_to=new_id()), subject="a", to="payments", cause=asked)
    answered = await sent_one(database, Worked)
    assert answered.causation_id == str(asked.id)
    assert (await outbox_rows(database))[1].routing_key == "payments"


async def test_a_page_holds_so_many_rows_after_one(database: Database, unsent: Unsent) -> None:
    await tell(database, "abcd")
    found = await page(unsent, after=1, limit=2)
    assert [(row.seq, row.subject) for row in found.rows] == [(2, "b"), (3, "c")]


async def test_a_page_knows_that_a_transaction_is_under_way_whose_rows_it_may_lack(
    database: Database, unsent: Unsent
) -> None:
    assert await page(unsent) == OutboxPage([], xid=0, oldest_xid=0)
    async with database.unit_of_work() as late:
        under_way = await late.fetchval("SELECT pg_current_xact_id()::text::bigint")
        await tell(database, ["early"])
        found = await page(unsent)
    assert [row.subject for row in found.rows] == ["early"]
    assert 0 < found.oldest_xid <= under_way < found.xid
