"""Listens by uvicorn within limits, and refuses what never becomes a request."""

from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.forwarding.headers import MAX_HEADER_BYTES, MAX_HEADERS
from gateway.proxy import Gateway
from gateway.refusals import HeadersTooLarge
from gateway.routing.paths import MAX_URI_BYTES
from kit.http import SECURITY_HEADERS, request_id
from kit.refusals import Refusal, RequestRefused
from kit.web import problems
from kit.web.serving.protocol import WholeProtocol
from kit.web.serving.server import DrainingServer

# The size of an unfinished head that ends the connection. With both parts, even a request that uses
# both limits to the full is refused by its own refusal, not here.
MAX_HEAD_BYTES: Final = MAX_HEADER_BYTES + 2 * MAX_URI_BYTES
KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 10

_log = structlog.get_logger(__name__)


class BoundedProtocol(WholeProtocol):
    """Serves one connection by uvicorn's protocol, with a bound on unfinished heads.

    uvicorn by itself would buffer a head without end.
    """

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection, and refuse it where a head does not end."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLarge(limit_bytes=MAX_HEADER_BYTES, limit_count=MAX_HEADERS))

    def on_headers_complete(self) -> None:
        """Note the end of the head, and begin the request."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the next bytes are a head again."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - its text is the parser's
        """Refuse what is no HTTP; called by uvicorn."""
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
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", body)))
        self.transport.close()


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

    def end_streams(self) -> None:
        """End the answers that would go on for ever."""
        if self._gateway is not None:
            self._gateway.end_streams()

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._opening as self._gateway:
            _log.info("started")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            _log.info("stopping")
        await send({"type": "lifespan.shutdown.complete"})


def server(application: Application, *, host: str, port: int) -> uvicorn.Server:
    """Return the server, ready to `serve()`."""
    return DrainingServer(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            http=BoundedProtocol,
            ws="none",
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        ),
        application.end_streams,
    )
