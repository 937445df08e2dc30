"""Forwards a request to a service, and asks services in the caller's name.

Does not decide who may: by then that is decided.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.forwarding.bodies import read_body
from gateway.forwarding.headers import Header
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from gateway.refusals import OriginRefused, UpstreamUnavailable

_IDEMPOTENT: Final = frozenset(("GET", "HEAD", "PUT", "DELETE"))
_EMPTY_STATUSES: Final = frozenset((204, 304))
_IN_THE_CALLERS_NAME: Final = frozenset((b"authorization", b"accept-language"))
_OK: Final = 200
# Server-Sent Events: such an answer goes on for as long as both sides stay.
_ENDLESS: Final = b"text/event-stream"


class Forwarder:
    """Forwards requests to services and answers back, unchanged."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        *,
        max_body_bytes: int,
        max_import_bytes: int,
        body_seconds: float,
        stalled_seconds: float,
    ) -> None:
        self._upstreams = upstreams
        self._max_body_bytes = max_body_bytes
        self._max_import_bytes = max_import_bytes
        self._body_seconds = body_seconds
        self._stalled_seconds = stalled_seconds
        self._closing = asyncio.Event()

    def end_streams(self) -> None:
        """End every answer that has no end of its own; the others are finished."""
        self._closing.set()

    async def forward(self, exchange: ProxiedRequest, name: str) -> None:
        """Answer with the service's answer: a small body whole, another as it arrives.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: it does not answer.
            BodyTooLarge, RequestTooSlow, ClientGone: from the request's body.
            OriginRefused: it streams events, and a page asks that may not read them.
        """
        upstream = self._upstreams[name]
        is_import = exchange.route is not None and exchange.route.is_import
        limit = self._max_import_bytes if is_import else self._max_body_bytes
        body = await read_body(exchange, limit, self._body_seconds)
        method = exchange.method
        answer = await upstream.send(
            request_head(
                exchange,
                upstream,
                _target(exchange),
                exchange.inbound.passed,
                framing=b"" if body is None else body.framing,
            ),
            body,
            is_idempotent=method in _IDEMPOTENT,
            has_payload=method != "HEAD",
        )
        try:
            if exchange.is_foreign and _is_endless(answer.headers):
                raise OriginRefused
            exchange.is_from_service = True
            if exchange.is_head:
                await exchange.answer(answer.status, answer.headers, b"")
            elif answer.content is not None:
                if answer.length is None and answer.status not in _EMPTY_STATUSES:
                    answer.headers.append((b"content-length", b"%d" % len(answer.content)))
                await exchange.answer(answer.status, answer.headers, answer.content)
            else:
                await exchange.begin(answer.status, answer.headers)
                closing = self._closing if _is_endless(answer.headers) else None
                await exchange.stream(answer.chunks(), self._stalled_seconds, closing)
        finally:
            answer.close()


class ServiceRefused(Exception):  # noqa: N818 - an answer to pass on, no error
    """A service answered with another status than 200."""

    def __init__(self, status: int, headers: list[Header], body: bytes) -> None:
        super().__init__(status)
        self._answer = (status, headers, body)

    async def pass_on(self, exchange: ProxiedRequest) -> None:
        """Answer with what the service said."""
        exchange.is_from_service = True
        await exchange.answer(*self._answer)


async def ask(
    exchange: ProxiedRequest, upstream: Upstream, path: str
) -> tuple[dict[str, Any], list[Header]]:
    """Ask a service (GET) in the caller's name; return its JSON object and headers.

    Raises:
        ServiceRefused: the service answered with another status than 200.
        UpstreamUnavailable, UpstreamTimeout: it did not answer, or not with a JSON object.
    """
    passed = [header for header in exchange.inbound.passed if header[0] in _IN_THE_CALLERS_NAME]
    head = request_head(exchange, upstream, f"GET {path}".encode(), passed)
    status, headers, body = await upstream.fetch(head)
    if status != _OK:
        raise ServiceRefused(status, headers, body)
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise UpstreamUnavailable from error
    if not isinstance(document, dict):
        raise UpstreamUnavailable
    return document, headers


def request_head(
    exchange: ProxiedRequest,
    upstream: Upstream,
    target: bytes,
    headers: Iterable[Header],
    *,
    framing: bytes = b"",
) -> bytes:
    """Return the head of a request to a service, made for the request in hand.

    Args:
        exchange: The request in hand: its ids, and where it came from.
        upstream: The service.
        target: Method, path and query.
        headers: The headers that are passed on.
        framing: The header line that says how long the body is.
    """
    parts = [target, b" HTTP/1.1\r\n", upstream.host_line]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    parts += (
        b"x-request-id: %b\r\ntraceparent: %b\r\n" % (exchange.request_id, exchange.traceparent),
        b"x-forwarded-for: %b\r\n" % exchange.caller.encode(),
        b"x-forwarded-proto: %b\r\n" % exchange.scheme.encode(),
        framing,
        b"\r\n",
    )
    return b"".join(parts)


def _is_endless(headers: Iterable[Header]) -> bool:
    return any(name == b"content-type" and value[:17] == _ENDLESS for name, value in headers)


def _target(exchange: ProxiedRequest) -> bytes:
    if exchange.query:
        return b"%b %b?%b" % (exchange.method.encode(), exchange.path, exchange.query)
    return b"%b %b" % (exchange.method.encode(), exchange.path)
