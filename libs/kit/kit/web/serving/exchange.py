"""Owns one request and its answer while they are served, below FastAPI's objects.

Does not choose the route or the answer.
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kit.http import SECURITY_HEADERS, SECURITY_NAMES, linger
from kit.refusals import Refusal
from kit.web import problems
from kit.web.answers import Answer
from kit.web.problems import RawHeaders

if TYPE_CHECKING:
    from kit.web.identity import Identity

_CLOSING = (b"connection", b"close")
_JSON_HEADERS = (*SECURITY_HEADERS, (b"content-type", b"application/json"))


class Exchange:
    """One request and its answer.

    Attributes:
        headers: Request headers by lower-case name; of a repeated one, the last.
        status: Status of the answer once it has begun, else None.
        identity: Who is calling, once known.
        path_values: Values of the path's parameters, by name.
    """

    __slots__ = (
        "_incoming",
        "_request",
        "headers",
        "identity",
        "path_values",
        "receive",
        "request_id",
        "route",
        "scope",
        "send",
        "status",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        headers: dict[bytes, bytes],
        request_id: str,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self._incoming = receive
        self.send = send
        self.headers = headers
        self.request_id = request_id
        self.status: int | None = None
        self.identity: Identity | None = None
        self.route: APIRoute | None = None
        self.path_values: dict[str, str] = {}
        self._request: Request | None = None

    def request(self) -> Request:
        """Return the request as Starlette's, the same one to all parts that ask for it."""
        if self._request is None:
            self.scope["path_params"] = self.path_values
            self.scope["saldo.identity"] = self.identity
            self.scope["saldo.route"] = self.route
            self._request = Request(self.scope, self.receive, self.send)
        return self._request

    async def answer_json(self, status: int, body: bytes) -> None:
        """Send a JSON answer."""
        await self._send_whole(
            status,
            [
                *_JSON_HEADERS,
                (b"content-length", str(len(body)).encode()),
                (b"x-request-id", self.request_id.encode()),
            ],
            body,
        )

    async def refuse(self, refusal: Refusal) -> None:
        """Send a problem, and let the caller finish sending before the connection closes."""
        status, headers, body = problems.render(
            refusal,
            accept_language=self.headers.get(b"accept-language"),
            request_id=self.request_id,
        )
        headers.append((b"content-length", str(len(body)).encode()))
        if _CLOSING not in headers or self._is_head:
            await self._send_whole(status, self._complete(headers), body)
            return
        self.status = status
        start = {"type": "http.response.start", "status": status}
        await self.send({**start, "headers": self._complete(headers)})
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        await linger(self._incoming)
        await self.send({"type": "http.response.body", "body": b""})

    async def respond(self, response: Response) -> None:
        """Send a response: our own answer at once, Starlette's by its own call."""
        if isinstance(response, Answer):
            headers = self._complete(response.raw_headers)
            await self._send_whole(response.status_code, headers, response.body)
        elif self._is_head:
            await self._send_head(response)
        else:
            await response(self.scope, self.receive, self._send_completed)

    async def _send_completed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(message.get("headers", []))
        await self.send(message)

    async def _send_whole(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"" if self._is_head else body})

    async def _send_head(self, response: Response) -> None:
        """Send the head of a response without beginning its body: a stream has no end."""
        await self._send_whole(response.status_code, self._complete(response.raw_headers), b"")
        content = getattr(response, "body_iterator", None)
        if isinstance(content, AsyncGenerator):
            await content.aclose()

    @property
    def _is_head(self) -> bool:
        return bool(self.scope["method"] == "HEAD")

    def _complete(self, headers: Any) -> RawHeaders:
        """Add the headers that every answer has, unless the answer sets them itself."""
        complete: RawHeaders = list(headers)
        named = {name.lower() for name, _ in complete}
        if SECURITY_NAMES.isdisjoint(named):
            complete += SECURITY_HEADERS
        else:
            complete += [header for header in SECURITY_HEADERS if header[0] not in named]
        complete.append((b"x-request-id", self.request_id.encode()))
        return complete
