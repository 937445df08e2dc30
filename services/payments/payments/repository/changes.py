"""Reads on from a position in the changes of payments that a trigger stores."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.tail import Tail, TailPage
from payments.domain.changes import Change
from payments.domain.payment import PaymentStatus
from payments.repository.watched import EVERYBODY

PAGE: Final = 100
# How many of the newest changes count as told where a stream begins now; a change with a lower
# number that commits later is told.
LATEST: Final = 500

_SNAPSHOT: Final = """
(SELECT pg_snapshot_xmin(snapshot)::text::bigint AS oldest_xid,
        pg_snapshot_xmax(snapshot)::text::bigint AS next_xid
 FROM pg_current_snapshot() AS snapshot) AS snapshot
"""
_SIDE: Final = """
(SELECT * FROM payment_event WHERE {column} = $1 AND seq > $2 AND seq <> ALL($3::bigint[])
 ORDER BY seq LIMIT $4)
"""
# Without changes one row comes too: its snapshot says how far that is final.
_READ_ON: Final = """
SELECT seq, event.at, event.payment_id, event.payer_id, event.payee_id, event.status,
    event.refunded_minor, event.disputed_minor, event.dispute_outcome, payment.amount_minor,
    payment.currency, payment.reason, charge.return_minor, charge.return_status, oldest_xid,
    next_xid
FROM {snapshot}
LEFT JOIN (SELECT * FROM ({sides}) AS event ORDER BY seq LIMIT $4) AS event ON true
LEFT JOIN payment ON payment.id = event.payment_id
LEFT JOIN charge ON charge.payment_id = event.payment_id
ORDER BY seq
"""
_LATEST: Final = """
SELECT seq, oldest_xid, next_xid FROM {snapshot}
LEFT JOIN (SELECT seq FROM ({sides}) AS event ORDER BY seq DESC LIMIT $2) AS event ON true
ORDER BY seq
"""
_LATEST_SIDE: Final = """
(SELECT seq FROM payment_event WHERE {column} = $1 AND seq > $3 ORDER BY seq DESC LIMIT $2)
"""
_SIDES: Final = ("payer_id", "payee_id")  # nobody pays themselves, so nothing comes twice

_OF_USER: Final = _READ_ON.format(
    snapshot=_SNAPSHOT, sides=" UNION ALL ".join(_SIDE.format(column=one) for one in _SIDES)
)
_OF_PAYMENT: Final = _READ_ON.format(snapshot=_SNAPSHOT, sides=_SIDE.format(column="payment_id"))
_LATEST_OF_USER: Final = _LATEST.format(
    snapshot=_SNAPSHOT,
    sides=" UNION ALL ".join(_LATEST_SIDE.format(column=one) for one in _SIDES),
)
_LATEST_OF_PAYMENT: Final = _LATEST.format(
    snapshot=_SNAPSHOT, sides=_LATEST_SIDE.format(column="payment_id")
)

_CONCERNED: Final = f"""
SELECT seq, payment_id, payer_id, payee_id, oldest_xid, next_xid FROM {_SNAPSHOT}
LEFT JOIN (SELECT * FROM payment_event WHERE seq > $1 AND seq <> ALL($2::bigint[])
           ORDER BY seq LIMIT $3) AS event ON true
ORDER BY seq
"""
_NEWEST: Final = f"""
SELECT seq, oldest_xid, next_xid FROM {_SNAPSHOT}
LEFT JOIN (SELECT seq FROM payment_event ORDER BY seq DESC LIMIT $1) AS event ON true
ORDER BY seq
"""
_LAST: Final = """
SELECT coalesce(
    pg_sequence_last_value(pg_get_serial_sequence('payment_event', 'seq')::regclass), 0)
"""
# Who has a position before what is deleted of theirs has missed something.
_PURGE: Final = """
WITH deleted AS (
    DELETE FROM payment_event WHERE at < $1 AND seq IN (
        SELECT seq FROM payment_event ORDER BY seq LIMIT $2)
    RETURNING seq, payment_id, payer_id, payee_id),
