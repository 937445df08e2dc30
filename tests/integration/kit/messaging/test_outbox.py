"""What a message's row says, and what a page of rows says of those not yet there."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from kit.db import ddl
from kit.db.database import Database
from kit.ids import new_id
from kit.messaging.messages import Envelope
from kit.messaging.outbox import OutboxPage, Unsent, emit
from kit.messaging.packing import Row
from testkit.clock import FakeClock
from testkit.databases import Cluster, MigrationSteps
from testkit.pump import outbox_rows, sent
from testkit.toys import Sung, ToyTold, Work, Worked, work

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


async def told(database: Database) -> list[str]:
    """Return what was told, in the order of the outbox."""
    return [
        one.message.text
        for one in await sent(database, ToyTold)
        if isinstance(one.message, ToyTold)
    ]


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
    for subject in "abcd":
        await tell(database, [subject])
    found = await page(unsent, after=1, limit=2)
    assert [(row.number, row.subjects) for row in found.rows] == [(2, ["b"]), (3, ["c"])]


async def test_a_unit_of_work_writes_a_row_a_route_in_their_order(
    database: Database, unsent: Unsent
) -> None:
    before = database.statements
    async with database.unit_of_work() as uow:
        for subject in "abc":
            emit(uow, ToyTold(text=subject), subject=subject)
            emit(uow, work(subject), subject=subject)
        emit(uow, Sung(text="alone"), subject="d")
        emit(uow, ToyTold(text="last"), subject="d")
    assert database.statements - before == 1
    found = await page(unsent)
    assert [(row.exchange, row.routing_key, row.subjects) for row in found.rows] == [
        ("kit.events", ToyTold.type, ["a", "b", "c"]),
        ("saldo.commands", "kit", ["a", "b", "c"]),
        ("kit.events", Sung.type, ["d"]),
        ("kit.events", ToyTold.type, ["d"]),
    ]
    assert await told(database) == ["a", "b", "c", "last"]


async def test_a_page_has_rows_with_anything_that_is_not_blocked_and_cut_rows_keep_their_place(
    database: Database, unsent: Unsent
) -> None:
    for subjects in ("a", "ab", "ba", "b"):
        await tell(database, subjects)

    async def seen(*blocked: str) -> list[tuple[int, list[str]]]:
        found = await unsent.read_on(confirmed=[], under_way=[], blocked=blocked, after=0, limit=10)
        return [(row.number, list(row.subjects)) for row in found.rows]

    assert await seen("a") == [(2, ["a", "b"]), (3, ["b", "a"]), (4, ["b"])]
    assert await seen("a", "b") == []
    _, pack, other, _ = (await page(unsent)).rows
    for row in (pack, other):
        _, held = row.split({"a"})
        assert held
        await unsent.cut([held])
    assert await seen("a") == [(4, ["b"])]
    assert await seen("b") == [(1, ["a"]), (2, ["a"]), (3, ["a"])]
    assert await told(database) == ["a", "a", "a", "b"]


async def test_what_an_older_process_writes_is_a_row_of_one_message(
    database: Database, unsent: Unsent
) -> None:
    async with database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO outbox (event_id, exchange, routing_key, subject, body)"
            " VALUES (gen_random_uuid(), 'kit.events', 'told', 'a', '{}')"
        )
    found = await page(unsent)
    assert found.rows == [Row(1, "kit.events", "told", ["a"], b"{}")]


async def test_a_page_knows_that_a_transaction_is_under_way_whose_rows_it_may_lack(
    database: Database, unsent: Unsent
) -> None:
    assert await page(unsent) == OutboxPage([], xid=0, oldest_xid=0)
    async with database.unit_of_work() as late:
        under_way = await late.fetchval("SELECT pg_current_xact_id()::text::bigint")
        await tell(database, ["early"])
        found = await page(unsent)
    assert [row.subjects for row in found.rows] == [["early"]]
    assert 0 < found.oldest_xid <= under_way < found.xid


async def test_what_waits_at_a_change_of_version_is_a_row_each_before_and_goes_out_after(
    database: Database, cluster: Cluster, unsent: Unsent
) -> None:
    await tell(database, "ab")
    await tell(database, ["\x00", "ы"], subject="c")
    await tell(database, ["alone"])
    before = [(row.subjects, row.messages()) for row in (await page(unsent)).rows]
    there, back = MigrationSteps(), MigrationSteps()
    ddl.unpack_outbox(back)
    ddl.pack_outbox(there)
    owner = await asyncpg.connect(cluster.url("kit_owner"))
    for statement in back.recorded:
        await owner.execute(statement)
    with pytest.raises(asyncpg.UndefinedColumnError):
        await page(unsent)
    singles = await owner.fetch("SELECT seq, subject, body FROM outbox ORDER BY seq")
    await owner.execute(
        "INSERT INTO outbox (event_id, exchange, routing_key, subject, body)"
        " VALUES (gen_random_uuid(), 'kit.events', 'told', 'old', '{}')"
    )
    for statement in there.recorded:
        await owner.execute(statement)
    await owner.close()
    after = [(row.subjects, row.messages()) for row in (await page(unsent)).rows]
    told = [one for subjects, bodies in before for one in zip(subjects, bodies, strict=True)]
    assert [(row["subject"], row["body"]) for row in singles] == told
    assert after == [([subject], [body]) for subject, body in [*told, ("old", b"{}")]]
