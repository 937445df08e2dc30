"""Shop with its orders: requests in, a broker in memory, and payments that say their lines."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from tests.integration.shop.room import PRODUCTS, Json

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
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Command, Envelope, Event, Reply
from kit.messaging.outbox import emit
from kit.messaging.routes import Routes
from kit.runtime import Service
from kit.settings import EnvironmentSettings
from shop.app import build
from shop.loops.expiry import sweep_once
from shop.settings import Settings
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

ORDERS = "/v1/shop/orders"
BUY = "/v1/shop/buy"
THANKS = "https://shop.example/thanks"
PAGE = "https://pay.example/c/42"


@dataclass
class ScriptedPayments:
    """Answers commands as told: ``refuses`` with a code, ``is_silent`` not at all.

    Refunds are made unless there is a ``refund_refusal``.

    A card gets its page; how that ends the test says by ``Till.card``.
    """

    refuses: Callable[[TakePayment], str | None] = lambda _: None
    refund_refusal: str | None = None
    is_silent: bool = False
    heard: list[Envelope] = field(default_factory=list)

    async def answer(self, uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            self.heard.append(envelope)
            command = envelope.message
            assert isinstance(command, Command)
            if not self.is_silent:
                emit(uow, self.reply(command), subject=envelope.subject, to=envelope.reply_to)

    def reply(self, command: Command) -> Reply:
        asked: dict[str, Any] = {"in_reply_to": command.command_id}
        if isinstance(command, ReturnPayment):
            return PaymentReturned(**asked, payment_id=command.payment_id)
        if isinstance(command, RefundPayment):
            return self.refunded(command, asked)
        assert isinstance(command, TakePayment)
        asked["payment_id"] = command.payment_id
        code = self.refuses(command)
        if code is not None:
            return PaymentNotTaken(**asked, method=command.method, code=code)
        if command.method == "card":
            return CardPageOpened(**asked, url=PAGE)
        return PaymentTaken(**asked, method="wallet")

    def refunded(self, command: RefundPayment, asked: dict[str, Any]) -> Reply:
        if self.refund_refusal is not None:
            return RefundNotMade(**asked, refund_id=command.refund_id, code=self.refund_refusal)
        return RefundMade(**asked, refund_id=command.refund_id)

    @property
    def kinds(self) -> list[str]:
        return [type(envelope.message).__name__ for envelope in self.heard]

    def taking(self, payment_id: str) -> Envelope:
        """Return the command to take a payment."""
        return next(
            envelope
            for envelope in self.heard
            if isinstance(envelope.message, TakePayment) and envelope.subject == payment_id
        )


@dataclass
class Till:
    """A shop that sells, and hands to move it by."""

    service: Service
    database: Database
    other: Database
    clock: FakeClock
    payments: ScriptedPayments
    pump: Pump
    http: httpx.AsyncClient
    desk: Desk
    buyer: UUID = field(default_factory=new_id)
    admin: UUID = field(default_factory=new_id)
    tokens: dict[UUID, str] = field(default_factory=dict)

    def headers(self, caller: UUID) -> dict[str, str]:
        if caller not in self.tokens:
            now = int(self.desk.time.now().timestamp())
            roles = ["user", "admin"] if caller == self.admin else ["user"]
            logged_in = int(self.clock.now().timestamp())
            self.tokens[caller] = self.desk.mint.user(
                caller, iat=now, exp=now + 600, auth_time=logged_in, roles=roles
            )
        return {"Authorization": f"Bearer {self.tokens[caller]}"}

    async def ask(
        self, method: str, path: str, caller: UUID | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request as the buyer, or as somebody else."""
        headers = {**self.headers(caller or self.buyer), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def post(self, path: str, caller: UUID | None = None, **options: Any) -> httpx.Response:
        return await self.ask("POST", path, caller, **options)

    async def get(self, path: str, caller: UUID | None = None, **query: Any) -> httpx.Response:
        return await self.ask("GET", path, caller, params=query or None)

    async def product(self, name: str = "Phone", price: str = "100.00", **more: Any) -> str:
        """Add a product, of which there are ten; return its id."""
        body = {"name": name, "price": price, "stock": 10, **more}
        made = await self.post(PRODUCTS, self.admin, json=body)
        assert made.status_code == 201, made.text
        product_id: str = made.json()["id"]
        return product_id

    async def stock(self, product_id: str) -> int:
        found: int = (await self.get(f"{PRODUCTS}/{product_id}")).json()["stock"]
        return found

    async def asked(self, *lines: tuple[str, int], **options: Any) -> httpx.Response:
        """Ask for an order of products and quantities."""
        items = [{"product_id": product, "quantity": quantity} for product, quantity in lines]
        return await self.post(ORDERS, json={"items": items}, **options)

    async def order(self, *lines: tuple[str, int], **options: Any) -> str:
        """Make an order; return its id."""
        made = await self.asked(*lines, **options)
        assert made.status_code == 201, made.text
        order_id: str = made.json()["id"]
        return order_id

    async def seen(self, order_id: str, caller: UUID | None = None) -> Json:
        answer = await self.get(f"{ORDERS}/{order_id}", caller)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def pay(self, order_id: str, **options: Any) -> httpx.Response:
        return await self.post(f"{ORDERS}/{order_id}/pay", **options)

    async def pay_by_card(self, order_id: str, **options: Any) -> httpx.Response:
        """Pay by card, and carry messages until the page is open."""
        body = {"method": "card", "return_url": THANKS}
        [answer] = await self.carried(self.pay(order_id, json=body, **options))
        return answer

    async def paid(self, order_id: str) -> Json:
        """Pay from the wallet and let all follow; return the order as it is then."""
        answer = await self.pay(order_id)
        assert answer.status_code == 202, answer.text
        await self.settle()
        return await self.seen(order_id)

    async def cancel(self, order_id: str, **options: Any) -> httpx.Response:
        return await self.post(f"{ORDERS}/{order_id}/cancel", **options)

    async def bought(self, *lines: tuple[str, int]) -> Json:
        """Order products and pay them; return the order."""
        return await self.paid(await self.order(*lines))

    async def refund(
        self, order_id: str, *lines: tuple[str, int], headers: Any = None, **body: Any
    ) -> httpx.Response:
        """Ask for a refund as an admin; without lines of all that is left."""
        if lines:
            body["items"] = [{"product_id": one, "quantity": quantity} for one, quantity in lines]
        path = f"{ORDERS}/{order_id}/refund"
        return await self.post(path, self.admin, json=body, headers=headers or {})

    async def refunded(self, order_id: str, *lines: tuple[str, int], **body: Any) -> Json:
        """Refund, and let all follow; return the order as it is then."""
        answer = await self.refund(order_id, *lines, **body)
        assert answer.status_code == 202, answer.text
        await self.settle()
        return await self.seen(order_id)

    async def card(self, payment_id: str, code: str | None = None) -> None:
        """Let payments tell how a card page ended: charged, or not for a reason."""
        taking = self.payments.taking(payment_id)
        known: dict[str, Any] = {
            "in_reply_to": taking.message.command_id,  # type: ignore[attr-defined]
            "payment_id": payment_id,
            "method": "card",
        }
        news = PaymentTaken(**known) if code is None else PaymentNotTaken(**known, code=code)
        async with self.other.unit_of_work() as uow:
            emit(uow, news, subject=taking.subject, to="shop")

    def arrive(self, event: Event) -> None:
        """Let another service's event arrive."""
        _, body = cloudevents.encode(
            event,
            source=event.type.partition(".")[0],
            subject=str(new_id()),
            time=self.clock.now(),
            sequence=1,
        )
        publication = Publication("", "", body, cloudevents.SINGLE, mandatory=False)
        self.pump.broker.put("shop.events", publication)

    async def told(self, *events: Event) -> None:
        """Let another service's events arrive together and be handled."""
        for event in events:
            self.arrive(event)
        await self.settle()

    @contextmanager
    def no_place_left(self, caller: UUID | None = None) -> Iterator[None]:
        """Let as many requests of somebody wait as may, so that others are answered at once."""
        wiring = self.service.state.wiring
        with ExitStack() as stack:
            for _ in range(wiring.settings.most_waiting):
                stack.enter_context(wiring.places.place(caller or self.buyer))
            yield

    async def settle(self) -> None:
        """Carry all messages until none is left."""
        await self.pump.run()

    async def carried(self, *calls: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
        """Make calls at once and carry messages until all are answered."""
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
            while not all(task.done() for task in tasks):
                await self.settle()
                await asyncio.sleep(0)
        return [task.result() for task in tasks]

    async def expire(self, seconds: float = 1800) -> int:
        """Let time pass and cancel what is overdue; return how many orders were."""
        self.clock.advance(seconds)
        return await sweep_once(self.database, self.service.state.wiring.engine)

    async def wake(self, seconds: float) -> None:
        """Let time pass and wake the sagas that are due."""
        self.clock.advance(seconds)
        wiring = self.service.state.wiring
        for engine in (wiring.engine, wiring.refund_engine):
            await engine.wake_due(self.database)
        await self.settle()


@asynccontextmanager
async def opened(
    cluster: Cluster, payments: ScriptedPayments | None = None, **settings: Any
) -> AsyncIterator[Till]:
    """Open shop and payments that are played, on an empty database."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(cluster.database("shop", clock=clock))
        other = await stack.enter_async_context(cluster.database("kit", clock=clock))
        service = build(Settings(_env_file=None, environment="test", **settings))
        desk = await Desk.open()
        state = service.state
        state.database, state.tokens, state.clock = database, desk.verifier, clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        scripted = payments or ScriptedPayments()
        played = Service(
            name="payments",
            settings=EnvironmentSettings(),
            web=FastAPI(),
            routes=Routes(
                commands=dict.fromkeys((TakePayment, ReturnPayment, RefundPayment), scripted.answer)
            ),
        )
        played.state.database = other
        transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://shop")
        )
        pump = Pump(service, played)
        yield Till(service, database, other, clock, scripted, pump, http, desk)
