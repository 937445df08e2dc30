"""Serves a connection by HTTP/1.1 to an ASGI application, in uvicorn's server.

It knows of RFC 9112 what the parser does not. uvicorn listens, counts connections and ends them;
httptools parses. Does not bound what callers may send: services are called by the gateway, which
does.
"""

import asyncio
import math
from collections import deque
from typing import Any, Final, cast
from urllib.parse import unquote

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from kit.web.serving.cycle import CLOSE, STATUS_LINES, AnswerHeader, HttpCycle

# Of a body that is read more slowly than it comes, no more than about so much is held.
_HELD_BYTES: Final = 64 * 1024
# Requests that come at once are begun from no more bytes than these: each costs far more memory
# than the two dozen bytes it may be sent in.
_BEGUN_BYTES: Final = 8 * 1024
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class HttpProtocol(asyncio.Protocol):
    """Serves one connection.

    Attributes:
        client: Address and port of the peer; None where it has gone already.
        connections: All that the server serves.
        cycle: The request in hand and its answer, the latest where several came at once.
        writable: Done once the peer has taken enough of what was written; None where it has.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn gives it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.loop = _loop or asyncio.get_running_loop()
        self.connections: set[Any] = server_state.connections
        self.transport = cast("asyncio.Transport", None)  # until it is connected
        self.client: tuple[str, int] | None = None
        self.cycle: HttpCycle | None = None
        self.parser = HttpRequestParser(self)
        # What follows the last request of a connection is not looked at; it does not spoil that.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.state = server_state
        self._app: ASGIApp = cast("ASGIApp", config.loaded_app)
        self._running: HttpCycle | None = None  # the one that is answered
        self._queue: deque[HttpCycle] = deque()  # what came behind it
        self._unread = b""  # what came behind those
        self._is_whole = True  # the latest request has come to its end
        self._last_words: bytes | None = None
        self._keep_alive_seconds = config.timeout_keep_alive
        self._idle_since = math.inf
        self._idle_timer: asyncio.TimerHandle | None = None
        self._unsent_bytes = 0
        self._stall_timer: asyncio.TimerHandle | None = None
        self._is_reading = True
        self.writable: asyncio.Future[None] | None = None
        self._url = b""
        self.headers: list[AnswerHeader] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request; called by the loop."""
        self.transport = cast("asyncio.Transport", transport)
        self.connections.add(self)
        self.client = _address(transport.get_extra_info("peername"))
        self._server = _address(transport.get_extra_info("sockname"))
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as the loop calls
        """Tell the requests in hand; called by the loop."""
        self.connections.discard(self)
        for timer in (self._idle_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        for cycle in (self._running, *self._queue):
            if cycle is not None:
                cycle.leave()
        self.resume_writing()

    def eof_received(self) -> None:
        """Close: who sends no more is not waited for; called by the loop."""

    def data_received(self, data: bytes) -> None:
        """Take bytes; called by the loop."""
        self._idle_since = math.inf
        if self._last_words is not None:
            return
        if self._unread:
            self._unread += data
            self.pause_reading()
            return
        try:
            for at in range(0, len(data), _BEGUN_BYTES):
                if self._queue or self._last_words is not None:
                    self._unread = data[at:]
                    break
                self.parse(data[at : at + _BEGUN_BYTES])
        except HttpParserError:
            self.refuse_malformed()
        except HttpParserUpgrade:
            pass  # the request is served as any other: nothing is upgraded to

    def parse(self, data: bytes) -> None:
        """Read what arrived, in its turn."""
        self.parser.feed_data(data)

    def refuse_malformed(self) -> None:
        """Answer what is no HTTP, and end the connection."""
        self.end_with(STATUS_LINES[400] + b"content-length: 0\r\n" + CLOSE + b"\r\n")

    def end_with(self, answer: bytes) -> None:
        """Refuse what arrives, and end the connection.

        What came before is answered first: an answer is never taken for another request's. A
        request whose answer has begun gets no other one.
        """
        if self._last_words is not None:
            return
        self._last_words = answer
        if not self._is_whole:  # it is the body of the latest request that is refused
            if self._queue:
                self._queue.pop()
            elif self.cycle is not None and self.cycle.response_started:
                self.close()
                return
            else:
                self._say_last_words()
                return
        if self._running is None or self._running.response_complete:
            self._say_last_words()
        else:
            self.pause_reading()

    def _say_last_words(self) -> None:
        self.transport.write(self._last_words or b"")
        self.close()

    def close(self) -> None:
        """End the connection once the peer has taken what was written, or takes no more."""
        self.transport.close()
        self._watch_peer()

    def _watch_peer(self) -> None:
        """End a connection whose peer takes nothing for too long: it would stay for ever."""
        self._unsent_bytes = self.transport.get_write_buffer_size()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        if self._unsent_bytes:
            later = self.loop.call_later
            self._stall_timer = later(self._keep_alive_seconds, self._look_at_peer)

    def _look_at_peer(self) -> None:
        if self.transport.get_write_buffer_size() >= self._unsent_bytes:
            self.transport.abort()
        else:
            self._watch_peer()

    def pause_writing(self) -> None:
        """Have the answer wait; called by the loop."""
        self.writable = self.loop.create_future()
        self._watch_peer()

    def resume_writing(self) -> None:
        """Let the answer go on; called by the loop."""
        if self._stall_timer is not None and not self.transport.is_closing():
            self._stall_timer.cancel()
            self._stall_timer = None
        if self.writable is not None and not self.writable.done():
            self.writable.set_result(None)
        self.writable = None

    def pause_reading(self) -> None:
        """Take no more for now."""
        if self._is_reading:
            self._is_reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more."""
        if not self._is_reading:
            self._is_reading = True
            self.transport.resume_reading()

    @property
    def default_headers(self) -> list[AnswerHeader]:
        """Return what every answer has: the date, as uvicorn counts it."""
        return self.state.default_headers

    def shutdown(self) -> None:
        """End with the answer in hand; called by uvicorn."""
        if self.cycle is None or self.cycle.response_complete:
            self.close()
        else:
            self.cycle.keep_alive = False

    def on_message_begin(self) -> None:
        """Begin a head; called by the parser."""
        self._url = b""
        self.headers = []

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target; called by the parser."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer; called by the parser."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin the request; called by the parser."""
        parser = self.parser
        version: str = parser.get_http_version()
        target = parse_url(self._url)
        path = target.path.decode("ascii")
        scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "scheme": self._scheme,
            "path": unquote(path) if "%" in path else path,
            "raw_path": target.path,
            "query_string": target.query or b"",
            "root_path": "",
            "headers": self.headers,
            "server": self._server,
            "client": self.client,
        }
        keep_alive = version != "1.0" and parser.should_keep_alive()
        self.cycle = HttpCycle(self, scope, keep_alive=keep_alive)
        self._is_whole = False
        # Trailers are no headers (RFC 9110 §6.5.1): nobody looks at what is added to this list.
        self.headers = []
        if self._running is None or self._running.response_complete:
            self._start(self.cycle)
        else:
            self.pause_reading()
            self._queue.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; called by the parser."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.take(body)
            if len(self.cycle.body) > _HELD_BYTES:
                self.pause_reading()

    def on_message_complete(self) -> None:
        """Note the end of the request; called by the parser."""
        self._is_whole = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.end()
        else:  # nobody has waited for this end
            self._rest()

    def finish(self) -> None:
        """Go on to the next request, once a cycle is over."""
        self.state.total_requests += 1
        if self.transport.is_closing():
            return
        if self._queue:
            self._start(self._queue.popleft())
        elif self._last_words is not None:
            self._say_last_words()
            return
        else:
            self._rest()
        if not self._queue:  # else more would be held with every answer
            self._read_on()

    def _read_on(self) -> None:
        unread, self._unread = self._unread, b""
        if unread:  # it may be the rest of the request that has just been begun
            self.data_received(unread)
        if not self._queue:
            self.resume_reading()

    def _rest(self) -> None:
        """Begin to wait for another request."""
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self._keep_alive_seconds, self._look)

    def _start(self, cycle: HttpCycle) -> None:
        self._running = cycle
        task = self.loop.create_task(cycle.run(self._app))
        task.add_done_callback(self.state.tasks.discard)
        self.state.tasks.add(task)

    def _look(self) -> None:
        """End a connection idle too long; a request leaves its timer to the next."""
        self._idle_timer = None
        left = self._idle_since + self._keep_alive_seconds - self.loop.time()
        if left <= 0:
            self.close()
        elif left < math.inf:
            self._idle_timer = self.loop.call_later(left, self._look)


def _address(name: Any) -> tuple[str, int] | None:
    """Return an address and a port; None of a Unix socket, or of a peer that went."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
