"""Listens by uvicorn within limits, and refuses what never becomes a request."""

import asyncio
import resource
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import Any, Final, cast

import structlog
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.forwarding.callers import TrustedProxies
from gateway.forwarding.headers import MAX_HEADER_BYTES, MAX_HEADERS
from gateway.limits.admission import network_of
from gateway.limits.counts import UnderWay
from gateway.proxy import Gateway
from gateway.refusals import HeadersTooLarge, RequestTooSlow
from gateway.routing.paths import MAX_URI_BYTES
from gateway.settings import Settings
from kit.http import SECURITY_HEADERS, request_id, usual_address
from kit.refusals import Refusal, RequestRefused, Unavailable
from kit.web import problems
from kit.web.serving.cycle import STATUS_LINES
from kit.web.serving.protocol import HttpProtocol
from kit.web.serving.server import DrainingServer, collect_rarely

# The size of an unfinished head that ends the connection. With both parts, even a request that uses
# both limits to the full is refused by its own refusal, not here.
MAX_HEAD_BYTES: Final = MAX_HEADER_BYTES + 2 * MAX_URI_BYTES
KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 25  # Compose kills after 30

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """What connections from callers are held to.

    Attributes:
        connections: The most at once.
        of_address: Those of each address, and their most.
        proxies: Whose connections are many callers'.
        head_seconds: The longest time for a head, from its first byte, or from the connection.
    """

    connections: int
    of_address: UnderWay
    proxies: TrustedProxies
    head_seconds: float

    def place(self, peer: tuple[str, int] | None) -> AbstractContextManager[bool]:
        """Return what holds a connection's place while entered: whether it has one."""
        address = usual_address(peer[0]) if peer else ""
        if self.proxies.trusts(address):
            return nullcontext(enter_result=True)
        return self.of_address.one(network_of(address))


class BoundedProtocol(HttpProtocol):
    """Serves one connection, with a bound on all that is no body.

    Else it would buffer a head without end, or what follows the chunks of a body, and wait for ever
    for its end.
    """

    _bytes_beside = 0  # received since the head began, or since the body last grew
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, bounds: ConnectionBounds, **options: Any) -> None:
        super().__init__(*args, **options)
        self._bounds = bounds
        self._place = ExitStack()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        has_place = self._place.enter_context(self._bounds.place(self.client))
        if not has_place or len(self.connections) > self._bounds.connections:
            self._refuse(Unavailable())
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer, and leave the place to others."""
        self._stop_timer()
        self._place.close()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, which are waited for no longer than the bounds say."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            # Nothing is being answered: a head has begun, or a body is sent that nobody reads.
            self._start_timer()

    def parse(self, data: bytes) -> None:
        """Read bytes; refuse a head, trailers or chunks that do not end."""
        self._bytes_beside += len(data)
        super().parse(data)
        if self._bytes_beside > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLarge(limit_bytes=MAX_HEADER_BYTES, limit_count=MAX_HEADERS))

    def on_headers_complete(self) -> None:
        """Begin the request, unless others could read its head otherwise."""
        self._in_head = False
        self._stop_timer()
        if _is_ambiguous(self.parser.get_http_version(), self.headers):
            raise RequestRefused  # which stops the parser
        super().on_headers_complete()
        self._bytes_beside = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._bytes_beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the next bytes are a head again."""
        self._in_head = True
        self._bytes_beside = 0
        super().on_message_complete()

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._bounds.head_seconds, self._end_wait)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_wait(self) -> None:
        if self._in_head and self._bytes_beside:
            self._refuse(RequestTooSlow())
        elif not self.transport.is_closing():
            self.close()

    def refuse_malformed(self) -> None:
        """Refuse what is no HTTP."""
        self._refuse(RequestRefused())

    def _refuse(self, refusal: Refusal) -> None:
        if self.transport.is_closing():
            return
        own_id = request_id(None)
        status, headers, body = problems.render(
            refusal, accept_language=None, request_id=own_id.decode()
        )
        headers += [
            *SECURITY_HEADERS,
            (b"x-request-id", own_id),
            (b"x-saldo-origin", b"gateway"),
            (b"content-length", b"%d" % len(body)),
        ]
        if (b"connection", b"close") not in headers:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.end_with(b"".join((STATUS_LINES[status], *lines, b"\r\n", body)))


def _is_ambiguous(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a head lacks the one Host, or announces chunks in HTTP/1.0.

    Whom the latter passed before may not know chunks, and take what follows for another request
    (RFC 9112 §3.2, §6.1).
    """
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    return hosts != 1 if version == "1.1" else hosts > 1 or b"transfer-encoding" in names


class Application:
    """The ASGI application: it opens the gateway at the server's start and closes it."""

    def __init__(self, opening: AbstractAsyncContextManager[Gateway]) -> None:
        self._opening = opening
        self._gateway: Gateway | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] == "http" and self._gateway is not None:
            await self._gateway(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)

    def drain(self) -> None:
        """Take requests as before, but say that the process is not ready for more."""
        if self._gateway is not None:
            self._gateway.drain()

    def end_streams(self) -> None:
        """End the answers that would go on for ever."""
        if self._gateway is not None:
            self._gateway.end_streams()

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._opening as self._gateway:
            collect_rarely()
            _log.info("started")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            _log.info("stopping")
        await send({"type": "lifespan.shutdown.complete"})


class GatewayServer(DrainingServer):
    """Serves until it is asked to stop, then for a while as one that is not ready."""

    def __init__(
        self, config: uvicorn.Config, application: Application, drain_seconds: float
    ) -> None:
        super().__init__(config, application.end_streams)
        self._application = application
        self._drain_seconds = drain_seconds

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Let balancers notice, then listen no more and finish; called by uvicorn."""
        self._application.drain()
        await asyncio.sleep(self._drain_seconds)
        await super().shutdown(sockets)


def server(application: Application, settings: Settings) -> uvicorn.Server:
    """Return the server, ready to `serve()`."""
    bounds = ConnectionBounds(
        settings.max_connections,
        UnderWay(settings.max_connections_per_address),
        TrustedProxies(settings.proxies, settings.proxy_header),
        settings.head_seconds,
    )
    config = uvicorn.Config(
        application,
        host=settings.host,
        port=settings.port,
        http=cast("Any", partial(BoundedProtocol, bounds=bounds)),
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return GatewayServer(config, application, settings.drain_seconds)


def allow_connections() -> None:
    """Raise the limit of open files as far as the system lets this process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
