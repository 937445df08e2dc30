"""Payments on real PostgreSQL: its API over ASGI, a broker in memory, a wallet that says its lines.

Auth and wallet as HTTP services are respx routes; nothing is there that a test has not put there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI

from contracts.auth import UserRegistered
from contracts.wallet import (
    CaptureHold,
    EntryMark,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    PlaceHold,
    ReleaseHold,
    Transfer,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Command, Envelope, Event, Message, Reply
from kit.messaging.outbox import emit
from kit.messaging.retries import Retries
from kit.messaging.routes import Routes
from kit.outgoing import http_client
from kit.runtime import Service, consumers
from kit.saga import TaskRunner
from kit.settings import EnvironmentSettings
from payments.app import build
from payments.clients.verifiers import Verifiers
from payments.sagas.payment import OUTSIDE_CHECKS
from payments.settings import Settings
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

AUTH, WALLET, NOTIFICATIONS = "http://auth.test", "http://wallet.test", "http://notifications.test"
ONE, TWO = "http://one.test/verify", "http://two.test/verify"
SANDBOX = "http://sandbox.test"
CHECKED = "1000.00"  # from this amount on the verification services are asked
SURROUNDINGS: dict[str, Any] = {
    "AUTH_URL": AUTH,
    "WALLET_URL": WALLET,
    "SANDBOX_URL": SANDBOX,
    "NOTIFICATIONS_URL": NOTIFICATIONS,
    "verifier_one_url": ONE,
    "verifier_two_url": TWO,
    "check_from": CHECKED,
}


PAYER_ENTRY = EntryMark(seq=7, balance_after_minor=99_000)
PAYEE_ENTRY = EntryMark(seq=3, balance_after_minor=1_000)


@dataclass
class ScriptedWallet:
    """Answers commands as told: ``refuses`` with a code, ``is_silent`` not at all.

    With ``knows_entries`` it names its entries to askers who tell of the movement.
    """

    refuses: Callable[[Command], str | None] = lambda _: None
    is_silent: bool = False
    knows_entries: bool = True
    heard: list[Command] = field(default_factory=list)

    async def answer(self, uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            command = envelope.message
            assert isinstance(command, Command)
            self.heard.append(command)
            if not self.is_silent:
                reply = self._reply(command, uow)
                emit(uow, reply, subject=envelope.subject, to=envelope.reply_to)

    def _reply(self, command: Command, uow: UnitOfWork) -> Reply:
        asked = {"in_reply_to": command.command_id}
        code = self.refuses(command)
        match command:
            case PlaceHold() if code:
                return HoldRefused(**asked, hold_id=command.hold_id, code=code)
            case PlaceHold():
                return HoldPlaced(**asked, hold_id=command.hold_id, account_id=new_id())
            case ReleaseHold():
                return HoldReleased(**asked, hold_id=command.hold_id)
            case Transfer():
                moved = {"transfer_id": command.transfer_id, "reply_kind": command.reply_kind}
            case CaptureHold():
                moved = {"transfer_id": None if code else new_id()}
            case _:
                raise TypeError(command.type)
        if code:
            return TransferRefused(**asked, **moved, code=code)
        if self.knows_entries and command.is_told_by_asker:
            moved |= {"payer_entry": PAYER_ENTRY, "payee_entry": PAYEE_ENTRY}
        return TransferPosted(
            **asked,
            **moved,
            posted_at=uow.clock.now(),
            payer_account_id=new_id(),
            payee_account_id=new_id(),
        )

    @property
    def kinds(self) -> list[str]:
        return [type(command).__name__ for command in self.heard]


@dataclass
class Room:
    """Payments with everything around it, and hands to move it by."""

    cluster: Cluster
    service: Service
    database: Database
    desk: Desk
    clock: FakeClock
    wallet: ScriptedWallet
    pump: Pump
    http: httpx.AsyncClient
    tokens: dict[UUID, str] = field(default_factory=dict)

    async def ask(self, caller: UUID, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as a user."""
        if caller not in self.tokens:
            now = int(self.desk.time.now().timestamp())
            self.tokens[caller] = self.desk.mint.user(caller, iat=now, exp=now + 600)
        headers = {
            "Authorization": f"Bearer {self.tokens[caller]}",
            **options.pop("headers", {}),
        }
        return await self.http.request(method, path, headers=headers, **options)

    async def post(self, caller: UUID, path: str, **options: Any) -> httpx.Response:
        return await self.ask(caller, "POST", path, **options)

    async def get(self, caller: UUID, path: str, **query: Any) -> httpx.Response:
        return await self.ask(caller, "GET", path, params=query or None)

    async def create(self, payer: UUID, payee: UUID, amount: str = "10.00", **more: Any) -> UUID:
        """Create a payment; returns its id."""
        answer = await self.post(
            payer,
            "/v1/payments",
            json={"payee": {"user_id": str(payee)}, "amount": amount, **more},
        )
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def pay(self, payer: UUID, payment_id: UUID, **options: Any) -> httpx.Response:
        return await self.post(payer, f"/v1/payments/{payment_id}/pay", **options)

    async def cancel(self, payer: UUID, payment_id: UUID, **options: Any) -> httpx.Response:
        return await self.post(payer, f"/v1/payments/{payment_id}/cancel", **options)

    async def seen(self, caller: UUID, payment_id: UUID) -> dict[str, Any]:
        answer = await self.get(caller, f"/v1/payments/{payment_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def told(self, event: Event, sequence: int = 1) -> None:
        """Let another service's event arrive and be handled."""
        self.arrive(event, sequence)
        await self.settle()

    async def status(self, caller: UUID, payment_id: UUID) -> str:
        return str((await self.seen(caller, payment_id))["status"])

    def arrive(self, event: Event, sequence: int = 1) -> None:
        """Let another service's event arrive."""
        _, body = cloudevents.encode(
            event,
            source=event.type.partition(".")[0],
            subject=str(new_id()),
            time=self.clock.now(),
            sequence=sequence,
        )
        publication = Publication("", "", body, cloudevents.SINGLE, mandatory=False)
        self.pump.broker.put("payments.events", publication)

    async def arrives(self, username: str | None, status: str = "active") -> UUID:
        """Let auth tell of a new user; returns the user's id."""
        user_id = new_id()
        await self.told(UserRegistered(user_id=user_id, number=1, username=username, status=status))
        return user_id

    async def admin(self) -> UUID:
        """Return an administrator who has just logged in, by the room's clock."""
        user_id, now = new_id(), int(self.desk.time.now().timestamp())
        logged_in = int(self.clock.now().timestamp())
        self.tokens[user_id] = self.desk.mint.user(
            user_id, iat=now, exp=now + 600, auth_time=logged_in, roles=["user", "admin"]
        )
        return user_id

    async def opens(self, owner_id: UUID, currency: str = "RUB") -> UUID:
        """Let wallet tell of a new wallet; returns its id."""
        account_id = new_id()
        await self.told(
            WalletOpened(
                account_id=account_id,
                number=1,
                owner_id=owner_id,
                currency=currency,
                name="",
                is_default=True,
            )
        )
        return account_id

    async def settle(self) -> None:
        """Carry all messages until none is left."""
        await self.pump.run()

    async def carried(self, *calls: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
        """Make calls at once and carry messages until all are answered."""
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
            while not all(task.done() for task in tasks):
                await self.settle()
                await asyncio.sleep(0)
        return [task.result() for task in tasks]

    async def check(self) -> None:
        """Do the outside checks that wait, until none is left, and what follows from them."""
        urls = {"one": ONE, "two": TWO}
        async with http_client() as client:
            verifiers = Verifiers(client, urls, self.clock, give_up_seconds=2.0)
            engine = self.service.state.wiring.engine
            runner = TaskRunner(engine, self.database, {OUTSIDE_CHECKS: verifiers.check})
            await runner.start_waiting()
            await asyncio.gather(*runner._running.values())
        await self.settle()

    async def hear(self) -> None:
        """Let what the provider has told have its effect."""
        while await self.service.state.wiring.provider_events.work_off():
            pass

    async def charge(self) -> None:
        """Ask the provider about the charges that are due, and let what follows happen."""
        await self.service.state.wiring.charge_worker.work_off()
        await self.settle()

    async def wake(self, seconds: float) -> None:
        """Let time pass and wake the sagas that are due."""
        self.clock.advance(seconds)
        await self.service.state.wiring.engine.wake_due(self.database)
        await self.settle()

    async def retry(self) -> None:
        """Try parked messages that are due."""
        for consumer in consumers(self.service, self.pump.broker):
            await Retries(self.database, consumer.reader).retry_due()
        await self.settle()

    def published(self, *models: type[Message]) -> list[Envelope]:
        """Return all that has left for the broker so far, of these types, in order."""
        known = {model.type: model for model in models}
        found = []
        for publication in self.pump.broker.published:
            for raw in cloudevents.unpack(publication.body, publication.content_type):
                kind, _ = cloudevents.type_and_id(raw)
                if kind in known:
                    found.append(cloudevents.decode(raw, known[kind]))
        return found

    async def as_owner(self, statements: str) -> None:
        """Change the schema as its owner."""
        driver = await asyncpg.connect(self.cluster.url("payments_owner"))
        try:
            await driver.execute(statements)
        finally:
            await driver.close()

    async def count(self, table: str) -> int:
        async with self.database.read() as connection:
            found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found


@asynccontextmanager
async def opened(cluster: Cluster, **settings: Any) -> AsyncIterator[Room]:
    """Open payments and its surroundings on an empty database."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(cluster.database("payments", clock=clock))
        other = await stack.enter_async_context(cluster.database("kit", clock=clock))
        service = build(Settings(_env_file=None, **SURROUNDINGS, **settings))
        desk = await Desk.open()
        state = service.state
        state.database, state.tokens, state.clock = database, desk.verifier, clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        scripted = ScriptedWallet()
        commands = (PlaceHold, CaptureHold, ReleaseHold, Transfer)
        wallet = Service(
            name="wallet",
            settings=EnvironmentSettings(),
            web=FastAPI(),
            routes=Routes(commands=dict.fromkeys(commands, scripted.answer)),
        )
        wallet.state.database = other
        transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://payments.test")
        )
        pump = Pump(service, wallet)
        yield Room(cluster, service, database, desk, clock, scripted, pump, http)
