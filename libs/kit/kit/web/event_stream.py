"""Owns the text of Server-Sent Events (WHATWG HTML §9.2), and the answer with it.

Does not know what events there are, nor when a stream ends.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Header
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from kit.refusals import Refusal, Unavailable
from kit.web.identity import Identity

CONTENT_TYPE: Final = "text/event-stream"
HEARTBEAT: Final = b":\n\n"
HEARTBEAT_SECONDS: Final = 15.0

LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**63 - 1,
        description="The `id` of the last event that came; the stream goes on after it.",
    ),
]

# An operation that streams events passes this as its `responses=`.
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events as they happen; a comment every 15 s; it ends with the token.",
        "content": {CONTENT_TYPE: {"schema": {"type": "string"}}},
    }
}


def event(data: bytes, position: int) -> bytes:
    """Return an event with one line of data, and the position to resume from after it."""
    return b"id: %d\ndata: %b\n\n" % (position, data)


def moved(position: int) -> bytes:
    """Return a line that moves the position on and is no event to the receiver."""
    return b"id: %d\n\n" % position


def named(name: str, position: int) -> bytes:
    """Return an event that consists of its name."""
    return b"event: %b\nid: %d\ndata: {}\n\n" % (name.encode(), position)


def goes_on(request: Request, caller: Identity) -> Callable[[], Awaitable[bool]]:
    """Return a check that the caller's token is still good and the process stays up."""
    state = request.app.state

    async def check() -> bool:
        is_stopping = getattr(state, "is_stopping", None)
        if is_stopping is not None and is_stopping():
            return False
        try:
            await state.tokens.verify(caller.token)
        except Unavailable:
            return True  # revocations can't be read now; the next check will know
        except Refusal:
            return False
        return True

    return check


class EventStream(StreamingResponse):
    """A stream of events; it asks proxies to pass each event on at once."""

    media_type = CONTENT_TYPE

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the stream ends or the receiver has gone, then close the source."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._content.aclose()
