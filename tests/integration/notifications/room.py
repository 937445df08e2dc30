"""Notifications on real PostgreSQL: its API over ASGI, and others' events by a broker in memory."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from contracts.auth import UserChanged, UserRegistered
from contracts.payments import PaymentCancelled, PaymentFailed, PaymentPaid
from contracts.wallet import EntryPosted, FundsMoved
from kit.db import Database
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Message
from kit.runtime import Service
from notifications.app import build
from notifications.settings import Settings
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

Json = dict[str, Any]


@dataclass
class Room:
    """Notifications with everything around it, and hands to move it by."""

    service: Service
    database: Database
    desk: Desk
    clock: FakeClock
    pump: Pump
    http: httpx.AsyncClient
    versions: dict[UUID, int] = field(default_factory=dict)

    async def ask(self, caller: UUID, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as a user."""
        headers = {
            "Authorization": f"Bearer {self.desk.mint.user(caller)}",
            **options.pop("headers", {}),
        }
        return await self.http.request(method, path, headers=headers, **options)

    async def notices(self, reader: UUID, language: str = "en", **query: Any) -> list[Json]:
        """Return a page of somebody's notices."""
        headers = {"Accept-Language": language}
        answer = await self.ask(reader, "GET", "/v1/notifications", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()["items"]
        return found

    async def read(self, reader: UUID, notice_id: object) -> httpx.Response:
        return await self.ask(reader, "POST", f"/v1/notifications/{notice_id}/read")

    async def told(self, *messages: Message, sequence: int = 1) -> None:
        """Let messages of other services arrive together, and handle them."""
        for message in messages:
            _, body = cloudevents.encode(
                message,
                source=message.type.partition(".")[0],
                subject=str(new_id()),
                time=self.clock.now(),
                sequence=sequence,
            )
            publication = Publication("", "", body, cloudevents.SINGLE, mandatory=False)
            self.pump.broker.put("notifications.events", publication)
        await self.pump.run()

    async def arrives(self, username: str | None) -> UUID:
        """Let auth tell of a new user; returns the user's id."""
        user_id = new_id()
        await self.told(
            UserRegistered(user_id=user_id, number=1, username=username, status="active")
        )
        return user_id

    async def changes(self, user_id: UUID, username: str | None, status: str = "active") -> None:
        """Let auth tell that a user has changed."""
        version = self.versions[user_id] = self.versions.get(user_id, 1) + 1
        await self.told(changed(user_id, username, status), sequence=version)

    async def count(self, table: str) -> int:
        async with self.database.read() as connection:
            found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found


def changed(user_id: UUID, username: str | None, status: str = "active") -> UserChanged:
    """Return auth's event of a change."""
    return UserChanged.model_validate(
        {
            "user_id": user_id,
            "number": 1,
            "username": username,
            "status": status,
            "roles": ("user",),
        }
    )


def _payment(payer: UUID, payee: UUID, amount_minor: int) -> Json:
    return {
        "payment_id": new_id(),
        "payer_id": payer,
        "payee_id": payee,
        "amount_minor": amount_minor,
        "currency": "RUB",
        "at": FakeClock().now(),
    }


def paid(payer: UUID, payee: UUID, amount_minor: int = 15000) -> PaymentPaid:
    return PaymentPaid(**_payment(payer, payee, amount_minor), transfer_id=new_id())


def failed(payer: UUID, payee: UUID, reason: str = "insufficient_funds") -> PaymentFailed:
    return PaymentFailed(**_payment(payer, payee, 15000), reason=reason)


def cancelled(payer: UUID, payee: UUID, reason: str = "expired") -> PaymentCancelled:
    return PaymentCancelled(**_payment(payer, payee, 15000), reason=reason)


def moved(owner: UUID, kind: str, amount_minor: int = 100000) -> FundsMoved:
    """Return wallet's event of money that came to an owner from one of the system's accounts."""
    sides = ((None, -amount_minor), (owner, amount_minor))
    entries = tuple(
        EntryPosted(
            account_id=new_id(),
            owner_id=side,
            seq=1,
            amount_minor=minor,
            balance_after_minor=minor,
        )
        for side, minor in sides
    )
    return FundsMoved(
        transfer_id=new_id(),
        kind=kind,
        reference="sandbox",
        description=None,
        currency="RUB",
        entries=entries,
        posted_at=FakeClock().now(),
    )


@asynccontextmanager
async def opened(cluster: Cluster, **chosen: Any) -> AsyncIterator[Room]:
    """Open notifications on an empty database."""
    clock = FakeClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(cluster.database("notifications", clock=clock))
        service = build(Settings(_env_file=None, **chosen))
        desk = await Desk.open()
        service.state.database, service.state.tokens = database, desk.verifier
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://notifications.test")
        )
        yield Room(service, database, desk, clock, Pump(service), http)
