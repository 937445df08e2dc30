"""Orders on bad days, by seed: order, stock and payments agree whatever is cut off or late.

The tables are real; payments, what it tells, the faults and the order of events are the seed's.
"""

import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.shop.news import News
from tests.integration.shop.room import Json
from tests.integration.shop.till import BUY, ORDERS, PAGE, THANKS, ScriptedPayments, Till, opened

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
    RefundPayment,
    ReturnPayment,
    TakePayment,
)
from kit.ids import new_id
from kit.messaging.messages import Command, Event, Reply
from testkit.cuts import is_cut_at
from testkit.databases import Cluster

SEEDS = int(os.environ.get("SALDO_SIMULATION_SEEDS", "400")) // 40
STEPS, STOCK = 35, 12
WITH_BUYERS = """
SELECT product_id, sum(quantity - restocked_quantity) AS held
FROM order_item JOIN shop_order ON shop_order.id = order_id
WHERE status <> 'cancelled' GROUP BY product_id
"""
REFUSALS = ("insufficient_funds", "wallet_frozen", "card_amount_too_small")


@dataclass
class ModelRefund:
    """A refund at payments: of which payment, how much, and whether that has come back."""

    payment: str
    minor: int
    is_reversed: bool = False


@dataclass
class ModelPayments(ScriptedPayments):
    """Payments of few words: each is taken once at most, and returned for good.

    Attributes:
        prices: What each payment is about, in minor units.
        refunds: Those made, by their ids; `refused_refunds` why others were not.
        made: Those that nothing has been told of yet.
    """

    random: Random = field(default_factory=Random)
    taken: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    prices: dict[str, int] = field(default_factory=dict)
    refunds: dict[UUID, ModelRefund] = field(default_factory=dict)
    refused_refunds: dict[UUID, str] = field(default_factory=dict)
    untold: list[UUID] = field(default_factory=list)

    def back(self, name: str) -> int:
        """Return how much of a payment has gone back, in minor units."""
        of_it = [one for one in self.refunds.values() if one.payment == name]
        return sum(one.minor for one in of_it if not one.is_reversed)

    def give_back(self, refund_id: UUID, name: str, minor: int) -> None:
        """Refund so much of a payment."""
        self.refunds[refund_id] = ModelRefund(name, minor)
        self.untold.append(refund_id)

    def refunded(self, command: RefundPayment, asked: dict[str, Any]) -> Reply:
        refund_id, name = command.refund_id, str(command.payment_id)
        if refund_id not in self.refunds:
            is_too_much = command.amount_minor > self.prices[name] - self.back(name)
            if is_too_much or self.random.random() < 0.2:
                self.refused_refunds.setdefault(refund_id, "refund_exceeds_payment")
        if refund_id in self.refused_refunds:
            code = self.refused_refunds[refund_id]
            return RefundNotMade(**asked, refund_id=refund_id, code=code)
        if refund_id not in self.refunds:
            self.give_back(refund_id, name, command.amount_minor)
        return RefundMade(**asked, refund_id=refund_id)

    def reply(self, command: Command) -> Reply:
        asked: dict[str, Any] = {"in_reply_to": command.command_id}
        if isinstance(command, RefundPayment):
            return self.refunded(command, asked)
        assert isinstance(command, TakePayment | ReturnPayment)
        name = str(command.payment_id)
        asked["payment_id"] = command.payment_id
        if isinstance(command, ReturnPayment):
            self.returned.add(name)
            self.open.discard(name)
            if name in self.taken and not self.back(name):  # the shop hears of that, too
                self.give_back(new_id(), name, self.prices[name])
            return PaymentReturned(**asked)
        self.prices[name] = command.amount_minor
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
        self.disputes: dict[UUID, str] = {}

    async def begin(self) -> None:
        self.products = [await self.till.product(name, stock=STOCK) for name in ("A", "B")]
        for _ in range(2):
            await self.till.bought(*((product, 2) for product in self.products))

    async def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.till.get(ORDERS, limit=100)).json()["items"]
        return found

    async def step(self) -> None:
        """Do one of the things that happen; sometimes die in the middle of it."""
        orders = (self.order, self.buy, self.pay, self.pay, self.card, self.cancel)
        back = (self.refund, self.refund, self.refund_elsewhere, self.reverse, self.dispute)
        others = (self.news, self.tell, self.pass_time, self.till.settle, self.till.settle)
        work = self.random.choice((*orders, *back, *others))()
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

    async def refund(self) -> None:
        for order in await self._some("paid"):
            lines = [
                (item["product_id"], self.random.choice((1, 2)))
                for item in order["items"]
                if self.random.random() < 0.7
            ]
            await self.till.refund(order["id"], *lines, restock=self.random.random() < 0.5)

    async def refund_elsewhere(self) -> None:
        """Let an admin of payments refund some of what the shop has."""
        for order in await self._some("paid"):
            name = order["payment"]["id"]
            left = self.payments.prices[name] - self.payments.back(name)
            if left:
                self.payments.give_back(new_id(), name, self.random.choice((left, 1)))

    async def reverse(self) -> None:
        """Let a refund come back from the card that it went to."""
        standing = [one for one in self.payments.refunds.values() if not one.is_reversed]
        for refund in standing[: self.random.choice((0, 1))]:
            refund.is_reversed = refund.payment not in self.payments.returned

    async def dispute(self) -> None:
        for order in await self._some("paid"):
            dispute_id = new_id()
            self.disputes[dispute_id] = order["id"]
            news = News(self.till, order)
            events = [news.disputed(1, dispute_id), news.closed(1, dispute_id, "won")]
            self.random.shuffle(events)
            await self.till.told(*events)

    async def tell(self) -> None:
        """Tell of refunds: late, in any order, and some of them more than once."""
        told = self.payments.untold
        self.random.shuffle(told)
        count = self.random.randint(0, len(told))
        for event in [event for one in told[:count] for event in self._news_of(one)]:
            self.till.arrive(event)
        self.payments.untold = told[self.random.randint(0, count) :]

    def _news_of(self, refund_id: UUID) -> list[Event]:
        refund = self.payments.refunds[refund_id]
        news = News(self.till, {"payment": {"id": refund.payment}, "currency": "RUB"})
        events: list[Event] = [news.refunded(refund.minor, refund_id)]
        if refund.is_reversed:
            events.append(news.failed(refund.minor, refund_id))
        return self.random.sample(events, len(events))

    async def pass_time(self) -> None:
        await self.till.wake(self.random.choice((6, 130)))
        await self.till.expire(self.random.choice((0, 300)))

    async def _some(self, status: str | None = None) -> list[Json]:
        found = [one for one in await self.orders() if status in (None, one["status"])]
        return self.random.sample(found, min(len(found), 2))

    async def _at_once(self, request: Coroutine[Any, Any, httpx.Response]) -> None:
        with self.till.no_place_left():
            await request

    async def end(self) -> None:
        """Let all that is under way end, and what nobody pays expire."""
        for name in sorted(self.payments.taken):  # what a cut may have kept from being told
            if self.till.payments.taking(name).message.method == "card":  # type: ignore[attr-defined]
                await self.till.card(name)
        for refund_id in self.payments.refunds:
            for event in self._news_of(refund_id):
                self.till.arrive(event)
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
        assert {one["status"] for one in orders} <= {"paid", "cancelled", "refunded"}
        paid = [one for one in orders if one["paid_at"] is not None]
        assert {one["payment"]["id"] for one in paid} == payments.kept
        for order in orders:
            agree_on_what_went_back(order, payments)
            disputes = {one["id"]: order["id"] for one in order["disputes"]}
            assert disputes.items() <= {str(one): of for one, of in life.disputes.items()}.items()
        await agree_on_stock(till, life.products)
        async with till.database.read() as connection:
            assert await connection.fetch("SELECT 1 FROM letter") == []
            ends = await connection.fetch("SELECT DISTINCT phase FROM saga")
        assert {row["phase"] for row in ends} <= {"completed", "undone"}


