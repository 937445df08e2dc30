"""What the shop tells of an order once it is paid, to a service that listens."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from fastapi import FastAPI
from tests.integration.shop.room import CATEGORIES
from tests.integration.shop.till import BUY, Till

from contracts.shop import OrderPaid, PaidItem
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.runtime import Service
from kit.settings import EnvironmentSettings
from testkit.databases import Cluster
from testkit.pump import Pump


@dataclass
class Listener:
    """Hears which orders were paid."""

    heard: list[Envelope] = field(default_factory=list)

    async def hear(self, _: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        self.heard += envelopes

    @property
    def events(self) -> list[OrderPaid]:
        return [one.message for one in self.heard if isinstance(one.message, OrderPaid)]


@pytest.fixture
async def listener(till: Till, cluster: Cluster) -> AsyncIterator[Listener]:
    listener = Listener()
    service = Service(
        name="finance",
        settings=EnvironmentSettings(),
        web=FastAPI(),
        routes=Routes(events={OrderPaid: listener.hear}),
    )
    async with cluster.database("kit", clock=till.clock) as database:
        service.state.database = database
        till.pump = Pump(*till.pump.services, service)
        yield listener


async def category(till: Till, name: str, parent_id: str | None = None) -> str:
    body = {"name": name, "parent_id": parent_id}
    made = await till.post(CATEGORIES, till.admin, json=body)
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def test_a_paid_order_is_told_with_the_categories_of_its_items(
    till: Till, listener: Listener
) -> None:
    drinks = await category(till, "Drinks", await category(till, "Food"))
    tea = await till.product("Tea", price="10.00", category_id=drinks)
    phone = await till.product("Phone", price="99.00")
    order = await till.bought((tea, 3), (phone, 1))
    [event] = listener.events
    assert event == OrderPaid(
        order_id=UUID(order["id"]),
        payment_id=UUID(order["payment"]["id"]),
        buyer_id=till.buyer,
        currency="RUB",
        items=(
            PaidItem(
                product_id=UUID(tea),
                name="Tea",
                category_id=UUID(drinks),
                categories=("drinks", "food"),
                quantity=3,
                amount_minor=3000,
            ),
            PaidItem(
                product_id=UUID(phone),
                name="Phone",
                category_id=None,
                categories=(),
                quantity=1,
                amount_minor=9900,
            ),
        ),
    )
    assert (listener.heard[0].subject, listener.heard[0].sequence) == (order["id"], 1)


async def test_a_purchase_in_one_call_is_told_once_it_is_paid(
    till: Till, listener: Listener
) -> None:
    product = await till.product()
    [bought] = await till.carried(till.post(BUY, json={"product_id": product}))
    await till.settle()
    assert [str(one.order_id) for one in listener.events] == [bought.json()["id"]]


async def test_what_is_not_paid_is_not_told(till: Till, listener: Listener) -> None:
    product = await till.product()
    till.payments.refuses = lambda _: "insufficient_funds"
    await till.carried(till.post(BUY, json={"product_id": product}))
    await till.cancel(await till.order((product, 1)))
    await till.settle()
    assert listener.events == []


async def test_what_is_no_longer_sold_is_told_without_a_category(
    till: Till, listener: Listener
) -> None:
    product = await till.product(category_id=await category(till, "Food"))
    order_id = await till.order((product, 1))
    deleted = await till.ask("DELETE", f"/v1/shop/products/{product}", till.admin)
    assert deleted.status_code == 204, deleted.text
    await till.paid(order_id)
    [event] = listener.events
    assert (event.items[0].category_id, event.items[0].categories) == (None, ())
