"""A batch dies at each row that it writes, and at each of its waits: all of it holds, or none."""

from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import pytest
from msgspec.json import encode
from tests.integration.wallet.world import REPLIES, World, capture, place, release, transfer

from kit.db.losses import ConnectionLostError
from kit.ids import new_id
from kit.messaging.broker import Delivery
from kit.messaging.messages import Command, Reply
from testkit.cuts import cut_everywhere
from testkit.databases import Cluster
from testkit.pump import sent

# All tables in which a batch of commands leaves anything.
TABLES: Final = ("account", "transfer", "entry", "hold", "command", "outbox")
# The backend ends itself at the place of this number: before a row is written, and so between debit
# and credit, or at COMMIT. What it has counted goes with its transaction.
_PLACES: Final = """
CREATE TABLE wallet.place (found_in text);
GRANT SELECT ON wallet.place TO wallet;
"""
_CUT_AT: Final = """
TRUNCATE wallet.place;
CREATE OR REPLACE FUNCTION wallet.write_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
AS $$ BEGIN
    INSERT INTO wallet.place VALUES (TG_TABLE_NAME);
    IF (SELECT count(*) FROM wallet.place) = {position} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NEW;
END $$;
"""
_BEFORE_ROWS: Final = """
CREATE TRIGGER place BEFORE INSERT OR UPDATE ON wallet.{table}
    FOR EACH ROW EXECUTE FUNCTION wallet.write_place();
"""
_AT_COMMIT: Final = """
CREATE CONSTRAINT TRIGGER place_at_commit AFTER INSERT ON wallet.entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wallet.write_place();
"""
_NO_PLACES: Final = "DROP FUNCTION wallet.write_place() CASCADE; DROP TABLE wallet.place"


@dataclass
class Batch:
    """Four commands in one message: Alice pays, sets aside, is charged, gets back."""

    world: World
    alice: UUID
    bob: UUID  # whose wallet the batch opens
    commands: list[Command]
    message: Delivery

    @classmethod
    async def ready(cls, world: World) -> Self:
        alice, bob = await world.person("10.00"), new_id()
        charged, freed = place(alice, 100), place(alice, 50)
        await world.ask(charged, freed)
        await world.empty_outbox()
        commands = [
            *(transfer(alice, bob, 300), place(alice, 70)),
            *(capture(charged, bob), release(freed)),
        ]
        return cls(world, alice, bob, commands, world.pack(*commands))

    async def handle(self) -> None:
        await self.world.worker.handle([self.message])

    async def is_done_once(self) -> bool:
        """Deliver the message again, and again, and tell whether it has its one effect."""
        await self.handle()
        await self.handle()
        asked = {command.command_id for command in self.commands}
        replies = [one.message for one in await sent(self.world.database, *REPLIES)]
        answers = {
            (reply.in_reply_to, encode(reply))
            for reply in replies
            if isinstance(reply, Reply) and reply.in_reply_to in asked
        }  # each time the same one
        figures = await self.world.figures(self.alice), await self.world.figures(self.bob)
        is_answered = sorted(command_id for command_id, _ in answers) == sorted(asked)
        return figures == ((600, 70), (400, 0)) and is_answered


@dataclass
class WritePlaces:
    """The places of a transaction: before each row that it writes, and at COMMIT."""

    world: World
    cluster: Cluster

    async def cut_at(self, position: int) -> None:
        """End the connection of whoever comes so far; at 0, nobody's."""
        await self.cluster.as_superuser(_CUT_AT.format(position=position))

    async def found(self) -> Counter[str]:
        """Return how many there were since, in transactions that committed, by table."""
        rows = await self.world.rows("SELECT found_in FROM place")
        return Counter(name.partition("_")[0] for (name,) in rows)  # partitions by their table


async def everything(world: World) -> list[list[str]]:
    """Return every row of every table."""
    return [
        [row[0] for row in await world.rows(f"SELECT t::text FROM {table} t ORDER BY 1")]
        for table in TABLES
    ]


@pytest.fixture
async def places(world: World, cluster: Cluster) -> AsyncIterator[WritePlaces]:
    """Count the writes of every table, and give the tables back as they were."""
    found = WritePlaces(world, cluster)
    await cluster.as_superuser(_PLACES)
    await found.cut_at(0)
    for table in TABLES:
        await cluster.as_superuser(_BEFORE_ROWS.format(table=table))
    await cluster.as_superuser(_AT_COMMIT)
    yield found
    await cluster.as_superuser(_NO_PLACES)


@pytest.mark.check(51)
async def test_a_batch_whose_connection_ends_at_any_row_or_at_commit_leaves_nothing(
    world: World, places: WritePlaces
) -> None:
    position, found = 0, Counter[str]()
    while not found:
        position += 1
        batch = await Batch.ready(world)
        before = await everything(world)
        await places.cut_at(position)
        try:
            await batch.handle()
        except ConnectionLostError:
            assert await everything(world) == before
        else:  # it has come to its end
            found = await places.found()
        await places.cut_at(0)
        assert await batch.is_done_once()
    await world.check_ledger()
    assert position == found.total() + 1
    assert set(found) == set(TABLES)
    assert found["entry"] == 4 + 4  # two debits and two credits: before each, and at COMMIT


@pytest.mark.check(51)
async def test_a_worker_that_dies_at_any_wait_leaves_a_batch_done_or_not_begun(
    world: World,
) -> None:
    batches, ends = [await Batch.ready(world)], set()

    def handle() -> Coroutine[Any, Any, None]:
        return batches[-1].handle()

    async for _ in cut_everywhere(handle):
        ends.add(await world.figures(batches[-1].alice))
        assert await batches[-1].is_done_once()
        batches.append(await Batch.ready(world))
    await world.check_ledger()
    assert ends == {(1000, 150), (600, 70)}
