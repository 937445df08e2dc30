"""Owns one request as an ASGI application sees it, and its answer's bytes."""

import asyncio
import math
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, Protocol

import structlog
from starlette.types import ASGIApp, Message, Scope

STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, phrase.encode())
    for status in range(100, 600)
    for phrase in [HTTPStatus(status).phrase if status in list(HTTPStatus) else ""]
}
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE: Final = b"connection: close\r\n"
_NO_BODY: Final = frozenset((204, 304))
# These say how long the body is, or that the connection ends.
_FRAMING: Final = frozenset((b"content-length", b"connection"))
# RFC 9110 §5.5: without these, nothing is left of a head but the ends of its lines.
_IN_LINES: Final = bytes({*range(0x20, 0x100), *b"\t"} - {0x7F})

AnswerHeader = tuple[bytes, bytes]

_log = structlog.get_logger(__name__)


class Wire(Protocol):
    """The connection that a cycle is on; `HttpProtocol` says the rest."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    writable: asyncio.Future[None] | None

    @property
    def default_headers(self) -> list[AnswerHeader]: ...  # noqa: D102
    def resume_reading(self) -> None: ...  # noqa: D102
    def finish(self) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class HttpCycle:
    """One request, as an ASGI application receives it, and its answer.

    Attributes:
        body: What has come of the request's body, and nobody has received yet.
        keep_alive: Whether the connection goes on after the answer.
        response_started: Whether the application has begun its answer.
        response_complete: Whether it has ended it.
    """

    __slots__ = (
        "_has_body",
        "_has_news",
        "_head",
        "_is_chunked",
        "_is_over",
        "_is_sent",
        "_left",
        "_more",
        "_scope",
        "_waiter",
        "_waits_for_continue",
        "_wire",
        "body",
        "keep_alive",
        "response_complete",
        "response_started",
    )

    def __init__(self, wire: Wire, scope: Scope, *, keep_alive: bool) -> None:
        self._wire = wire
        self._scope = scope
        self.keep_alive = keep_alive
        self.body = b""
        self._more = True  # of the request's body is to come
        self._has_news = False
        self._waiter: asyncio.Future[None] | None = None
        # Who speaks HTTP/1.0 would take the go-ahead for the answer (RFC 9110 §10.1.1).
        self._waits_for_continue = False
        for name, value in scope["headers"]:
            if name == b"expect" and value.lower() == b"100-continue":
                self._waits_for_continue = scope["http_version"] != "1.0"
        self._is_over = False  # the peer has gone
        self._head = b""  # waits for the start of the body: one write, one packet
        self._is_sent = False  # which the head at least is
        self._has_body = True
        self._is_chunked = False
        self._left = 0.0  # of the announced length
        self.response_started = False
        self.response_complete = False

    async def run(self, app: ASGIApp) -> None:
        """Have the application serve the request."""
        try:
            await app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:  # the process ends
            self._wire.close()
            raise
        except Exception:  # noqa: BLE001 - after any error the caller gets an answer
            _log.exception("application_failed")
            await self._give_up()
        else:
            if not self.response_complete and not self._is_over:
                _log.error("answer_unfinished")
                await self._give_up()

    async def _give_up(self) -> None:
        """Answer 500 where nothing was sent yet, else break the answer off."""
        if self._is_over or self._is_sent:
            self._wire.close()
            return
        self.response_started = False
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": b""})

    def take(self, body: bytes) -> None:
        """Take a part of the request's body."""
        self.body += body
        self._tell()

    def end(self) -> None:
        """Note that the request has come whole."""
        self._more = False
        self._tell()

    def leave(self) -> None:
        """Note that the peer has gone."""
        if not self.response_complete:
            self._is_over = True
        self._tell()

    def _tell(self) -> None:
        self._has_news = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """Return what came of the body, at its end and after the answer `http.disconnect`."""
        wire = self._wire
        if self._waits_for_continue and self._more and not wire.transport.is_closing():
            self._waits_for_continue = False
            wire.transport.write(_CONTINUE)
        while not (self._has_news or self._is_over or self.response_complete):
            wire.resume_reading()
            self._waiter = wire.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._has_news = False
        if self._is_over or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: Message) -> None:
        """Send the head of the answer, or a part of its body.

        Raises:
            RuntimeError: it is no answer in HTTP.
        """
        if self._wire.writable is not None:
            await asyncio.shield(self._wire.writable)
        if self._is_over:
            return
        if self.response_complete:
            raise RuntimeError("the answer has ended already")
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
        else:
            self._continue(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: Iterable[AnswerHeader]) -> None:
        if self.response_started:
            raise RuntimeError("the answer has begun already")
        self.response_started = True
        if self._waits_for_continue and self._more:
            # It may now leave its body out: what follows would be taken for one.
            self.keep_alive = False
        self._waits_for_continue = False
        self._is_chunked = True
        parts = [STATUS_LINES[status]]
        is_closing = False
        for given, value in (*self._wire.default_headers, *headers):
            name = given.lower()
            if name in _FRAMING:
                if name == b"content-length":
                    self._is_chunked = False
                    self._left = int(value)
                elif name == b"connection" and value.lower() == b"close":
                    self.keep_alive = False
                    is_closing = True
            parts += (name, b": ", value, b"\r\n")
        lines = 1 + len(parts) // 4
        if not self.keep_alive and not is_closing:
            parts.append(CLOSE)
            lines += 1
        self._settle_framing(status)
        if self._is_chunked:
            parts.append(b"transfer-encoding: chunked\r\n")
            lines += 1
        head = b"".join(parts)
        if head.translate(None, _IN_LINES) != b"\r\n" * lines:
            raise RuntimeError("a header that would be another one")
        self._head = head + b"\r\n"

    def _settle_framing(self, status: int) -> None:
        if self._scope["method"] == "HEAD" or status in _NO_BODY:
            self._is_chunked, self._has_body = False, False
        elif self._is_chunked and self._scope["http_version"] == "1.0":
            self._is_chunked, self._left = False, math.inf  # it ends with the connection

    def _continue(self, body: bytes, *, more: bool) -> None:
        if not self.response_started:
            raise RuntimeError("the answer has not begun")
        if self._is_chunked:
            end = b"" if more else b"0\r\n\r\n"
            body = b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end
        elif not self._has_body:
            body = b""
        else:
            self._left -= len(body)
            if self._left < 0 or (0 < self._left < math.inf and not more):
                raise RuntimeError("the body has another length than its head says")
        wire = self._wire
        wire.transport.write(self._head + body if self._head else body)
        self._head, self._is_sent = b"", True
        if more:
            return
        self.response_complete = True
        self._tell()
        if not self.keep_alive:
            wire.close()
        wire.finish()