past AS (
    SELECT subject, max(seq) AS last FROM deleted
    CROSS JOIN LATERAL unnest(ARRAY[payment_id, payer_id, payee_id, $3]) AS concerned (subject)
    GROUP BY subject),
moved AS (
    UPDATE watched SET since = last FROM past
    WHERE watched.subject = past.subject AND since < last)
SELECT count(*) FROM deleted
"""


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """Says what a stream follows, a user or a payment, and how far it has sent."""

    tail: Tail
    user_id: UUID | None = None
    payment_id: UUID | None = None


class Changes:
    """Stored changes; the database itself writes them, with the payment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read_on(self, place: StreamPosition, now: float) -> list[Change]:
        """Return the next changes after a position by one statement, and move it on."""
        text = _OF_USER if place.payment_id is None else _OF_PAYMENT
        subject = place.payment_id or place.user_id
        tail = place.tail
        rows = await self._connection.fetch(text, subject, tail.after, list(tail.taken), PAGE)
        changes = [
            Change(
                seq=row["seq"],
                at=row["at"],
                payment_id=row["payment_id"],
                payer_id=row["payer_id"],
                status=PaymentStatus(row["status"]),
                refunded_minor=row["refunded_minor"],
                disputed_minor=row["disputed_minor"],
                dispute_outcome=row["dispute_outcome"],
                amount_minor=row["amount_minor"],
                currency=row["currency"],
                reason=row["reason"],
                return_minor=row["return_minor"] or 0,
                return_status=row["return_status"],
                is_payers=row["payee_id"] is None,
            )
            for row in rows
            if row["seq"] is not None
        ]
        tail.took(_reading(rows, PAGE), now)
        return changes

    async def of_user_so_far(self, user_id: UUID, since: int, now: float) -> Tail:
        """Return the position after all changes of a user's payments so far.

        There is none before ``since``.
        """
        rows = await self._connection.fetch(_LATEST_OF_USER, user_id, LATEST, since)
        return _behind(rows, now, since)

    async def of_payment_so_far(self, payment_id: UUID, since: int, now: float) -> Tail:
        """Return the position after all changes of a payment so far.

        There is none before ``since``.
        """
        rows = await self._connection.fetch(_LATEST_OF_PAYMENT, payment_id, LATEST, since)
        return _behind(rows, now, since)

    async def newest(self, now: float) -> Tail:
        """Return the position after all changes so far."""
        return _behind(await self._connection.fetch(_NEWEST, LATEST), now)

    async def concerned(self, tail: Tail, now: float) -> set[UUID]:
        """Return the payments and people that the next changes concern, and move on."""
        taken = list(tail.taken)
        rows = await self._connection.fetch(_CONCERNED, tail.after, taken, LATEST)
        tail.took(_reading(rows, LATEST), now)
        found = {row[name] for row in rows for name in ("payment_id", "payer_id", "payee_id")}
        return found - {None}

    async def last(self) -> int:
        """Return the last number that was drawn; 0 where none was."""
        number: int = await self._connection.fetchval(_LAST)
        return number

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete the first changes, if they are old; return how many."""
        count: int = await self._connection.fetchval(_PURGE, before, limit, EVERYBODY)
        return count


def _reading(rows: Sequence[Any], limit: int) -> TailPage:
    seqs = [row["seq"] for row in rows if row["seq"] is not None]
    return TailPage(seqs, len(seqs) < limit, rows[0]["oldest_xid"], rows[0]["next_xid"])


def _behind(rows: Sequence[Any], now: float, since: int = 0) -> Tail:
    reading = _reading(rows, LATEST + 1)
    tail = Tail(reading.seqs[0] - 1 if len(reading.seqs) == LATEST else since)
    tail.took(reading, now)
    return tail