def agree_on_what_went_back(order: Json, payments: ModelPayments) -> None:
    """Check that order and payments know the same refunds, and count them alike."""
    known = {UUID(one["id"]): one for one in order["refunds"]}
    name = order["payment"]["id"] if order["paid_at"] is not None else None
    made = {one: refund for one, refund in payments.refunds.items() if refund.payment == name}
    assert known.keys() - payments.refused_refunds.keys() == made.keys()
    for refund_id, shown in known.items():
        is_back = refund_id in made and not made[refund_id].is_reversed
        assert shown["status"] == ("completed" if is_back else "failed")
    back = payments.back(name) if name is not None else 0
    assert minor(order["refunded"]) == back <= minor(order["total"])
    assert (order["status"] == "refunded") == (back == minor(order["total"]))
    for item in order["items"]:
        standing = [
            part for one in known.values() if one["status"] == "completed" for part in one["items"]
        ]
        quantities = [
            one["quantity"] for one in standing if one["product_id"] == item["product_id"]
        ]
        assert item["refunded_quantity"] == sum(quantities) <= item["quantity"]


async def agree_on_stock(till: Till, products: list[str]) -> None:
    """Check that what is neither on the shelf nor put back is with those who paid for it."""
    async with till.database.read() as connection:
        rows = await connection.fetch(WITH_BUYERS)
    held = {str(row["product_id"]): row["held"] for row in rows}
    for product in products:
        assert await till.stock(product) == STOCK - held.get(product, 0), product


def minor(amount: str) -> int:
    return int(amount.replace(".", ""))
