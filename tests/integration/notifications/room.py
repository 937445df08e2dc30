"""Notifications on real PostgreSQL: its API over ASGI, others' messages by a broker in memory.

Mails go by SMTP to a real server, the sandbox's sink; auth as an HTTP service is respx routes.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import respx
from msgspec import convert
from msgspec.structs import asdict

from contracts.auth import UserChanged, UserRegistered
from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import EntryPosted, FundsMoved
from kit.db import Database
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Command, Message
from kit.runtime import Service
from notifications.app import build
from notifications.mail.worker import MailWorker
from notifications.settings import Settings
from sandbox.mails import smtp
from sandbox.mails.box import Box, TakenMail
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

Json = dict[str, Any]
AUTH, PAYMENTS = "http://auth.test", "http://payments.test"
ADMIN = UUID(int=1)


@dataclass
class Addresses:
    """Auth as it answers who is reached where; ``is_away`` makes it answer nothing."""

    known: dict[UUID, str | None] = field(default_factory=dict)
    languages: dict[UUID, str | None] = field(default_factory=dict)
    pending: dict[UUID, str] = field(default_factory=dict)
    is_away: bool = False

    def contacts(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            return httpx.Response(503)
        asked = [UUID(text) for text in request.url.params["id"].split(",")]
        items = [
            {
                "user_id": str(one),
                "email": self.known[one],
                "username": "somebody",
                **({"language": self.languages[one]} if one in self.languages else {}),
                **({"pending_email": self.pending[one]} if one in self.pending else {}),
            }
            for one in asked
            if one in self.known
        ]
        return httpx.Response(200, json={"items": items})


@dataclass
class Room:
    """Notifications with everything around it, and hands to move it by."""

    service: Service
    database: Database
    desk: Desk
    clock: FakeClock
    pump: Pump
    http: httpx.AsyncClient
    box: Box
    addresses: Addresses
    listeners: respx.Route
    versions: dict[UUID, int] = field(default_factory=dict)
    came: list[tuple[str, Publication]] = field(default_factory=list)

    async def ask(self, caller: UUID, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as a user."""
        headers = {
            "Authorization": f"Bearer {self.desk.mint.user(caller)}",
            **options.pop("headers", {}),
        }
        return await self.http.request(method, path, headers=headers, **options)

    async def ask_as_admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as an administrator who has just logged in, by the room's clock."""
        logged_in = int(self.clock.now().timestamp())
        token = self.desk.mint.user(ADMIN, auth_time=logged_in, roles=["user", "admin"])
        headers = {"Authorization": f"Bearer {token}"}
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
            kind = "commands" if isinstance(message, Command) else "events"
            self.came.append((f"notifications.{kind}", publication))
            self.pump.broker.put(*self.came[-1])
        await self.pump.run()

    async def told_again(self, attempts: int = 0) -> None:
        """Let all that arrived arrive once more, the very same messages."""
        assert self.came
        for queue, publication in self.came:
            self.pump.broker.put(queue, publication, attempts)
        await self.pump.run()

    async def arrives(self, username: str | None, email: str | None = None) -> UUID:
        """Let auth tell of a new user, who may have an address; returns the user's id."""
        user_id = new_id()
        self.addresses.known[user_id] = email
        await self.told(
            UserRegistered(user_id=user_id, number=1, username=username, status="active")
        )
        return user_id

    async def changes(self, user_id: UUID, username: str | None, status: str = "active") -> None:
        """Let auth tell that a user has changed."""
        version = self.versions[user_id] = self.versions.get(user_id, 1) + 1
        await self.told(changed(user_id, username, status), sequence=version)

    @property
    def mail_worker(self) -> MailWorker:
        mail_worker: MailWorker = self.service.state.wiring.mail_worker
        return mail_worker

    def mails(self, to: str | None = None) -> list[TakenMail]:
        """Return what the mail server has taken, newest first."""
        return self.box.mails(to, 100)

    async def stored(self) -> list[Json]:
        """Return all mails as they stand, oldest first."""
        async with self.database.read() as connection:
            return [dict(row) for row in await connection.fetch("SELECT * FROM mail ORDER BY id")]

    async def statuses(self) -> list[str]:
        return [mail["status"] for mail in await self.stored()]

    async def count(self, table: str) -> int:
        async with self.database.read() as connection:
            found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found


def changed(user_id: UUID, username: str | None, status: str = "active") -> UserChanged:
    """Return auth's event of a change."""
    return convert(
        {
            "user_id": user_id,
            "number": 1,
            "username": username,
            "status": status,
            "roles": ("user",),
        },
        UserChanged,
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


def created(payer: UUID, payee: UUID) -> PaymentCreated:
    return PaymentCreated(**_payment(payer, payee, 15000))


def paid(payer: UUID, payee: UUID, amount_minor: int = 15000) -> PaymentPaid:
    return PaymentPaid(**_payment(payer, payee, amount_minor), transfer_id=new_id())


def refunded(payment: PaymentPaid, amount_minor: int, back_minor: int) -> PaymentRefunded:
    """Return payments' event of a refund, ``back_minor`` being all that has gone back by it."""
    is_full = back_minor == payment.amount_minor
    return PaymentRefunded(
        **_payment(payment.payer_id, payment.payee_id, amount_minor)
        | {"payment_id": payment.payment_id},
        status="refunded" if is_full else "paid",
        refund_id=new_id(),
        transfer_id=new_id(),
        refunded_minor=back_minor,
        is_full=is_full,
    )


def refund_failed(payment: PaymentPaid, amount_minor: int) -> PaymentRefundFailed:
    """Return payments' event of a refund that came back."""
    return PaymentRefundFailed(
        **_payment(payment.payer_id, payment.payee_id, amount_minor)
        | {"payment_id": payment.payment_id},
        refund_id=new_id(),
        refunded_minor=0,
        reason="card_refund_refused",
    )


def disputed(payment: PaymentPaid, amount_minor: int, reason: str | None) -> PaymentDisputed:
    """Return payments' event of a dispute over a part of a payment, or all of it."""
    return PaymentDisputed(
        **_payment(payment.payer_id, payment.payee_id, amount_minor)
        | {"payment_id": payment.payment_id},
        status="paid",
        dispute_id=new_id(),
        provider="sandbox",
        reason=reason,
    )


def closed(dispute: PaymentDisputed, outcome: str) -> PaymentDisputeClosed:
    """Return payments' event of the dispute's end."""
    return convert({**asdict(dispute), "outcome": outcome}, PaymentDisputeClosed)


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
        box, addresses = Box(), Addresses()
        sink = await stack.enter_async_context(smtp.serving(box, clock, host="127.0.0.1", port=0))
        outside = stack.enter_context(respx.mock(assert_all_called=False))
        grant = {"access_token": "a.b.c", "expires_in": 300}
        outside.post(f"{AUTH}/v1/auth/token").respond(json=grant)
        outside.get(f"{AUTH}/internal/contacts").mock(side_effect=addresses.contacts)
        listeners = outside.post(f"{PAYMENTS}/internal/listeners").respond(204)
        surroundings = {
            "AUTH_URL": AUTH,
            "PAYMENTS_URL": PAYMENTS,
            "smtp_port": sink.sockets[0].getsockname()[1],
        }
        service = build(Settings(_env_file=None, **{**surroundings, **chosen}))
        desk = await Desk.open()
        state = service.state
        state.database, state.tokens, state.clock = database, desk.verifier, clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://notifications.test")
        )
        pump = Pump(service)
        yield Room(service, database, desk, clock, pump, http, box, addresses, listeners)
