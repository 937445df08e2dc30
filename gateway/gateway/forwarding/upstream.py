"""Reaches the services: whom to ask, how often, and what is made of silence."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from gateway.forwarding.answer import UpstreamAnswer
from gateway.forwarding.bodies import Body
from gateway.forwarding.connections import ConnectionPool, MalformedAnswerError, ServiceConnection
from gateway.forwarding.headers import Header, HeaderSorter
from gateway.forwarding.replicas import Replica, Replicas
from gateway.refusals import UpstreamTimeout, UpstreamUnavailable

PAUSE_BEFORE_REPEAT_SECONDS: Final = 0.05


class _NotSentError(Exception):
    """A request did not get to a replica."""


class Upstream:
    """One service behind the gateway."""

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        sorter: HeaderSorter,
        silence_seconds: float,
        sockets: str,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.name = name
        self.replicas = Replicas(name, urls, monotonic=self._loop.time)
        self.host_line = b"host: %b\r\n" % self.replicas.all[0].host.encode()
        self._pools = {url: ConnectionPool(url, silence_seconds, sockets) for url in urls}
        self._sorter = sorter

    def close(self) -> None:
        """End all connections."""
        for pool in self._pools.values():
            pool.close()

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
            except OSError as error:
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
            OSError: the connection failed; whether it was done is not known.
        """
        ticket = replica.breaker.begin(self._loop.time())
        if ticket is None:
            raise _NotSentError
        is_good: bool | None = None
        try:
            connection = await self._connect(replica)
            answer = await self._answered(connection, head, body, has_payload=has_payload)
            is_good = True
        except (_NotSentError, UpstreamUnavailable, UpstreamTimeout, OSError):
            is_good = False
            raise
        finally:  # whoever calls may also have gone, which says nothing of the replica
            replica.breaker.end(ticket, self._loop.time(), is_good=is_good)
        return answer

    async def _connect(self, replica: Replica) -> ServiceConnection:
        try:
            connection = await self._pools[replica.url].take()
        except OSError as error:
            replica.fell(self._loop.time())
            if len(self.replicas.all) == 1:
                await asyncio.sleep(PAUSE_BEFORE_REPEAT_SECONDS)
            raise _NotSentError from error
        replica.rose()
        return connection

    async def _answered(
        self, connection: ServiceConnection, head: bytes, body: Body | None, *, has_payload: bool
    ) -> UpstreamAnswer:
        try:
            return await self._exchange(connection, head, body, has_payload=has_payload)
        except TimeoutError as error:
            connection.close()
            raise UpstreamTimeout from error
        except MalformedAnswerError as error:
            connection.close()
            raise UpstreamUnavailable from error
        except BaseException:
            connection.close()
            raise

    async def _exchange(
        self, connection: ServiceConnection, head: bytes, body: Body | None, *, has_payload: bool
    ) -> UpstreamAnswer:
        connection.begin(has_payload=has_payload)
        if body is None:
            connection.write(head)
        elif body.rest is None:
            connection.write(head + body.whole)
        else:
            connection.write(head)
            # A service may refuse a body half-way and close: then its answer has arrived already,
            # and reading finds what broke where it has not.
            with suppress(ConnectionError):
                await _write(connection, body, body.rest)
        await connection.answered()
        answer = UpstreamAnswer(connection, self._sorter.outward(connection.headers))
        await answer.read_if_small()
        return answer


async def _write(connection: ServiceConnection, body: Body, rest: AsyncIterator[bytes]) -> None:
    # The answer is read after the last byte was written: our services read all of a body before
    # they answer, or go on reading for a while after they refused it.
    is_chunked = body.length is None

    def framed(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data

    connection.write(framed(body.whole))
    async for chunk in rest:
        await connection.written()  # it may have stopped to read
        connection.write(framed(chunk))
    if is_chunked:
        connection.write(b"0\r\n\r\n")
    await connection.written()


class Upstreams(Mapping[str, Upstream]):
    """Holds all services behind the gateway by name.

    Args:
        urls: Where the replicas of each listen.
        silence_seconds: How long an answer, or a part of it, is waited for.
        sockets: Folder of Unix sockets, as `kit.settings` describes it.
    """

    def __init__(
        self, urls: Mapping[str, Sequence[str]], silence_seconds: float, sockets: str = ""
    ) -> None:
        sorter = HeaderSorter()
        self._all = {
            name: Upstream(name, replicas, sorter, silence_seconds, sockets)
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
        for upstream in self._all.values():
            upstream.close()
