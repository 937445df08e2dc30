"""Wallet as tests see it: commands and requests in, rows, replies and events out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from msgspec.structs import replace

from contracts import wallet as contract
from contracts.wallet import AccountRef
from kit.db import Database
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Delivery
from kit.messaging.consumer import Consumer
from kit.messaging.messages import Command, Reply
from kit.messaging.packing import MAX_EVENTS
from kit.money import Money
from kit.runtime import Service, consumers
from testkit.broker import MemoryBroker
from testkit.pump import outbox_rows, sent
from testkit.tokens import TokenMint
from wallet.domain.hash_chain import Entry, verify_chain
from wallet.service.top_ups import top_up

Json = dict[str, Any]
WORKERS = 10  # the connections of a pool in tests

REPLIES = (
    contract.HoldPlaced,
    contract.HoldRefused,
    contract.HoldReleased,
    contract.TransferPosted,
    contract.TransferRefused,
)


def transfer(payer: UUID, payee: UUID, amount: int = 100, **changes: Any) -> contract.Transfer:
    """Return a transfer between default wallets, with changes."""
    command = contract.Transfer(
        command_id=new_id(),
        transfer_id=new_id(),
        payer=AccountRef(owner_id=payer),
        payee=AccountRef(owner_id=payee),
        amount_minor=amount,
        currency="RUB",
        reference="test",
    )
    return replace(command, **changes)


def place(payer: UUID, amount: int = 100) -> contract.PlaceHold:
    """Return a command to set money aside on a default wallet."""
    return contract.PlaceHold(
        command_id=new_id(),
        hold_id=new_id(),
        payer=AccountRef(owner_id=payer),
        amount_minor=amount,
        currency="RUB",
        reference="test",
    )


def capture(placed: contract.PlaceHold, payee: UUID) -> contract.CaptureHold:
    """Return the command that captures all of a hold for a default wallet."""
    return contract.CaptureHold(
        command_id=new_id(),
        hold_id=placed.hold_id,
        payee=AccountRef(owner_id=payee),
        amount_minor=placed.amount_minor,
        currency="RUB",
        reference="test",
    )


def release(placed: contract.PlaceHold) -> contract.ReleaseHold:
    """Return the command that takes a hold back."""
    return contract.ReleaseHold(
        command_id=new_id(), hold_id=placed.hold_id, undo_of=placed.command_id
    )


@dataclass
class World:
    """The service on a real database, with workers and callers of one's choice."""

    service: Service
    database: Database
    http: httpx.AsyncClient
    mint: TokenMint

    @property
    def worker(self) -> Consumer:
        """One more consumer of the command queue."""
        (worker,) = consumers(self.service, MemoryBroker())
        return worker

    def pack(self, *commands: Command, reply_to: str | None = "payments") -> Delivery:
        """Return one AMQP message with these commands, in fresh events."""
        bodies = [
            cloudevents.encode(
                command,
                source="payments",
                subject=str(new_id()),
                time=self.database.clock.now(),
                reply_to=reply_to,
            )[1]
            for command in commands
        ]
        return Delivery(
            tag=1,
            routing_key="wallet",
            body=cloudevents.pack(bodies),
            content_type=cloudevents.BATCH,
            attempts=0,
        )

    async def ask(self, *commands: Command) -> list[Reply]:
        """Have one worker handle the commands as one batch; returns their latest replies."""
        await self.worker.handle([self.pack(*commands)])
        return await self.replies(*commands)

    async def ask_in_parallel(self, commands: Sequence[Command], *, batch: int) -> None:
        """Have workers handle batches of the commands, as many at once as there are connections.

        More would only wait for a connection, and on a slow machine longer than it lets them.
        """
        assert batch <= MAX_EVENTS
        places = asyncio.Semaphore(WORKERS)

        async def handle(cut: Sequence[Command]) -> None:
            async with places:
                await self.worker.handle([self.pack(*cut)])

        cuts = [commands[at : at + batch] for at in range(0, len(commands), batch)]
        await asyncio.gather(*(handle(cut) for cut in cuts))

    async def replies(self, *commands: Command) -> list[Reply]:
        """Return the latest reply to each of the commands."""
        latest = {}
        for envelope in await sent(self.database, *REPLIES):
            assert isinstance(envelope.message, Reply)
            latest[envelope.message.in_reply_to] = envelope.message
        return [latest[command.command_id] for command in commands]

    async def fund(self, owner: UUID, amount: str = "1000.00", currency: str = "RUB") -> UUID:
        """Give somebody sandbox money; returns the wallet's id."""
        async with self.database.unit_of_work() as uow:
            done = await top_up(uow, owner, Money.parse(amount, currency), provider="sandbox")
        return done.wallet.id

    async def person(self, amount: str | None = None) -> UUID:
        """Return somebody, with money if an amount is given."""
        owner = new_id()
        if amount is not None:
            await self.fund(owner, amount)
        return owner

    async def owes(self, owner: UUID) -> int:
        """Return what somebody owes on their default wallet, in minor units."""
        row = await self.row("SELECT owed_minor FROM account WHERE owner_id = $1", owner)
        return int(row["owed_minor"])

    async def figures(self, owner: UUID, currency: str = "RUB") -> tuple[int, int]:
        """Return balance and held amount of the default wallet, in minor units."""
        row = await self.row(
            "SELECT balance_minor, held_minor FROM account"
            " WHERE owner_id = $1 AND currency = $2 AND is_default",
            owner,
            currency,
        )
        return row["balance_minor"], row["held_minor"]

    async def row(self, query: str, *args: object) -> Any:
        """Return the only row of a query."""
        async with self.database.read() as connection:
            (row,) = await connection.fetch(query, *args)
        return row

    async def rows(self, query: str, *args: object) -> list[Any]:
        """Return the rows of a query."""
        async with self.database.read() as connection:
            return await connection.fetch(query, *args)

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        (count,) = await self.row(f"SELECT count(*) FROM {table}")
        return int(count)

    async def empty_outbox(self) -> None:
        """Forget the messages sent so far."""
        rows = await outbox_rows(self.database)
        async with self.database.unit_of_work() as uow:
            numbers = [row.number for row in rows]
            await uow.execute("DELETE FROM outbox WHERE number = ANY($1)", numbers)

    async def check_ledger(self) -> None:
        """Check every rule that the whole ledger must keep."""
        assert await self.count("letter") == 0
        assert (
            await self.rows(
                "SELECT currency FROM account GROUP BY currency HAVING sum(balance_minor) <> 0"
            )
            == []
        )
        assert (
            await self.rows(
                "SELECT currency FROM account GROUP BY currency HAVING sum(owed_minor)"
                " + coalesce(sum(balance_minor) FILTER (WHERE kind = 'debts'), 0) <> 0"
            )
            == []
        )
        held = "SELECT coalesce(sum(amount_minor - captured_minor - released_minor), 0) FROM hold"
        assert (
            await self.rows(
                f"SELECT id FROM account WHERE held_minor <> ({held} WHERE account_id = account.id)"
            )
            == []
        )
        for row in await self.rows("SELECT id, seq, balance_minor, last_hash FROM account"):
            entries = [
                Entry(*entry)
                for entry in await self.rows(
                    "SELECT account_id, seq, transfer_id, amount_minor, balance_after_minor, hash,"
                    " posted_at FROM entry WHERE account_id = $1 ORDER BY seq",
                    row["id"],
                )
            ]
            assert verify_chain(entries) is None
            assert len(entries) == row["seq"]
            if entries:
                assert entries[-1].balance_after_minor == row["balance_minor"]
                assert entries[-1].hash == row["last_hash"]

    def caller(self, user_id: UUID | None = None, *, admin: bool = False) -> "Caller":
        """Return somebody who calls the API."""
        user_id = user_id or new_id()
        roles = ["user", "admin"] if admin else ["user"]
        return Caller(user_id, self.http, self.mint.user(user_id, roles=roles))

    def service_client(self, name: str = "payments") -> "Caller":
        """Return a service that calls the API."""
        return Caller(new_id(), self.http, self.mint.service(name))


@dataclass
class Caller:
    """Somebody with an access token."""

    user_id: UUID
    http: httpx.AsyncClient
    token: str

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """GET as this caller; `from_` is sent as `from`."""
        sent = {name.rstrip("_"): value for name, value in query.items()}
        return await self.http.get(path, params=sent or None, headers=self._headers({}))

    async def post(
        self, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST as this caller."""
        return await self.http.post(path, json=body, headers=self._headers(headers or {}))

    async def top_up(self, amount: str, headers: dict[str, str] | None = None, **more: Any) -> Json:
        """Put sandbox money into a wallet; returns the wallet."""
        answer = await self.post("/v1/wallets/top-up", {"amount": amount, **more}, headers)
        assert answer.status_code == 201, answer.text
        wallet: Json = answer.json()["wallet"]
        return wallet

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
