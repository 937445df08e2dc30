"""The relay's drain against an outbox and a broker that misbehave, many seeds a run."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from random import Random

import pytest

from kit.messaging.broker import (
    BrokerUnavailableError,
    Publication,
    PublicationRefusedError,
    PublishOutcome,
)
from kit.messaging.drain import LONGEST_COMMIT_SECONDS, Drain
from kit.messaging.outbox import OutboxPage
from kit.messaging.packing import Row, parcels
from kit.messaging.topology import COMMANDS
from kit.messaging.undeliverable import LAST_PAUSE_SECONDS, Undeliverable

SEEDS = int(os.environ.get("SALDO_SIMULATION_SEEDS", "400"))
SUBJECTS = "abcdefgh"
TOLD, SUNG = ("kit.events", "told"), ("kit.events", "sung")
TO_WALLET, TO_NOBODY, REFUSED = (COMMANDS, "wallet"), (COMMANDS, "nobody"), ("nowhere", "told")
BROKEN = {TO_NOBODY, REFUSED}


class World:
    """Transactions that commit late and out of order, a clock, and a broker with bad days."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.xid = 0
        self.running: dict[int, list[Row]] = {}
        self.began: dict[int, float] = {}
        self.committed: dict[int, Row] = {}
        self.numbered = 0
        self.everything: list[Row] = []  # each message by itself, whose body says which it is
        self.arrived: list[Row] = []
        self.sick: set[tuple[str, str]] = set(BROKEN)
        self.calm = False

    def monotonic(self) -> float:
        return self.now

    def happens(self, chance: float) -> bool:
        return not self.calm and self.random.random() < chance

    def write(self) -> None:
        """Write a transaction's messages; it holds the locks on its subjects until it ends."""
        locked = {name for rows in self.running.values() for row in rows for name in row.subjects}
        free = [subject for subject in SUBJECTS if subject not in locked]
        if not free:
            return
        self.xid += 1
        self.began[self.xid] = self.now
        subjects = self.random.sample(free, min(len(free), self.random.choice((1, 3))))
        count = self.random.choice((1, 1, 4, 8))
        messages = [self.message(self.random.choice(subjects)) for _ in range(count)]
        self.running[self.xid] = self.packed(messages)

    def packed(self, messages: Sequence[Row]) -> list[Row]:
        """Return messages as the rows that one unit of work makes of them."""
        rows = [parcel.row() for parcel in parcels(messages)]
        first, self.numbered = self.numbered + 1, self.numbered + len(rows)
        return [row._replace(number=number) for number, row in enumerate(rows, first)]

    def message(self, subject: str) -> Row:
        """Write one message by a route that is seldom a broken one."""
        route = self.random.choices(
            [TOLD, SUNG, TO_WALLET, TO_NOBODY, REFUSED], [30, 20, 20, 1, 1]
        )[0]
        return self.message_by(route, subject)

    def message_by(self, route: tuple[str, str], subject: str) -> Row:
        """Write one message."""
        made = Row(0, *route, (subject,), str(len(self.everything) + 1).encode())
        self.everything.append(made)
        return made

    def messages(self, row: Row) -> list[Row]:
        """Return the messages that a row holds."""
        return [self.everything[int(message) - 1] for message in row.messages()]

    def commit_some(self) -> None:
        """Let time have its effect on transactions."""
        if self.random.random() < 0.5:
            self.commit()
        for xid in [xid for xid in self.running if self.is_late(xid)]:
            self._commit(xid)

    def is_late(self, xid: int) -> bool:
        return self.now - self.began[xid] > LONGEST_COMMIT_SECONDS / 2

    def commit(self) -> None:
        """Commit one of the transactions."""
        if self.running:
            self._commit(self.random.choice(list(self.running)))

    def _commit(self, xid: int) -> None:
        self.committed |= {row.number: row for row in self.running.pop(xid)}


class SimulatedOutbox:
    def __init__(self, world: World) -> None:
        self._world = world

    async def read_on(
        self,
        *,
        confirmed: Sequence[int],
        under_way: Sequence[int],
        blocked: Collection[str],
        after: int,
        limit: int,
    ) -> OutboxPage:
        world = self._world
        if world.happens(0.02):
            raise ConnectionResetError("before the statement")
        known = {*confirmed, *under_way}
        found = [
            row
            for seq, row in sorted(world.committed.items())
            if seq > after and seq not in known and not blocked_all(row, blocked)
        ]
        for seq in confirmed:
            world.committed.pop(seq, None)
        if world.happens(0.02):
            raise ConnectionResetError("after the statement")
        world.xid += 1
        return OutboxPage(found[:limit], world.xid, min(world.running, default=world.xid))

    async def cut(self, rows: Sequence[Row]) -> None:
        if self._world.happens(0.05):
            raise ConnectionResetError("before the statement")
        self._world.committed |= {row.number: row for row in rows}
        if self._world.happens(0.05):
            raise ConnectionResetError("after the statement")


