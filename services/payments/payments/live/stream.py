"""Streams changes of payments from a position on, a page at a time as it is taken."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.db.tail import Tail
from kit.wake_up import WakeUp
from kit.web.event_stream import HEARTBEAT, HEARTBEAT_SECONDS, event, moved, named
from payments.domain.changes import Change
from payments.repository import Changes, StreamPosition

LOOK_SECONDS: Final = 1.0  # how soon it notices that the token or the process ends
SETTLE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream and what it needs.

    Attributes:
        may_go_on: Asked at least every second; False ends the stream.
        shown: Writes a change as the reader may see it; None where it is not for them.
    """

    database: Database
    place: StreamPosition
    may_go_on: Callable[[], Awaitable[bool]]
    shown: Callable[[Change], bytes | None]

    async def events(self, wake_up: WakeUp, first: bytes) -> AsyncIterator[bytes]:
        """Yield the text of the stream, at each wake-up, until it may not go on.

        No connection is held while the reader takes it, and no more than a page is kept.
        """
        yield first
        looked_at = 0.0
        sent_to = self.place.tail.after
        while await self.may_go_on():
            tail = self.place.tail
            is_due = time.monotonic() - looked_at >= HEARTBEAT_SECONDS
            patience = LOOK_SECONDS if tail.is_settled else SETTLE_SECONDS
            if not is_due and not await wake_up.wait(patience) and tail.is_settled:
                continue
            if is_due and looked_at:
                yield HEARTBEAT
            looked_at = time.monotonic()
            async with self.database.read() as connection:
                changes = await Changes(connection).read_on(self.place, looked_at)
            for change in changes:
                text = self.shown(change)
                if text is None:
                    continue
                position = min(change.seq, tail.after)
                yield event(text, position)
                sent_to = position
            if changes:
                wake_up.set()  # there may be more
            elif tail.after > sent_to:
                sent_to = tail.after
                yield moved(sent_to)


async def place_of_user(
    database: Database, user_id: UUID, last_event_id: int | None
) -> tuple[StreamPosition, bytes]:
    """Return where a stream of a user's payments begins, and its first text.

    Without a position it begins now. Where changes after the position were already deleted, it
    begins now as well, and its first text says so: `reset`.
    """
    async with database.read() as connection:
        changes = Changes(connection)
        first, last = await changes.bounds()
        if last_event_id is not None and first - 1 <= last_event_id <= last:
            return StreamPosition(Tail(last_event_id), user_id=user_id), HEARTBEAT
        tail = await changes.from_now(user_id, time.monotonic())
    begins = moved(tail.after) if last_event_id is None else named("reset", tail.after)
    return StreamPosition(tail, user_id=user_id), begins
