"""Orders on bad days, by seed: order, stock and payments agree whatever is cut off or late.

The tables are real; payments, the faults and the order of events are the seed's.
"""

import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest
from tests.integration.shop.till import BUY, ORDERS, PAGE, THANKS, ScriptedPayments, Till, opened

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    ReturnPayment,
    TakePayment,
)
from kit.messaging.messages import Command, Reply
from testkit.cuts import is_cut_at
from testkit.databases import Cluster

SEEDS = int(os.environ.get("SALDO_SIMULATION_SEEDS", "400")) // 40
STEPS, STOCK = 25, 8
REFUSALS = ("insufficient_funds", "wallet_frozen", "card_amount_too_small")


@dataclass
class ModelPayments(ScriptedPayments):
    """Payments of few words: each is taken once at most, and returned for good."""

    random: Random = field(default_factory=Random)
    taken: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def reply(self, command: Command) -> Reply:
        asked: dict[str, Any] = {"in_reply_to": command.command_id}
        assert isinstance(command, TakePayment | ReturnPayment)
        name = str(command.payment_id)
        asked["payment_id"] = command.payment_id
        if isinstance(command, ReturnPayment):
            self.returned.add(name)
            self.open.discard(name)
            return PaymentReturned(**asked)
        if name in self.returned:
            return PaymentNotTaken(**asked, method=command.method, code="undone")
        if name not in self.taken | self.open and self.random.random() < 0.3:
            self.refused.setdefault(name, self.random.choice(REFUSALS))
        if name in self.refused:
            return PaymentNotTaken(**asked, method=command.method, code=self.refused[name])
        if command.method == "card":
            self.open.add(name)
            return CardPageOpened(**asked, url=PAGE)
        self.taken.add(name)
        return PaymentTaken(**asked, method="wallet")

    @property
    def kept(self) -> set[str]:
        """The payments whose money the shop has."""
        return self.taken - self.returned


class Life:
    """A shop of two products and the orders of one buyer, moved by a seed."""

    def __init__(self, random: Random, till: Till, payments: ModelPayments) -> None:
        self.random, self.till, self.payments = random, till, payments
        self.products: list[str] = []

    async def begin(self) -> None:
        self.products = [await self.till.product(name, stock=STOCK) for name in ("A", "B")]

    async def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.till.get(ORDERS, limit=100)).json()["items"]
        return found

    async def step(self) -> None:
        """Do one of the things that happen; sometimes die in the middle of it."""
        orders = (self.order, self.buy, self.pay, self.pay, self.card, self.cancel)
        others = (self.news, self.pass_time, self.till.settle, self.till.settle)
        work = self.random.choice((*orders, *others))()
        if self.random.random() < 0.5:
            await work
        else:
            await is_cut_at(work, self.random.randrange(1, 60))

    async def order(self) -> None:
        some = self.random.sample(self.products, self.random.choice((1, 2)))
        await self.till.asked(*((product, self.random.choice((1, 2))) for product in some))

    async def buy(self) -> None:
        await self._at_once(self.till.post(BUY, json={"product_id": self.products[0]}))

    async def pay(self) -> None:
        for order in await self._some():
            await self.till.pay(order["id"])

    async def card(self) -> None:
        body = {"method": "card", "return_url": THANKS}
        for order in await self._some():
            await self._at_once(self.till.pay(order["id"], json=body))

    async def news(self) -> None:
        """Let a card be charged on its page, or declined."""
        for name in sorted(self.payments.open):
            if self.random.random() < 0.5:
                self.payments.open.discard(name)
                code = None if self.random.random() < 0.7 else "card_declined"
                if code is None:
                    self.payments.taken.add(name)
                else:
                    self.payments.refused[name] = code
                await self.till.card(name, code)

    async def cancel(self) -> None:
        for order in await self._some():
            await self.till.cancel(order["id"])

    async def pass_time(self) -> None:
        await self.till.wake(self.random.choice((6, 130)))
        await self.till.expire(self.random.choice((0, 300)))

    async def _some(self) -> list[dict[str, Any]]:
        found = await self.orders()
        return self.random.sample(found, min(len(found), 2))

    async def _at_once(self, request: Coroutine[Any, Any, httpx.Response]) -> None:
        with self.till.no_place_left():
            await request

    async def end(self) -> None:
        """Let all that is under way end, and what nobody pays expire."""
        for name in sorted(self.payments.taken):  # what a cut may have kept from being told
            if self.till.payments.taking(name).message.method == "card":  # type: ignore[attr-defined]
                await self.till.card(name)
        for _ in range(12):
            await self.till.settle()
            await self.till.wake(70)
            await self.till.expire(300)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_orders_stock_and_payments_agree_in_the_end(cluster: Cluster, seed: int) -> None:
    random = Random(seed)
    payments = ModelPayments(random=random)
    async with opened(cluster, payments, most_waiting=3) as till:
        life = Life(random, till, payments)
        await life.begin()
        for _ in range(STEPS):
            await life.step()
        await life.end()
        orders = await life.orders()
        assert {one["status"] for one in orders} <= {"paid", "cancelled"}
        paid = [one for one in orders if one["status"] == "paid"]
        assert {one["payment"]["id"] for one in paid} == life.payments.kept
        for place, product in enumerate(life.products):
            sold = sum(
                item["quantity"]
                for one in paid
                for item in one["items"]
                if item["product_id"] == product
            )
            assert await till.stock(product) == STOCK - sold, place
