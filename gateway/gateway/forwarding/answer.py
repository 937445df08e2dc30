"""Owns a service's answer as it comes in: its head, its body, whole or in parts."""

from collections.abc import AsyncIterator
from typing import Final

from gateway.forwarding.connections import MalformedAnswerError, ServiceConnection
from gateway.forwarding.headers import Header
from gateway.refusals import UpstreamTimeout, UpstreamUnavailable

# An answer up to this size is read whole and sent on at once.
WHOLE_BYTES: Final = 64 * 1024


class UpstreamAnswer:
    """A service's answer: its head, and its body where that is small.

    Attributes:
        status: As the service said.
        headers: Those that pass outward.
        length: Length of the body, None where it was not announced.
        content: The body, None where it is larger and still to be read.
    """

    __slots__ = ("_connection", "content", "headers", "length", "status")

    def __init__(self, connection: ServiceConnection, headers: list[Header]) -> None:
        self.status = connection.status
        self.headers = headers
        self.length = connection.length
        self.content: bytes | None = None
        # None once it is given back: from then on it may be another request's.
        self._connection: ServiceConnection | None = connection

    async def read_if_small(self) -> None:
        """Read a body that is known to be small, and give the connection back.

        Raises:
            TimeoutError, MalformedAnswerError, OSError: the service broke off.
        """
        connection = self._connection
        is_small = self.length is not None and self.length <= WHOLE_BYTES
        if connection is not None and (connection.is_complete or is_small):
            self.content = await connection.whole()
            self.close()

    async def whole(self) -> bytes:
        """Return the body, and give the connection back.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: the service broke off.
        """
        if self.content is not None:
            return self.content
        try:
            return b"".join([chunk async for chunk in self.chunks()])
        finally:
            self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives.

        Raises:
            UpstreamUnavailable, UpstreamTimeout: the service broke off.
        """
        try:
            while self._connection is not None and (chunk := await self._connection.chunk()):
                yield chunk
        except TimeoutError as error:
            raise UpstreamTimeout from error
        except (MalformedAnswerError, OSError) as error:
            raise UpstreamUnavailable from error

    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()
