"""Owns the outbox table: the messages that the broker has not confirmed.

They become rows in the transaction that causes them, packed by route; the relay reads these and
deletes them once they are confirmed.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from kit.db.unit_of_work import LastWrite
from kit.messaging import cloudevents
from kit.messaging.messages import Command, Envelope, Event, Message, Reply
from kit.messaging.packing import Row, parcels
from kit.messaging.partitions import command_key, partition_of
from kit.messaging.topology import COMMANDS, REPLIES

if TYPE_CHECKING:
    import asyncpg

    from kit.db.unit_of_work import UnitOfWork

# Numbers the rows in their order, in a transaction that took its id before it drew the first one:
# see kit.db.tail. No array holds arrays of several lengths, so a row's subjects are a slice of all.
_INSERT = """
INSERT INTO outbox (exchange, routing_key, subject, others, body)
SELECT exchange, routing_key, ($6::text[])[first], ($6::text[])[first + 1:last], body
FROM unnest((SELECT $1::text[]), $2::text[], $3::bytea[], $4::int[], $5::int[])
    AS packed (exchange, routing_key, body, first, last)
WHERE pg_current_xact_id() IS NOT NULL
"""

# One statement both deletes confirmed rows and reads on, in one round trip. Both parts see the
# table as it was before, so the rows that are being deleted must be left out by name: by a
# sub-select, which any plan hashes. The two others run once, and only where there is a row: an idle
# relay draws no transaction ids.
_READ_ON = """
WITH confirmed AS (DELETE FROM outbox WHERE number = ANY($1::bigint[]))
SELECT number, exchange, routing_key, array_prepend(subject, others), body,
    (SELECT pg_current_xact_id()::text::bigint),
    (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
FROM outbox WHERE number > $2 AND number NOT IN (SELECT unnest($3::bigint[]))
    AND (subject NOT IN (SELECT unnest($4::text[])) OR EXISTS (
        SELECT FROM unnest(others) AS other WHERE other NOT IN (SELECT unnest($4::text[]))))
ORDER BY number LIMIT $5
"""
_CUT = "UPDATE outbox SET subject = $2, others = $3, body = $4 WHERE number = $1"


class OutboxPage(NamedTuple):
    """Rows in order, and what the reading knew of transactions.

    Attributes:
        xid: The reading's own transaction id, higher than any drawn before it; 0 without rows.
        oldest_xid: The lowest id of a transaction that was still running; 0 without rows.
    """

    rows: list[Row]
    xid: int = 0
    oldest_xid: int = 0


def address(
    message: Message,
    service: str,
    to: str | None,
    *,
    subject: str = "",
    partitions: Mapping[str, int] = MappingProxyType({}),
) -> tuple[str, str, str | None]:
    """Return exchange, routing key and reply-to of a message sent by a service.

    ``partitions`` says of how many queues there are for commands to a service: one, where it says
    nothing.
    """
    exchange = _exchange(type(message), service)
    if exchange == REPLIES:
        if to is None:
            raise ValueError(f"{message.type} needs `to`, the service that asked")
        return REPLIES, to, None
    if exchange == COMMANDS:
        owner = message.type.partition(".")[0]
        return COMMANDS, _command_key(message, owner, subject, partitions), service
    return exchange, message.type, None


def _command_key(message: Message, owner: str, subject: str, partitions: Mapping[str, int]) -> str:
    count = partitions.get(owner, 1)
    if count == 1:
        return owner
    key = message.partition_key if isinstance(message, Command) else None
    return command_key(owner, partition_of(str(key or subject), count))


@cache
def _exchange(kind: type[Message], service: str) -> str:
    if issubclass(kind, Event):
        return f"{service}.events"
    if issubclass(kind, Command):
        return COMMANDS
    if issubclass(kind, Reply):
        return REPLIES
    raise TypeError(f"{kind.__name__} is neither event, command nor reply")


def emit(  # noqa: PLR0913 - the attributes of one event
    uow: "UnitOfWork",
    message: Message,
    *,
    subject: str,
    sequence: int | None = None,
    to: str | None = None,
    cause: Envelope | None = None,
) -> None:
    """Send a message if, and only if, the unit of work commits.

    It is addressed and encoded at once; its bytes are never touched again.

    Args:
        uow: The unit of work that it belongs to.
        message: An event, a command, or a reply.
        subject: Id of the aggregate; messages of one subject keep their order.
        sequence: The aggregate's gapless version, on events.
        to: The service that asked (``Envelope.reply_to``); replies only.
        cause: The message that this one answers, where the context holds no single one.
    """
    exchange, routing_key, reply_to = address(
        message, uow.service, to, subject=subject, partitions=uow.command_partitions
    )
    _, body = cloudevents.encode(
        message,
        source=uow.service,
        subject=subject,
        time=uow.clock.now(),
        sequence=sequence,
        reply_to=reply_to,
        cause=cause,
    )
    uow.before_commit(store, Row(0, exchange, routing_key, (subject,), body))


def store(uow: "UnitOfWork", outgoing: list[Row]) -> LastWrite:
    """Pack messages, to be written in their order, and wake the relay."""
    rows = [parcel.row() for parcel in parcels(outgoing)]
    ends = list(accumulate(len(row.subjects) for row in rows))
    firsts = [end - len(row.subjects) + 1 for row, end in zip(rows, ends, strict=True)]
    _, exchanges, routing_keys, subjects, bodies = zip(*rows, strict=True)
    all_subjects = list(chain.from_iterable(subjects))
    uow.after_commit(uow.wake_up.set)
    return LastWrite(_INSERT, (exchanges, routing_keys, bodies, firsts, ends, all_subjects))


class Unsent:
    """Reads and deletes outbox rows through the relay's own connection."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        """Take the connection that holds the relay's lock."""
        self._connection = connection
        self.statements = 0

    async def read_on(
        self,
        *,
        confirmed: Sequence[int],
        under_way: Sequence[int],
        blocked: Collection[str],
        after: int,
        limit: int,
    ) -> OutboxPage:
        """Delete confirmed rows and return the next ones, in order.

        Args:
            confirmed: Rows to delete.
            under_way: Rows that are being published.
            blocked: Subjects to leave alone; a row that has others, too, is returned whole.
            after: The row to read on from.
            limit: How many rows at most.
        """
        self.statements += 1
        known = [*confirmed, *under_way]
        found = await self._connection.fetch(
            _READ_ON, confirmed, after, known, list(blocked), limit
        )
        if not found:
            return OutboxPage([])
        return OutboxPage([Row(*row[:5]) for row in found], *found[0][5:])

    async def cut(self, rows: Sequence[Row]) -> None:
        """Keep this of rows that were confirmed in part."""
        self.statements += 1
        kept = [(row.number, row.subjects[0], row.subjects[1:], row.body) for row in rows]
        await self._connection.executemany(_CUT, kept)
