"""Owns one request and its answer in the gateway.

Does not decide what the answer is.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from gateway.forwarding.headers import Header, Inbound
from gateway.forwarding.pace import Pace
from gateway.routing.table import ProxyRoute
from kit.http import SECURITY_HEADERS, SECURITY_NAMES, linger, usual_address
from kit.refusals import Refusal
from kit.tasks import spawn, stop
from kit.tokens.verifier import Claims
from kit.web import problems

# What the gateway says itself is told from what a service says.
_FROM_HERE: Final[Header] = (b"x-saldo-origin", b"gateway")

_log = structlog.get_logger(__name__)


class ClientGone(Exception):  # noqa: N818 - nothing went wrong here; nobody waits any more
    """The caller closed the connection."""


class ProxiedRequest:
    """One request and its answer.

    Attributes:
        method: As it came, or as the alias' operation has it.
        path: The raw path, likewise.
        query: The raw query, likewise.
        inbound: The request's headers.
        caller: The address that it comes from: the peer's, or what a trusted proxy says.
        scheme: How the caller asked, likewise.
        is_foreign: Whether it comes from a page of an origin that is not allowed.
        own_headers: The headers that the gateway adds to every answer: request id, CORS, limits.
        is_last: Whether the connection is to end with the answer.
        is_counted: Whether it was counted against a limit.
        is_from_service: Whether the answer is a service's own, not the gateway's.
        claims: Who is calling, once known.
        status: Status of the answer once it has begun.
    """

    __slots__ = (
        "_receive",
        "_send",
        "caller",
        "claims",
        "inbound",
        "is_counted",
        "is_foreign",
        "is_from_service",
        "is_last",
        "method",
        "own_headers",
        "path",
        "query",
        "request_id",
        "route",
        "scheme",
        "scope",
        "status",
        "traceparent",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.path: bytes = scope["raw_path"]
        self.query: bytes = scope["query_string"]
        self.inbound = Inbound()
        self.caller = self.peer
        self.scheme: str = scope["scheme"]
        self.is_foreign = False
        self.is_last = False
        self.is_counted = False
        self.is_from_service = False
        self.request_id = b""
        self.traceparent = b""
        self.own_headers: list[Header] = []
        self.route: ProxyRoute | None = None
        self.claims: Claims | None = None
        self.status: int | None = None

    @property
    def peer(self) -> str:
        """Return the address of whoever opened the connection."""
        client = self.scope.get("client")
        return usual_address(client[0]) if client else "unknown"

    async def body_part(self, pace: Pace) -> tuple[bytes, bool]:
        """Return the next part of the request's body, and whether more follow.

        Raises:
            ClientGone: the caller left before its end.
            RequestTooSlow: it falls behind the pace.
        """
        message = await pace.receive(self._receive)
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)

    async def answer(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send a whole answer; `headers` give its length where it has one."""
        await self.begin(status, headers)
        body = b"" if self.is_head else body
        await self._send({"type": "http.response.body", "body": body})

    @property
    def is_head(self) -> bool:
        """Tell whether only the answer's head is asked for, whatever an alias makes of it."""
        return bool(self.scope["method"] == "HEAD")

    async def begin(self, status: int, headers: list[Header]) -> None:
        """Send the head of an answer, with the headers that every answer has."""
        self.status = status
        named = {name for name, _ in headers}
        if not named.issuperset(SECURITY_NAMES):
            headers += [header for header in SECURITY_HEADERS if header[0] not in named]
        headers += self.own_headers
        if not self.is_from_service:
            headers.append(_FROM_HERE)
        if self.is_last:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def stream(
        self,
        chunks: AsyncIterator[bytes],
        stalled_seconds: float,
        closing: asyncio.Event | None = None,
    ) -> None:
        """Send the body of an answer as it arrives; stop early where the caller leaves.

        So it does where the caller takes no further part (64 KiB or so) for `stalled_seconds`.
        A body without an end also stops, whole as it is, once `closing` is set.
        """
        # The server sends the head with the first of the body, which may come long from now.
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})
        copying = spawn(self._copy(chunks, stalled_seconds), "gateway.copy")
        gone = spawn(self._until_gone(), "gateway.caller")
        watching = {copying, gone}
        if closing is not None:
            watching.add(spawn(_until_set(closing), "gateway.closing"))
        await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
        is_cut_off = not copying.done() and not gone.done()
        await stop(list(watching))
        if is_cut_off:
            await self._send({"type": "http.response.body", "body": b""})

    async def _copy(self, chunks: AsyncIterator[bytes], stalled_seconds: float) -> None:
        try:
            async for chunk in chunks:
                async with asyncio.timeout(stalled_seconds):
                    await self._send(
                        {"type": "http.response.body", "body": chunk, "more_body": True}
                    )
        except TimeoutError:  # of the caller: the service's is a refusal
            _log.info("caller_stalled")
            return
        except Refusal as error:  # too late for a problem: the server breaks the connection off
            _log.warning("answer_broken_off", code=error.code)
            return
        await self._send({"type": "http.response.body", "body": b""})

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer_json(self, status: int, body: bytes) -> None:
        """Send a JSON document."""
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.answer(status, headers, body)

    async def refuse(self, refusal: Refusal) -> None:
        """Send a problem, and let the caller finish sending before the connection closes."""
        status, headers, body = problems.render(
            refusal,
            accept_language=self.inbound.read.get(b"accept-language"),
            request_id=self.request_id.decode(),
        )
        headers.append((b"content-length", str(len(body)).encode()))
        if (b"connection", b"close") not in headers or self.is_head:
            await self.answer(status, headers, body)
            return
        await self.begin(status, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await linger(self._receive)
        await self._send({"type": "http.response.body", "body": b""})


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()
