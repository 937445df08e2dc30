"""Reaches the services: connections, requests and answers, repeats, time-outs.

aiohttp's connector, parser and flow control are used without its session, whose cookies, redirects
and header handling a proxy has no use for and which cost half of the time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from gateway.forwarding.bodies import Body
from gateway.forwarding.headers import Header, HeaderSorter
from gateway.refusals import UpstreamTimeout, UpstreamUnavailable

# Shorter than services keep idle connections (75 s), so they never close one under a request.
KEEP_ALIVE_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 2.0
PAUSE_BEFORE_REPEAT_SECONDS: Final = 0.05
# An answer up to this size is read whole and sent on at once.
WHOLE_BYTES: Final = 64 * 1024

_LAST_INTERIM: Final = 199
_BREAKS: Final = (aiohttp.ClientError, OSError)


class UpstreamAnswer:
    """A service's answer: its head, and a body that is still to be read.

    Attributes:
        status: As the service said.
        headers: Those that pass outward.
        length: Length of the body, None where it was not announced.
    """

    __slots__ = ("_connection", "_payload", "headers", "length", "status")

    def __init__(
        self,
        status: int,
        headers: list[Header],
        length: int | None,
        payload: aiohttp.StreamReader,
        connection: Connection,
    ) -> None:
        self.status = status
        self.headers = headers
        self.length = length
        self._payload = payload
        self._connection = connection

    @property
    def is_small(self) -> bool:
        """Tell whether the body is known to be small enough to be read whole."""
        return self._payload.is_eof() or (self.length is not None and self.length <= WHOLE_BYTES)

    async def whole(self) -> bytes:
        """Read the body and give the connection back.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: the service broke off.
        """
        try:
            body = await self._payload.read()
        except TimeoutError as error:
            raise UpstreamTimeout from error
        except _BREAKS as error:
            raise UpstreamUnavailable from error
        finally:
            self._connection.release()  # closes it where the body was not read to its end
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: the service broke off.
        """
        try:
            async for chunk in self._payload.iter_any():
                yield chunk
        except TimeoutError as error:
            raise UpstreamTimeout from error
        except _BREAKS as error:
            raise UpstreamUnavailable from error

    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._connection.release()


class Upstream:
    """One service behind the gateway."""

    def __init__(
        self,
        name: str,
        url: str,
        connector: aiohttp.TCPConnector,
        sorter: HeaderSorter,
        silence_seconds: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        # The connector learns from a request where to connect to; this one is never sent.
        self._place = ClientRequest("GET", URL(url), loop=loop)
        self.host_line = b"host: %b\r\n" % URL(url).authority.encode()
        self._connector = connector
        self._sorter = sorter
        self._silence_seconds = silence_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
        )
        self._loop = loop

    async def send(
        self, head: bytes, body: Body | None, *, is_idempotent: bool, has_payload: bool = True
    ) -> UpstreamAnswer:
        """Send a request and return its answer as soon as the answer's head has arrived.

        Where the connection fails, a request is sent once more if it was not sent, or may be done
        twice.

        Args:
            head: Request line and headers, up to the empty line.
            body: None where there is none.
            is_idempotent: Whether doing it twice does no harm.
            has_payload: False for HEAD, whose answer announces a body that does not come.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: there is no answer.
            BodyTooLarge, ClientGone: from the body, while it is streamed.
        """
        can_repeat = is_idempotent and (body is None or body.rest is None)
        for is_last in (False, True):
            connection = await self._connect(is_last=is_last)
            if connection is None:
                continue
            try:
                return await self._exchange(connection, head, body, has_payload=has_payload)
            except TimeoutError as error:
                connection.close()
                raise UpstreamTimeout from error
            except HttpProcessingError as error:
                connection.close()
                raise UpstreamUnavailable from error
            except _BREAKS as error:
                connection.close()
                if is_last or not can_repeat:
                    raise UpstreamUnavailable from error
            except BaseException:
                connection.close()
                raise
        raise UpstreamUnavailable

    async def fetch(self, head: bytes) -> tuple[int, list[Header], bytes]:
        """Send a GET of the gateway's own and return the whole answer."""
        answer = await self.send(head, None, is_idempotent=True)
        return answer.status, answer.headers, await answer.whole()

    async def _connect(self, *, is_last: bool) -> Connection | None:
        try:
            return await self._connector.connect(self._place, traces=[], timeout=self._timeout)
        except _BREAKS as error:
            if is_last:
                raise UpstreamUnavailable from error
            await asyncio.sleep(PAUSE_BEFORE_REPEAT_SECONDS)
            return None

    async def _exchange(
        self, connection: Connection, head: bytes, body: Body | None, *, has_payload: bool
    ) -> UpstreamAnswer:
        protocol = connection.protocol
        transport = connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(
            skip_payload=not has_payload,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self._silence_seconds,
        )
        if body is None:
            transport.write(head)
        elif body.rest is None:
            transport.write(head + body.whole)
        else:
            transport.write(head)
            # A service may refuse a body half-way and close: then its answer has arrived already,
            # and reading finds what broke where it has not.
            with suppress(*_BREAKS):
                await self._write(protocol, body, body.rest)
        protocol.start_timeout()
        message, payload = await protocol.read()
        while message.code <= _LAST_INTERIM:
            message, payload = await protocol.read()
        length = message.headers.get("Content-Length")
        return UpstreamAnswer(
            message.code,
            self._sorter.outward(message.raw_headers),
            None if length is None else int(length),
            payload,
            connection,
        )

    async def _write(
        self, protocol: ResponseHandler, body: Body, rest: AsyncIterator[bytes]
    ) -> None:
        # The answer is read after the last byte was written: our services read all of a body before
        # they answer, or go on reading for a while after they refused it.
        writer = StreamWriter(protocol, self._loop)
        if body.length is None:
            writer.enable_chunking()
        await writer.write(body.whole)
        async for chunk in rest:
            await writer.write(chunk)
        await writer.write_eof()


class Upstreams(Mapping[str, Upstream]):
    """Holds all services behind the gateway by name, with one pool of connections."""

    def __init__(self, urls: Mapping[str, str], silence_seconds: float) -> None:
        sorter = HeaderSorter()
        self._connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._all = {
            name: Upstream(name, url, self._connector, sorter, silence_seconds)
            for name, url in urls.items()
        }

    def __getitem__(self, name: str) -> Upstream:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._connector.close()
