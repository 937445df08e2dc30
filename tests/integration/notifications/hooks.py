"""What tests of webhooks do again and again: make endpoints, send what is due, read the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from tests.integration.notifications.room import Json, Room

from notifications.service.attempts import record
from notifications.webhooks.dispatcher import Dispatcher
from notifications.webhooks.sender import TIMEOUT, WebhookClient

ENDPOINTS = "/v1/webhook-endpoints"


@dataclass
class Hooks:
    """Webhooks of a room, with hands to move them by."""

    room: Room
    dispatcher: Dispatcher
    sender: WebhookClient

    async def make(self, owner: UUID, url: str, **more: Any) -> Json:
        """Make an endpoint; returns it with its secret."""
        answer = await self.room.ask(owner, "POST", ENDPOINTS, json={"url": url, **more})
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def ask(self, owner: UUID, method: str, endpoint: Json, path: str = "", **kw: Any) -> Any:
        """Do something with an endpoint; returns the answer."""
        return await self.room.ask(owner, method, f"{ENDPOINTS}/{endpoint['id']}{path}", **kw)

    async def look(self, owner: UUID, endpoint: Json) -> Json:
        """Return an endpoint as it stands."""
        answer = await self.ask(owner, "GET", endpoint)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def log(self, owner: UUID, endpoint: Json, **query: Any) -> list[Json]:
        """Return what was sent to an endpoint, oldest first."""
        answer = await self.ask(owner, "GET", endpoint, "/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()["items"]
        return found[::-1]

    async def send(self, seconds: float = 0) -> None:
        """Let time pass, then send what is due."""
        self.room.clock.advance(seconds)
        await self.dispatcher.settle()

    def another_worker(self) -> Dispatcher:
        return Dispatcher(
            self.room.database, self.sender, record, self.room.service.state.wiring.webhook_wake_up
        )


@asynccontextmanager
async def hooks_of(room: Room, timeout: aiohttp.ClientTimeout = TIMEOUT) -> AsyncIterator[Hooks]:  # noqa: ASYNC109
    """Give the webhooks of a room, sent by hand."""
    wiring = room.service.state.wiring
    async with WebhookClient(wiring.guard, wiring.vault, room.clock, timeout=timeout) as sender:
        worker = Dispatcher(room.database, sender, record, wiring.webhook_wake_up)
        yield Hooks(room, worker, sender)
