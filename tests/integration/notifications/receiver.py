"""Somebody else's server that webhooks are sent to: it records, and answers as it is told."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from testkit.servers import serving_app


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        return orjson.loads(self.body)

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str) -> bool:
        """Verify as Standard Webhooks has receivers do it."""
        content = f"{self.webhook_id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = b64decode(secret.removeprefix("whsec_"))
        expected = b64encode(hmac.digest(key, content, sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


Reaction = Callable[[Received], Response | None]


def fine(_: Received) -> Response:
    return Response(status_code=204)


@dataclass
class Receiver:
    """Answers by ``reacts``; where that returns None, it never answers while ``open``."""

    url: str = ""
    reacts: Reaction = fine
    got: list[Received] = field(default_factory=list)
    waiting: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        one = Received(request.url.path, dict(request.headers), await request.body())
        self.got.append(one)
        response = self.reacts(one)
        if response is None:
            self.waiting += 1
            await self.released.wait()
            response = Response(status_code=204)
        await response(scope, receive, send)

    def answers(self, status: int, body: str = "", **headers: str) -> None:
        """Answer so from now on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reacts = lambda _: Response(body, status_code=status, headers=named)

    def is_silent(self) -> None:
        """Never answer from now on."""
        self.reacts = lambda _: None

    @property
    def types(self) -> list[str]:
        return [one.payload["type"] for one in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    receiver = Receiver()
    async with serving_app(receiver) as port:
        receiver.url = f"http://127.0.0.1:{port}/hooks"
        try:
            yield receiver
        finally:
            receiver.released.set()
