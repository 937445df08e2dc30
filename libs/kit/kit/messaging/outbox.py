"""Owns the outbox table: each row is a message that the broker has not confirmed.

Messages become rows in the transaction that causes them; the relay reads them and deletes them once
they are confirmed.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kit.db.bulk import COPIED_FROM
from kit.messaging import cloudevents
from kit.messaging.messages import Command, Envelope, Event, Message, Reply
from kit.messaging.partitions import command_key, partition_of

if TYPE_CHECKING:
    import asyncpg

    from kit.db.unit_of_work import UnitOfWork

COMMANDS = "saldo.commands"
REPLIES = "saldo.replies"

# Both ways number the rows in their order, in a transaction that took its id before it drew the
# first number: see kit.db.tail. COPY has no place for a condition.
_INSERT = """
INSERT INTO outbox (event_id, exchange, routing_key, subject, body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])
WHERE pg_current_xact_id() IS NOT NULL
"""
_TAKE_ID = "SELECT pg_current_xact_id()"

# One statement both deletes confirmed rows and reads on, in one round trip. Both parts see the
# table as it was before, so the rows that are being deleted must be left out by name: by a
# sub-select, which any plan hashes. The two others run once, and only where there is a row: an idle
# relay draws no transaction ids.
_READ_ON = """
WITH confirmed AS (DELETE FROM outbox WHERE seq = ANY($1::bigint[]))
SELECT seq, exchange, routing_key, subject, body,
    (SELECT pg_current_xact_id()::text::bigint),
    (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
FROM outbox WHERE seq > $2 AND seq NOT IN (SELECT unnest($3::bigint[]))
    AND subject NOT IN (SELECT unnest($4::text[]))
ORDER BY seq LIMIT $5
"""


class Outgoing(NamedTuple):
    """One encoded message on its way into the outbox."""

    event_id: UUID
    exchange: str
    routing_key: str
    subject: str
    body: bytes


class Row(NamedTuple):
    """One outbox row, as read by the relay."""

    seq: int
    exchange: str
    routing_key: str
    subject: str
    body: bytes


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
    event_id, body = cloudevents.encode(
        message,
        source=uow.service,
        subject=subject,
        time=uow.clock.now(),
        sequence=sequence,
        reply_to=reply_to,
        cause=cause,
    )
    uow.before_commit(store, Outgoing(event_id, exchange, routing_key, subject, body))


async def store(uow: "UnitOfWork", outgoing: list[Outgoing]) -> None:
    """Write a unit of work's messages in their order, and wake the relay."""
    if len(outgoing) < COPIED_FROM:
        await uow.execute(_INSERT, *zip(*outgoing, strict=True))
    else:
        await uow.execute(_TAKE_ID)
        await uow.copy_in("outbox", Outgoing._fields, outgoing)
    uow.after_commit(uow.wake_up.set)


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
            blocked: Subjects to leave alone.
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
