"""Finance as tests see it: requests in, answers and rows out; auth's events by a broker in memory.

Every user that a test makes has a book of their own.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from msgspec import convert

from contracts.auth import UserChanged
from finance.app import build
from finance.domain.books import BookOwner
from finance.domain.transactions.transactions import Transaction, TransactionOrigin, TransactionType
from finance.repository import Books, Transactions
from finance.settings import Settings
from kit.db import Database
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Message
from kit.runtime import Service
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import Pump
from testkit.verification import Desk

Json = dict[str, Any]
FINANCE = "/v1/finance"


def code(answer: httpx.Response) -> str:
    """Return the code of a refusal, or that of its first field."""
    told = answer.json()
    found: str = told["errors"][0]["code"] if told.get("errors") else told["code"]
    return found


@dataclass
class Room:
    """One finance with everything around it, and one user, whose requests it takes."""

    service: Service
    database: Database
    desk: Desk
    clock: FakeClock
    pump: Pump
    http: httpx.AsyncClient
    user: UUID = field(default_factory=new_id)

    @property
    def owner(self) -> BookOwner:
        """The user as the owner of a book."""
        return BookOwner(self.user, "UTC")

    async def ask(
        self, method: str, path: str, *, by: UUID | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request as the user, or as somebody else; the path goes on from /v1/finance."""
        token = self.desk.mint.user(by or self.user)
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return await self.http.request(method, f"{FINANCE}{path}", headers=headers, **options)

    async def get(self, path: str, **query: Any) -> Json:
        """Return what is answered to a GET that is answered."""
        answer = await self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def patch(self, path: str, tag: str | None = None, **changes: Any) -> httpx.Response:
        """Change something, with If-Match where a tag is given."""
        headers = {} if tag is None else {"If-Match": tag}
        return await self.ask("PATCH", path, json=changes, headers=headers)

    async def delete(self, path: str, **query: Any) -> httpx.Response:
        """Delete something."""
        return await self.ask("DELETE", path, params=query)

    async def ids(self, path: str, **query: Any) -> list[str]:
        """Return the ids of a whole list, read page by page."""
        found: list[str] = []
        cursor: Json = {}
        while True:
            page = await self.get(path, **query, **cursor)
            found += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    async def make(self, path: str, **body: Any) -> Json:
        """Return what a POST has made."""
        answer = await self.ask("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def account(self, name: str = "Cash", **more: Any) -> str:
        """Return the id of a new account."""
        return str((await self.make("/accounts", name=name, **more))["id"])

    async def category(self, name: str = "Food", **more: Any) -> str:
        """Return the id of a new category, for expenses unless said otherwise."""
        return str(
            (await self.make("/categories", **{"name": name, "type": "expense", **more}))["id"]
        )

    async def book(self, account_id: str, amount: str = "10.00", **more: Any) -> Json:
        """Return a new transaction, an expense unless said otherwise."""
        said = {} if {"category_id", "splits"} & more.keys() else {"type": "expense"}
        body = {"account_id": account_id, "amount": amount, **said, **more}
        return await self.make("/transactions", **body)

    async def plan(self, account_id: str, amount: str = "10.00", **more: Any) -> Json:
        """Return a new recurring transaction, from tomorrow on unless said otherwise."""
        tomorrow = (self.clock.now() + timedelta(days=1)).date().isoformat()
        said = {} if more.get("category_id") else {"type": "expense"}
        body = {"account_id": account_id, "amount": amount, "next_date": tomorrow, **said, **more}
        return await self.make("/recurring", **body)

    async def balance(self, account_id: str) -> str:
        """Return what an account holds."""
        found: str = (await self.get(f"/accounts/{account_id}"))["balance"]["amount"]
        return found

    async def link(self, account_id: str) -> None:
        """Make an account a wallet's, as if its movements had made it."""
        async with self.database.unit_of_work() as uow:
            await uow.execute(
                "UPDATE account SET wallet_id = $2, kind = 'wallet' WHERE id = $1",
                UUID(account_id),
                new_id(),
            )

    async def movement(self, account_id: str, seq: int, amount_minor: int, **more: Any) -> str:
        """Return the id of a movement on a linked account, as if the wallet had told of it."""
        now = self.clock.now()
        one = Transaction(
            id=new_id(),
            user_id=self.user,
            account_id=UUID(account_id),
            type=TransactionType.INCOME if amount_minor > 0 else TransactionType.EXPENSE,
            amount_minor=amount_minor,
            currency="RUB",
            day=now.date(),
            at=now,
            origin=TransactionOrigin.WALLET,
            movement_seq=seq,
            created_at=now,
            updated_at=now,
        )
        async with self.database.unit_of_work() as uow:
            await Books(uow).lock(self.owner, now)
            await Transactions(uow).add([replace(one, **more)])
        return str(one.id)

    async def told(self, *messages: Message, sequence: int = 1) -> None:
        """Let events of other services arrive together, and handle them."""
        for message in messages:
            _, body = cloudevents.encode(
                message,
                source=message.type.partition(".")[0],
                subject=str(new_id()),
                time=self.clock.now(),
                sequence=sequence,
            )
            self.pump.broker.put(
                "finance.events",
                Publication("", "", body, cloudevents.SINGLE, mandatory=False),
            )
        await self.pump.run()

    async def rows(self, statement: str, *args: Any) -> list[Json]:
        """Return rows of the database as they stand."""
        async with self.database.read() as connection:
            return [dict(row) for row in await connection.fetch(statement, *args)]


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


@asynccontextmanager
async def opened(
    cluster: Cluster, *, clock: FakeClock | None = None, **chosen: Any
) -> AsyncIterator[Room]:
    """Open finance on an empty database."""
    clock = clock or FakeClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(cluster.database("finance", clock=clock))
        service = build(Settings(_env_file=None, environment="test", **chosen))
        desk = await Desk.open()
        state = service.state
        state.database, state.tokens, state.clock = database, desk.verifier, clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://finance.test")
        )
        yield Room(service, database, desk, clock, Pump(service), http)
