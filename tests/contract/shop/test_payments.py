"""Shop and payments together: what one asks is what the other does, and both agree in the end.

The wallet and the provider of cards are played.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import respx
from tests.integration.payments import room as payments
from tests.integration.payments.cards import CardProvider
from tests.integration.shop import till as shop
from tests.integration.shop.till import BUY, THANKS

from testkit.cuts import cut_everywhere
from testkit.databases import Cluster
from testkit.pump import Pump


@dataclass
class Market:
    """A shop, the payments that it asks, and somebody who buys."""

    till: shop.Till
    room: payments.Room
    cards: CardProvider
    product: str

    async def page_of(self, order_id: str) -> UUID:
        """Open the card page of an order; return its payment's id."""
        with self.till.no_place_left():
            body = {"method": "card", "return_url": THANKS}
            begun = (await self.till.pay(order_id, json=body)).json()
        await self.till.settle()
        await self.room.charge()
        opened = (await self.till.seen(order_id))["payment"]
        assert opened["next_action"]["url"] == "https://cards.test/card_1"
        return UUID(begun["payment"]["id"])

    async def charged(self, payment_id: UUID) -> None:
        """Let the provider tell that the card was charged."""
        self.cards.status = "succeeded"
        await self.cards.tells("succeeded", payment_id)

    async def settle(self) -> None:
        """Let all that follows happen, also what has to be asked again."""
        for _ in range(4):
            await self.room.hear()
            await self.room.charge()
            await self.till.wake(70)
            await self.room.wake(70)

    async def kept(self) -> int:
        """Return what the shop has of all payments, in minor units."""
        async with self.room.database.read() as connection:
            return int(
                await connection.fetchval(
                    "SELECT coalesce(sum(paid_minor - refunded_minor), 0) FROM payment"
                )
            )


@pytest.fixture
async def market(cluster: Cluster) -> AsyncIterator[Market]:
    with respx.mock(assert_all_called=False) as outside:
        async with payments.opened(cluster) as room, shop.opened(cluster) as till:
            *_, wallet = room.pump.services
            till.pump = room.pump = Pump(till.service, room.service, wallet)
            till.buyer = await room.arrives("alice")
            product = await till.product()
            yield Market(till, room, CardProvider(room, outside), product)


@pytest.mark.parametrize(
    ("code", "status", "left"), [(None, 201, 9), ("insufficient_funds", 409, 10)]
)
async def test_a_purchase_is_paid_or_nothing_is_bought(
    market: Market, code: str | None, status: int, left: int
) -> None:
    market.room.wallet.refuses = lambda _: code
    buying = market.till.post(BUY, json={"product_id": market.product})
    [answer] = await market.till.carried(buying)
    assert answer.status_code == status
    assert await market.till.stock(market.product) == left
    assert await market.kept() == (10_000 if code is None else 0)


async def test_a_card_pays_an_order_however_often_its_provider_says_so(market: Market) -> None:
    order_id = await market.till.order((market.product, 1))
    payment_id = await market.page_of(order_id)
    for _ in range(10):
        await market.charged(payment_id)
    await market.settle()
    assert (await market.till.seen(order_id))["status"] == "paid"
    assert await market.kept() == 10_000


async def test_a_declined_card_leaves_the_order_pending(market: Market) -> None:
    order_id = await market.till.order((market.product, 1))
    payment_id = await market.page_of(order_id)
    await market.cards.tells("failed", payment_id, reason="card_declined")
    await market.settle()
    order = await market.till.seen(order_id)
    assert (order["status"], order["reason"]) == ("pending", "card_declined")


@pytest.mark.parametrize("end", ["cancelled", "expired", "paid"])
async def test_a_card_that_is_charged_too_late_is_given_back(market: Market, end: str) -> None:
    order_id = await market.till.order((market.product, 1))
    payment_id = await market.page_of(order_id)
    if end == "cancelled":
        await market.till.cancel(order_id)
    elif end == "expired":
        await market.till.expire()
    else:
        await market.till.pay(order_id)  # from the wallet
    await market.charged(payment_id)
    await market.settle()
    order = await market.till.seen(order_id)
    assert order["status"] == ("paid" if end == "paid" else "cancelled")
    assert await market.kept() == (10_000 if end == "paid" else 0)
    assert market.cards.asked("/refunds") == 1


async def ends(market: Market) -> Counter[str]:
    """Return how orders have ended, after comparing each with what payments has for it."""
    async with market.till.database.read() as connection:
        orders = await connection.fetch("SELECT payment_id, status, total_minor FROM shop_order")
    async with market.room.database.read() as connection:
        rows = await connection.fetch(
            "SELECT id, coalesce(paid_minor, 0) - refunded_minor AS kept_minor FROM payment"
        )
    kept = {row["id"]: row["kept_minor"] for row in rows}
    for payment_id, status, total_minor in orders:
        assert kept.get(payment_id, 0) == (total_minor if status == "paid" else 0)
    return Counter(order["status"] for order in orders)


@pytest.mark.parametrize(("code", "end"), [(None, "paid"), ("insufficient_funds", "cancelled")])
async def test_a_purchase_that_is_cut_off_anywhere_ends_alike_on_both_sides(
    market: Market, code: str | None, end: str
) -> None:
    product = await market.till.product("Tea", stock=10_000)
    market.room.wallet.refuses = lambda _: code

    async def life() -> None:
        with market.till.no_place_left():
            await market.till.post(BUY, json={"product_id": product})
        await market.till.settle()

    async for _ in cut_everywhere(life):
        await market.till.settle()
    await market.settle()
    found = await ends(market)
    assert found.total() > 100  # it was cut off at many moments after the beginning
    assert set(found) == {end}
    assert await market.till.stock(product) == 10_000 - found["paid"]
