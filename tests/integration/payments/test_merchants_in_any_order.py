"""Take, repeat, return, refund, in any order on the real ledger: the answers are its truth."""

from collections import defaultdict
from collections.abc import AsyncIterator
from random import Random
from typing import TypeVar
from uuid import UUID

import pytest
from tests.integration.payments.merchants import Shop, refunding, returning, taking
from tests.integration.payments.room import Room

from contracts.payments import (
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
    RefundPayment,
    ReturnPayment,
    TakePayment,
)
from contracts.wallet import SHOP
from kit.db import Database
from kit.money import Money
from testkit.databases import Cluster
from testkit.pump import Pump
from wallet.app import build
from wallet.service.top_ups import top_up
from wallet.settings import Settings

T = TypeVar("T")
PAYERS, FUNDS, PAYMENTS, STEPS = 3, 10_000, 14, 90
NOT_MADE = {"payment_not_found", "payment_not_paid", "refund_exceeds_payment"}


@pytest.fixture
async def ledger(room: Room, cluster: Cluster) -> AsyncIterator[Database]:
    """The real wallet in place of the one that says its lines."""
    async with cluster.database("wallet", clock=room.clock) as database:
        service = build(Settings(_env_file=None, environment="test"))
        service.state.database = database
        room.pump = Pump(room.service, service)
        yield database


async def balances(ledger: Database) -> dict[UUID, int]:
    """Return what everybody has, in minor units."""
    async with ledger.read() as connection:
        rows = await connection.fetch(
            "SELECT owner_id, balance_minor FROM account WHERE owner_id IS NOT NULL"
        )
    return {row["owner_id"]: row["balance_minor"] for row in rows}


class Story:
    """What the shop asks for, in an order of chance, and what it was answered."""

    def __init__(self, room: Room, payers: list[UUID], seed: int) -> None:
        self.room, self.shop, self.payers = room, Shop(room), payers
        self.chance = Random(seed)
        self.taken: list[TakePayment] = []
        self.returned: dict[UUID, ReturnPayment] = {}
        self.refunds: list[RefundPayment] = []

    async def play(self) -> None:
        """Ask for all sorts of things, while messages are on their way."""
        ways = [self.take, self.take_again, self.give_back, self.refund, self.refund_again]
        for _ in range(STEPS):
            self.chance.choice(ways)()
            for _ in range(self.chance.randrange(3)):
                await self.room.pump.step()
        await self.room.settle()
        self.shop.send(*self.taken, *self.refunds)
        await self.room.settle()
        self.shop.send(*self.returned.values())
        await self.room.settle()

    def take(self) -> None:
        if len(self.taken) < PAYMENTS:
            payer, amount = self.chance.choice(self.payers), self.chance.randrange(500, 5000)
            command = taking(payer, amount)
            self.taken.append(command)
            if self.chance.random() < 0.9:
                self.shop.send(command)

    def take_again(self) -> None:
        for command in self._some(self.taken):
            self.shop.send(command)

    def give_back(self) -> None:
        for command in self._some(self.taken):
            if self.chance.random() < 0.4:
                back = returning(command.payment_id)
                self.shop.send(self.returned.setdefault(command.payment_id, back))

    def refund(self) -> None:
        for command in self._some(self.taken):
            self.refunds.append(refunding(command.payment_id, self.chance.randrange(1, 2500)))
            self.shop.send(self.refunds[-1])

    def refund_again(self) -> None:
        for command in self._some(self.refunds):
            self.shop.send(command)

    def _some(self, known: list[T]) -> list[T]:
        return self.chance.sample(known, min(1, len(known)))


@pytest.mark.parametrize("seed", range(8))
async def test_the_shop_has_what_it_was_told_it_has(
    room: Room, ledger: Database, seed: int
) -> None:
    payers = [await room.arrives(f"payer-{number}") for number in range(PAYERS)]
    for payer in payers:
        async with ledger.unit_of_work() as uow:
            await top_up(uow, payer, Money(FUNDS, "RUB"), provider="sandbox")
    story = Story(room, payers, seed)
    await story.play()

    ends: dict[UUID, set[str]] = defaultdict(set)
    made: dict[UUID, bool] = {}
    returned = set()
    for answer in story.shop.answers:
        match answer:
            case PaymentTaken() | PaymentNotTaken():
                ends[answer.payment_id].add(type(answer).__name__)
            case PaymentReturned():
                returned.add(answer.payment_id)
            case RefundMade():
                made[answer.refund_id] = True
            case RefundNotMade():
                assert answer.code in NOT_MADE
                assert made.setdefault(answer.refund_id, False) is False
    assert set(ends) == {command.payment_id for command in story.taken}
    assert {len(kinds) for kinds in ends.values()} == {1}
    assert returned == set(story.returned)
    assert set(made) == {command.refund_id for command in story.refunds}

    left = {
        command.payment_id: command.amount_minor
        for command in story.taken
        if ends[command.payment_id] == {"PaymentTaken"}
    }
    for command in story.refunds:
        if made[command.refund_id]:
            left[command.payment_id] -= command.amount_minor
    assert min(left.values()) >= 0
    shops = sum(minor for payment_id, minor in left.items() if payment_id not in returned)
    has = await balances(ledger)
    assert has[SHOP] == shops
    assert sum(has.values()) == PAYERS * FUNDS
    for database in (room.database, ledger):
        async with database.read() as connection:
            assert await connection.fetchval("SELECT count(*) FROM letter") == 0
