"""Reaches the services: connections, requests and answers, repeats, time-outs.

aiohttp's connector, parser and flow control are used without its session, whose cookies, redirects
and header handling a proxy has no use for and which cost half of the time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from aiohttp.http_exceptions import HttpProcessingError

from gateway.forwarding.answer import BREAKS, UpstreamAnswer
from gateway.forwarding.bodies import Body
from gateway.forwarding.headers import Header, HeaderSorter
from gateway.forwarding.replicas import Replica, Replicas
from gateway.refusals import UpstreamTimeout, UpstreamUnavailable

# Shorter than services keep idle connections (75 s), so they never close one under a request.
KEEP_ALIVE_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 2.0
PAUSE_BEFORE_REPEAT_SECONDS: Final = 0.05

_LAST_INTERIM: Final = 199


class _NotSentError(Exception):
    """A request did not get to a replica."""


class Upstream:
    """One service behind the gateway."""

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        connector: aiohttp.TCPConnector,
        sorter: HeaderSorter,
        silence_seconds: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.name = name
        self.replicas = Replicas(name, urls, monotonic=self._loop.time)
        self.host_line = b"host: %b\r\n" % self.replicas.all[0].url.authority.encode()
        self._connector = connector
        self._sorter = sorter
        self._silence_seconds = silence_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS
        )

    async def send(
        self, head: bytes, body: Body | None, *, is_idempotent: bool, has_payload: bool = True
    ) -> UpstreamAnswer:
        """Send a request and return its answer as soon as the answer's head has arrived.

        A small answer has arrived whole by then. Where a connection can't be made, the next replica
        is asked; where it fails later, a request that may be done twice is sent once more.

        Args:
            head: Request line and headers, up to the empty line.
            body: None where there is none.
            is_idempotent: Whether doing it twice does no harm.
            has_payload: False for HEAD, whose answer announces a body that does not come.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: there is no answer.
            BodyTooLarge, RequestTooSlow, ClientGone: from the body, while it is streamed.
        """
        can_repeat = is_idempotent and (body is None or body.rest is None)
        for replica in self.replicas.in_turn():
            try:
                return await self._ask(replica, head, body, has_payload=has_payload)
            except _NotSentError:
                continue
            except BREAKS as error:
                if not can_repeat:
                    raise UpstreamUnavailable from error
                can_repeat = False
        raise UpstreamUnavailable

    async def fetch(self, head: bytes) -> tuple[int, list[Header], bytes]:
        """Send a GET of the gateway's own and return the whole answer."""
        answer = await self.send(head, None, is_idempotent=True)
        return answer.status, answer.headers, await answer.whole()

    async def _ask(
        self, replica: Replica, head: bytes, body: Body | None, *, has_payload: bool
    ) -> UpstreamAnswer:
        """Send a request to a replica, and note how that went.

        Raises:
            _NotSentError: it was not sent.
            aiohttp.ClientError, OSError: the connection failed; whether it was done is not known.
        """
        ticket = replica.breaker.begin(self._loop.time())
        if ticket is None:
            raise _NotSentError
        is_good: bool | None = None
        try:
            connection = await self._connect(replica)
            answer = await self._answered(connection, head, body, has_payload=has_payload)
            is_good = True
        except (_NotSentError, UpstreamUnavailable, UpstreamTimeout, *BREAKS):
            is_good = False
            raise
        finally:  # whoever calls may also have gone, which says nothing of the replica
            replica.breaker.end(ticket, self._loop.time(), is_good=is_good)
        return answer

    async def _connect(self, replica: Replica) -> Connection:
        try:
            connection = await self._connector.connect(
                replica.place, traces=[], timeout=self._timeout
            )
        except BREAKS as error:
            replica.fell(self._loop.time())
            if len(self.replicas.all) == 1:
                await asyncio.sleep(PAUSE_BEFORE_REPEAT_SECONDS)
            raise _NotSentError from error
        replica.rose()
        return connection

    async def _answered(
        self, connection: Connection, head: bytes, body: Body | None, *, has_payload: bool
    ) -> UpstreamAnswer:
        try:
            return await self._exchange(connection, head, body, has_payload=has_payload)
        except TimeoutError as error:
            connection.close()
            raise UpstreamTimeout from error
        except HttpProcessingError as error:
            connection.close()
            raise UpstreamUnavailable from error
        except BaseException:
            connection.close()
            raise

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
            with suppress(*BREAKS):
                await self._write(protocol, body, body.rest)
        protocol.start_timeout()
        message, payload = await protocol.read()
        while message.code <= _LAST_INTERIM:
            message, payload = await protocol.read()
        length = message.headers.get("Content-Length")
        answer = UpstreamAnswer(
            message.code,
            self._sorter.outward(message.raw_headers),
            None if length is None else int(length),
            payload,
            connection,
        )
        await answer.read_if_small()
        return answer

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
            async with asyncio.timeout(self._silence_seconds):  # it may have stopped to read
                await writer.write(chunk)
        await writer.write_eof()


class Upstreams(Mapping[str, Upstream]):
    """Holds all services behind the gateway by name, with one pool of connections."""

    def __init__(self, urls: Mapping[str, Sequence[str]], silence_seconds: float) -> None:
        sorter = HeaderSorter()
        self._connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._all = {
            name: Upstream(name, replicas, self._connector, sorter, silence_seconds)
            for name, replicas in urls.items()
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
