"""Shop, payments and wallet as they are, joined by a broker in memory: they agree on refunds."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.shop.news import left, told
from tests.integration.shop.room import PRODUCTS, Json
from tests.integration.shop.till import ORDERS

from contracts.auth import UserRegistered
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.runtime import Service
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

PROGRAMS = ("shop", "payments", "wallet")


@dataclass
class Street:
    """Three services, a buyer with money, and an admin."""

    pump: Pump
    http: dict[str, httpx.AsyncClient]
    desk: Desk
    clock: FakeClock
    buyer: UUID
    admin: UUID

    async def ask(self, caller: UUID, method: str, path: str, body: Any = None) -> Json:
        """Send a request to the service whose path it is, and let all follow."""
        now = int(self.desk.time.now().timestamp())
        roles = ["user", "admin"] if caller == self.admin else ["user"]
        logged_in = int(self.clock.now().timestamp())
        token = self.desk.mint.user(
            caller, iat=now, exp=now + 600, auth_time=logged_in, roles=roles
        )
        room = path.split("/")[2].replace("wallets", "wallet")
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http[room].request(method, path, headers=headers, json=body)
        assert answer.is_success, answer.text
        await self.pump.run()
        found: Json = answer.json()
        return found

    async def registers(self, user_id: UUID) -> None:
        event = UserRegistered(user_id=user_id, number=1, username=None, status="active")
        _, body = cloudevents.encode(
            event, source="auth", subject=str(user_id), time=self.desk.time.now(), sequence=1
        )
        publication = Publication("", "", body, cloudevents.SINGLE, mandatory=False)
        self.pump.broker.put("payments.events", publication)
        await self.pump.run()

    async def money(self) -> str:
        wallet = await self.ask(self.buyer, "GET", "/v1/wallets/me?currency=RUB")
        return str(wallet["balance"]["amount"])


@pytest.fixture
async def street(cluster: Cluster) -> AsyncIterator[Street]:
    clock, desk = FakeClock(), await Desk.open()
    async with AsyncExitStack() as stack:
        services: list[Service] = []
        http = {}
        for name in PROGRAMS:
            settings = import_module(f"{name}.settings").Settings(
                _env_file=None, environment="test"
            )
            service: Service = import_module(f"{name}.app").build(settings)
            state = service.state
            state.database = await stack.enter_async_context(cluster.database(name, clock=clock))
            state.tokens, state.clock = desk.verifier, clock
            for resource in service.resources:
                await stack.enter_async_context(resource(service))
            http[name] = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=service.web), base_url=f"http://{name}"
                )
            )
            services.append(service)
        street = Street(Pump(*services), http, desk, clock, new_id(), new_id())
        await street.registers(street.buyer)
        top_up = {"amount": "1000.00", "currency": "RUB"}
        await street.ask(street.buyer, "POST", "/v1/wallets/top-up", top_up)
        yield street


async def test_what_is_refunded_on_either_side_is_known_on_both(street: Street) -> None:
    buyer, admin = street.buyer, street.admin
    made = {"name": "Phone", "price": "100.00", "stock": 10}
    product = (await street.ask(admin, "POST", PRODUCTS, made))["id"]
    line = {"product_id": product, "quantity": 3}
    place = f"{ORDERS}/{(await street.ask(buyer, 'POST', ORDERS, {'items': [line]}))['id']}"
    await street.ask(buyer, "POST", f"{place}/pay")
    order = await street.ask(buyer, "GET", place)
    assert (order["status"], await street.money()) == ("paid", "700.00")

    one = {"items": [{**line, "quantity": 1}], "restock": True, "reason": "One is too many"}
    await street.ask(admin, "POST", f"{place}/refund", one)
    payment = f"/v1/payments/{order['payment']['id']}"
    await street.ask(admin, "POST", f"{payment}/refunds", {"amount": "50.00"})
    order = await street.ask(buyer, "GET", place)
    assert (order["status"], order["refunded"], left(order)) == ("paid", "150.00", [2])
    assert sorted(told(order)) == [("completed", "100.00"), ("completed", "50.00")]
    assert await street.money() == "850.00"

    await street.ask(admin, "POST", f"{place}/refund", {"restock": True})
    order = await street.ask(buyer, "GET", place)
    assert (order["status"], order["refunded"], left(order)) == ("refunded", "300.00", [0])
    paid = await street.ask(buyer, "GET", payment)
    assert (paid["status"], paid["refunded_amount"]) == ("refunded", "300.00")
    assert await street.money() == "1000.00"
    assert (await street.ask(buyer, "GET", f"{PRODUCTS}/{product}"))["stock"] == 10
