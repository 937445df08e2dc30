"""Reads a request's body within a limit, a small one whole, a large one in parts."""

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from gateway.forwarding.pace import Pace
from gateway.forwarding.request import ProxiedRequest
from kit.refusals import BodyTooLarge

# A body up to this size is held whole, so that it goes out in one write and can be sent again.
WHOLE_BYTES: Final = 64 * 1024


class Body(Struct, frozen=True):
    """A request's body: whole, or its beginning and, in `rest`, what follows.

    `length` is the length of it all, None where it is not known in advance.
    """

    whole: bytes
    rest: AsyncIterator[bytes] | None = None
    length: int | None = None

    @property
    def framing(self) -> bytes:
        """Return the header line that says how long the body is."""
        if self.rest is None:
            return b"content-length: %d\r\n" % len(self.whole)
        if self.length is None:
            return b"transfer-encoding: chunked\r\n"
        return b"content-length: %d\r\n" % self.length


_EMPTY: Final = Body(b"")


async def read_body(exchange: ProxiedRequest, limit_bytes: int, seconds: float) -> Body | None:
    """Return the body of a request, whole or begun; None where it has none.

    Args:
        exchange: The request.
        limit_bytes: The most that it may have.
        seconds: The longest time for each further KiB.

    Raises:
        BodyTooLarge: more than the limit, announced or counted (then also from `rest`).
        RequestTooSlow: it takes longer (likewise).
        ClientGone: the caller left before the end.
    """
    read = exchange.inbound.read
    announced = read.get(b"content-length")
    if announced is None and b"transfer-encoding" not in read:
        return None
    if announced == b"0":  # as many clients say of a GET
        return _EMPTY
    length = None if announced is None else int(announced)
    if length is not None and length > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    pace = Pace(seconds)
    held, more = b"", True
    while more and len(held) <= WHOLE_BYTES:
        part, more = await exchange.body_part(pace)
        held += part
        if len(held) > limit_bytes:
            raise BodyTooLarge(limit_bytes=limit_bytes)
    rest = _rest(exchange, pace, limit_bytes, len(held)) if more else None
    return Body(held, rest, length)


async def _rest(
    exchange: ProxiedRequest, pace: Pace, limit_bytes: int, taken: int
) -> AsyncIterator[bytes]:
    more = True
    while more:
        part, more = await exchange.body_part(pace)
        taken += len(part)
        if taken > limit_bytes:
            raise BodyTooLarge(limit_bytes=limit_bytes)
        if part:
            yield part
