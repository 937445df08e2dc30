"""Streams changes of payments from a position on, a page at a time as it is taken.

Changes are noted of what somebody streams, and a week longer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.db.tail import Tail
from kit.refusals import Unavailable
from kit.wake_up import WakeUp
from kit.web.event_stream import HEARTBEAT, HEARTBEAT_SECONDS, event, moved, named
from payments.domain.changes import CHANGES_KEPT, Change, history_of
from payments.repository import Changes, Payments, StreamPosition, Watched

LOOK_SECONDS: Final = 1.0  # how soon it notices that the token or the process ends
SETTLE_SECONDS: Final = 0.25
WRITERS_SECONDS: Final = 10.0  # how long a stream waits to begin, see `watched_since`
LOOK_AGAIN_SECONDS: Final = 0.02


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

    Without a position it begins now. Where changes after the position were not noted, or already
    deleted, it begins now as well, and its first text says so: `reset`.
    """
    since = await watched_since(database, user_id)
    async with database.read() as connection:
        changes = Changes(connection)
        if last_event_id is not None and since <= last_event_id <= await changes.last():
            return StreamPosition(Tail(last_event_id), user_id=user_id), HEARTBEAT
        tail = await changes.of_user_so_far(user_id, since, time.monotonic())
    begins = moved(tail.after) if last_event_id is None else named("reset", tail.after)
    return StreamPosition(tail, user_id=user_id), begins


async def place_of_payment(
    database: Database,
    payment_id: UUID,
    last_event_id: int | None,
    shown: Callable[[Change], bytes | None],
) -> tuple[StreamPosition, bytes]:
    """Return where a stream of a payment begins, and its first text.

    That is all that the payment has been through, unless the position is still kept. Who loses the
    connection amid it has position 0, the beginning.
    """
    since = await watched_since(database, payment_id)
    async with database.snapshot() as connection:
        changes = Changes(connection)
        if last_event_id and since <= last_event_id <= await changes.last():
            return StreamPosition(Tail(last_event_id), payment_id=payment_id), HEARTBEAT
        tail = await changes.of_payment_so_far(payment_id, since, time.monotonic())
        payment = await Payments(connection).get(payment_id)
    told = [] if payment is None else history_of(payment, database.clock.now())
    texts = [text for change in told if (text := shown(change)) is not None]
    positions = [*[0] * (len(texts) - 1), tail.after]
    first = b"".join(map(event, texts, positions))
    return StreamPosition(tail, payment_id=payment_id), first or HEARTBEAT


async def watched_since(
    database: Database, subject: UUID, *, patience: float = WRITERS_SECONDS
) -> int:
    """Have all changes of a user or a payment noted; return since which position.

    Raises:
        Unavailable: somebody is writing for longer than anybody should, in seconds.
    """
    until = database.clock.now() + CHANGES_KEPT
    async with database.unit_of_work() as uow:
        watched = Watched(uow)
        since = await watched.renew(subject, until)
        if since is not None:
            return since
        since = await watched.begin(subject, until)
    # Who has begun to write before that could be seen may change the subject and note nothing.
    async with database.read() as connection:
        writing = await Watched(connection).writers()
    deadline, pause = time.monotonic() + patience, LOOK_AGAIN_SECONDS
    while writing:
        if time.monotonic() > deadline:
            raise Unavailable
        await asyncio.sleep(pause)
        pause = min(2 * pause, SETTLE_SECONDS)
        async with database.read() as connection:
            writing &= await Watched(connection).writers()
    async with database.unit_of_work() as uow:
        await Watched(uow).complete(subject)
    return since
