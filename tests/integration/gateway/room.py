"""The gateway served for real on a free port, before a service that records and echoes."""

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from starlette.types import Receive, Scope, Send

from gateway.app import assembled, auth_client
from gateway.forwarding.upstream import Upstreams
from gateway.limits.shared import SharedCounts
from gateway.routing.templates import RouteTemplates
from gateway.server import Application, server
from gateway.settings import Settings
from testkit.servers import serving
from testkit.verification import Desk

PLENTY = 1000.0  # no test comes near a limit, but those of limits
SERVICES = ("auth", "wallet", "payments", "shop", "finance", "notifications", "sandbox")


@dataclass(frozen=True)
class Seen:
    """One request as it reached the service."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    peer: int

    def header(self, name: str) -> str | None:
        values = [value for given, value in self.headers if given == name]
        assert len(values) < 2
        return values[0] if values else None


Respond = Callable[[Seen, Receive, Send], Awaitable[None]]


ALLOWED = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"


async def echo(seen: Seen, _: Receive, send: Send) -> None:
    if seen.method == "OPTIONS":
        headers = [(b"allow", ALLOWED.encode())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    body = orjson.dumps(
        {
            "method": seen.method,
            "path": seen.path,
            "query": seen.query,
            "headers": seen.headers,
            "body": base64.b64encode(seen.body).decode(),
        }
    )
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Service:
    """A service behind the gateway: remembers what it was asked, answers as it is told."""

    seen: list[Seen] = field(default_factory=list)
    respond: Respond = echo
    port: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        seen = Seen(
            scope["method"],
            scope["raw_path"].decode(),
            scope["query_string"].decode(),
            [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]],
            body,
            scope["client"][1],
        )
        self.seen.append(seen)
        await self.respond(seen, receive, send)

    def answers(
        self, status: int, body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        """Answer everything like this from now on."""

        async def respond(_: Seen, __: Receive, send: Send) -> None:
            sent = [*(headers or []), (b"content-length", b"%d" % len(body))]
            if status in (204, 304):
                sent.pop()
            await send({"type": "http.response.start", "status": status, "headers": sent})
            await send({"type": "http.response.body", "body": body})

        self.respond = respond


@dataclass(frozen=True)
class Door:
    """A running gateway."""

    port: int
    client: httpx.AsyncClient
    desk: Desk

    def token(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.desk.mint.user(**claims)}"}

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send with a good token."""
        headers = self.token() | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def raw(self, request: bytes, *, until_closed: bool = False) -> bytes:
        """Send bytes as they are; return what comes back until one answer is whole."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(10):
                writer.write(request)
                if until_closed:
                    return await reader.read()
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(
                    line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line
                )
                return head + await reader.readexactly(int(fields.get(b"content-length", 0)))
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def opened(service: Service, *, tokens: Any = None, **chosen: Any) -> AsyncIterator[Door]:
    """Run a gateway with settings of the test's own; every service is the recording one."""
    urls = {f"{name}_url": f"http://127.0.0.1:{service.port}" for name in SERVICES}
    redis = {"redis_url": os.environ["SALDO_TEST_REDIS"], "rate_limit_factor": PLENTY}
    settings = Settings().model_copy(update=urls | redis | chosen)
    desk = await Desk.open()
    async with (
        Upstreams(
            settings.upstream_urls, settings.upstream_timeout_seconds, settings.sockets
        ) as upstreams,
        SharedCounts.opened(settings.redis_url) as counts,
        auth_client(upstreams) as to_auth,
    ):
        templates = RouteTemplates()
        templates.learn("wallet", ["/v1/wallets", "/v1/wallets/{wallet_id}"])
        verifier = tokens or desk.verifier
        gateway = assembled(settings, upstreams, verifier, counts, to_auth, templates)
        application = Application(contextlib.nullcontext(gateway))
        async with (
            serving(server(application, settings)) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            yield Door(port, client, desk)