def blocked_all(row: Row, blocked: Collection[str]) -> bool:
    """Tell whether all of a row is about blocked subjects."""
    return all(subject in blocked for subject in row.subjects)


class SimulatedPublisher:
    """Takes a window in part, all of it unconfirmed, where the connection breaks."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        world = self._world
        for _ in range(world.random.randrange(4)):
            await asyncio.sleep(0)
        if world.happens(0.1):
            world.now += world.random.random() * 3  # so that pauses end while a window is out
        breaks_at = world.random.randrange(len(publications)) if world.happens(0.05) else None
        outcomes = []
        for position, one in enumerate(publications):
            route = (one.exchange, one.routing_key)
            if position == breaks_at:
                raise BrokerUnavailableError("cut")
            if route == REFUSED and REFUSED in world.sick:
                raise PublicationRefusedError("no such exchange")
            if route in world.sick:
                outcomes.append(PublishOutcome.RETURNED)
                continue
            self._arrive(one)
            outcomes.append(PublishOutcome.CONFIRMED)
        if world.happens(0.05):
            raise BrokerUnavailableError("confirms lost")
        return outcomes

    def _arrive(self, one: Publication) -> None:
        for word in one.body.strip(b"[]").split(b","):
            self._world.arrived.append(self._world.everything[int(word) - 1])

    async def close(self) -> None:
        """Do nothing."""


def queue_of(row: Row) -> str:
    """Return where a row ends up: all events at one listener, commands at their owner."""
    return row.routing_key if row.exchange == COMMANDS else "listener"


def place_of(message: Row) -> tuple[str, str]:
    """Return among which messages a message keeps its order."""
    return message.subjects[0], queue_of(message)


def firsts(messages: Sequence[Row]) -> dict[tuple[str, str], list[int]]:
    """Return each subject's messages at each queue, in the order of their first arrival."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for message in messages:
        numbers = found[place_of(message)]
        if int(message.body) not in numbers:
            numbers.append(int(message.body))
    return found


async def run(world: World, drain: Drain, steps: int) -> None:
    """Drain as the relay does, through whatever happens."""
    drain.start(SimulatedPublisher(world))
    for _ in range(steps):
        world.now += world.random.choice((0.001, 0.01, 0.2))
        if world.happens(0.5):
            world.write()
        world.commit_some()
        try:
            await drain.step()
        except (BrokerUnavailableError, ConnectionResetError):
            drain.start(SimulatedPublisher(world))


def new_drain(world: World) -> Drain:
    return Drain(
        SimulatedOutbox(world),
        Undeliverable(),
        service="simulated",
        page=world.random.choice((3, 10)),
        monotonic=world.monotonic,
    )


@pytest.mark.parametrize("block", range(8))
async def test_whatever_happens_all_rows_arrive_in_their_order(block: int) -> None:
    for seed in range(block, SEEDS, 8):
        world = World(seed)
        drain = new_drain(world)
        await run(world, drain, 150)
        stuck = firsts(world.arrived)
        waiting = [one for row in world.committed.values() for one in world.messages(row)]
        for message in waiting:
            there = stuck.get(place_of(message), [])
            behind = [number for number in there if number > int(message.body)]
            unarrived = int(message.body) not in there
            assert not (behind and unarrived), f"seed {seed}: {behind} overtook {message}"
        world.calm = True
        world.sick.clear()
        world.now += LAST_PAUSE_SECONDS
        while world.running:
            world.commit()
        await run(world, drain, 300)
        assert world.committed == {}, f"seed {seed}: left behind"
        for at, numbers in firsts(world.arrived).items():
            expected = [int(one.body) for one in world.everything if place_of(one) == at]
            assert numbers == expected, f"seed {seed}: {at}"


async def test_an_undeliverable_message_holds_nobody_but_its_own_subject() -> None:
    """Though messages of its subject share their rows with others."""
    for seed in range(SEEDS // 4):
        world = World(seed)
        world.calm = True
        drain = new_drain(world)
        world.message_by(world.random.choice((REFUSED, TO_NOBODY)), "sick")
        others = [
            world.message_by(
                world.random.choice((TOLD, SUNG)), world.random.choice([*SUBJECTS, "sick"])
            )
            for _ in range(40)
        ]
        units = [world.everything[:1], *(others[at : at + 5] for at in range(0, 40, 5))]
        rows = [row for unit in units for row in world.packed(unit)]
        world.committed = {row.number: row for row in rows}
        await run(world, drain, 60)
        arrived = {int(one.body) for one in world.arrived}
        well = {int(one.body) for one in others if one.subjects[0] != "sick"}
        assert arrived >= well, f"seed {seed}"
        assert 1 not in arrived
