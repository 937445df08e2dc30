"""Wallet and finance, joined by wallet's internal operations: both run with their real code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from tests.integration.finance import room as finance
from tests.integration.wallet.world import World

from finance.clients.wallet import PAGE, WalletClient
from finance.loops.feed import Feed
from testkit.databases import Cluster
from testkit.verification import Desk
from wallet.app import build
from wallet.settings import Settings

Json = dict[str, Any]


@dataclass
class Token:
    """Finance's own token, as wallet believes it."""

    text: str

    async def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


class Line(httpx.AsyncBaseTransport):
    """The way to wallet; it may be cut."""

    def __init__(self, web: Any) -> None:
        self.is_cut = False
        self.asked: list[httpx.URL] = []
        self._web = httpx.ASGITransport(app=web)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if self.is_cut:
            raise httpx.ConnectError("cut")
        return await self._web.handle_async_request(request)


@dataclass
class Ledger:
    """A wallet, a finance that books what it moves, and hands to move both by."""

    wallet: World
    room: finance.Room
    line: Line
    client: WalletClient
    feeds: list[Feed] = field(default_factory=list)

    def feed(self, page: int = PAGE) -> Feed:
        """Return one more reader, as another process would have it."""
        return Feed(self.room.database, self.client, "UTC", page)

    async def read(self, feed: Feed | None = None) -> None:
        """Let a reader read all there is, until nothing can come late."""
        feed = feed or self.feed()
        while await feed.once() or not feed.is_settled:
            await asyncio.sleep(0)

    async def booked(self, owner: UUID | None = None) -> list[Json]:
        """Return what is booked in the order of wallets and numbers; of one owner, or of all."""
        return await self.room.rows(
            """
            SELECT transaction.*, account.wallet_id FROM transaction
            JOIN account ON account.id = account_id
            WHERE $1::uuid IS NULL OR transaction.user_id = $1
            ORDER BY wallet_id, movement_seq
            """,
            owner,
        )

    async def agree(self) -> None:
        """Check that books have exactly what wallet has, movement by movement.

        The balance after each movement is what all up to it add up to.
        """
        entries = await self.wallet.rows(
            """
            SELECT account_id, entry.seq, amount_minor, balance_after_minor, posted_at
            FROM entry JOIN account ON account.id = account_id AND kind = 'wallet'
            ORDER BY account_id, entry.seq
            """
        )
        booked = await self.booked()
        assert [
            (one["wallet_id"], one["movement_seq"], one["amount_minor"], one["at"])
            for one in booked
        ] == [(account, seq, minor, at) for account, seq, minor, _, at in entries]
        sums: dict[UUID, int] = {}
        for account, _, minor, after, _ in entries:
            sums[account] = sums.get(account, 0) + minor
            assert sums[account] == after
        last = {account: (seq, after) for account, seq, _, after, _ in entries}
        accounts = await self.room.rows("SELECT wallet_id, seq, balance_minor FROM account")
        assert {one["wallet_id"]: (one["seq"], one["balance_minor"]) for one in accounts} == last


@asynccontextmanager
async def opened(cluster: Cluster) -> AsyncIterator[Ledger]:
    """Open both on empty databases."""
    service, desk = build(Settings(environment="test")), await Desk.open()
    async with (
        AsyncExitStack() as stack,
        cluster.database("wallet") as database,
        finance.opened(cluster) as room,
    ):
        state = service.state
        state.database, state.tokens, state.clock = database, desk.verifier, database.clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        line = Line(service.web)
        async with httpx.AsyncClient(transport=line, base_url="http://wallet") as http:
            token: Any = Token(desk.mint.service("finance"))
            client = WalletClient(http, token, "http://wallet")
            yield Ledger(World(service, database, http, desk.mint), room, line, client)
