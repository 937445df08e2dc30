"""Stores refunds, and what they take from their payments.

A refund's payment is locked before the refund itself changes: all changes to both go through it.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus

ROW: Final = """
    refund.id, refund.payment_id, refund.status, refund.amount_minor, refund.reason,
    refund.failure_reason, refund.transfer_id, refund.requested_by, refund.version,
    refund.created_at, refund.completed_at, refund.failed_at, refund.origin, refund.claim_id,
    refund.borne_minor,
    (SELECT currency FROM payment WHERE payment.id = refund.payment_id) AS currency
"""

_TAKE: Final = "UPDATE payment SET refunded_minor = refunded_minor + $2 WHERE id = $1"

_ADD: Final = """
INSERT INTO refund (id, payment_id, status, amount_minor, reason, requested_by, version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_ADD_DONE: Final = """
INSERT INTO refund (id, payment_id, status, amount_minor, requested_by, version, created_at,
    completed_at, transfer_id, origin, claim_id)
VALUES ($1, $2, 'completed', $3, $4, $5, $6, $7, $8, 'provider', $9)
"""

_STANDING: Final = """
SELECT count(*) FROM (
    SELECT FROM refund WHERE payment_id = $1 AND status <> 'failed' LIMIT $2) AS found
"""

_ARE_UNDER_WAY: Final = """
SELECT EXISTS (SELECT FROM refund WHERE payment_id = $1 AND status = 'processing')
"""

_GET: Final = f"SELECT {ROW} FROM refund WHERE payment_id = $1 AND id = $2"

_AMONG: Final = f"SELECT {ROW} FROM refund WHERE id = ANY($1) ORDER BY id"

_ENDED_AMONG: Final = f"SELECT {ROW} FROM refund WHERE id = ANY($1) AND status <> 'processing'"

LOCK_PAYMENTS: Final = """
SELECT 1 FROM payment WHERE id IN (SELECT payment_id FROM refund WHERE id = ANY($1))
ORDER BY id FOR NO KEY UPDATE
"""

_COMPLETE: Final = f"""
UPDATE refund SET status = 'completed', transfer_id = $2, completed_at = $3, version = version + 1
WHERE id = $1 AND status = 'processing'
RETURNING {ROW}
"""

_FAIL: Final = f"""
UPDATE refund SET status = 'failed', failure_reason = $2, failed_at = $3, version = version + 1
WHERE id = $1 AND status = 'processing'
RETURNING {ROW}
"""

# A completed refund fails where the card did not take the money.
_REVERSE: Final = f"""
UPDATE refund SET status = 'failed', failure_reason = $2, failed_at = $3, version = version + 1
WHERE id = ANY($1) AND status = 'completed'
RETURNING {ROW}
"""

_BOOKED: Final = f"""
SELECT {ROW} FROM refund
WHERE payment_id = ANY($1) AND origin = 'provider' AND status = 'completed'
ORDER BY created_at, id
"""

_BEAR: Final = "UPDATE refund SET borne_minor = $2 WHERE id = $1"

_COUNT_IN: Final = """
WITH back AS (
    SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM refund
    WHERE payment_id = $1 AND status = 'completed')
UPDATE payment SET
    version = version + 1,
    status = CASE WHEN back.minor = paid_minor THEN 'refunded' ELSE 'paid' END,
    refunded_at = CASE WHEN back.minor = paid_minor THEN $2::timestamptz END
FROM back WHERE payment.id = $1
RETURNING back.minor
"""

_GIVE_BACK: Final = "UPDATE payment SET refunded_minor = refunded_minor - $2 WHERE id = $1"

_PAGE: Final = f"""
SELECT {ROW} FROM refund
WHERE payment_id = $1 AND (created_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
  AND created_at >= coalesce($5, '-infinity'::timestamptz)
  AND created_at < coalesce($6, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $4
"""


class Refunds:
    """Stored refunds; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, payment_id: UUID, amount_minor: int) -> None:
        """Take a sum out of what is left of a payment, which is locked and has that much.

        A constraint restates that more than was paid is never taken.
        """
        await self._connection.execute(_TAKE, payment_id, amount_minor)

    async def add(self, new: Refund) -> None:
        """Store a refund that has just been asked for."""
        await self._connection.execute(
            _ADD,
            new.id,
            new.payment_id,
            new.status,
            new.amount_minor,
            new.reason,
            new.requested_by,
            new.version,
            new.created_at,
        )

    async def add_done(self, new: Refund) -> None:
        """Store a refund made at the provider, and take its sum out of its payment."""
        await self.take(new.payment_id, new.amount_minor)
        await self._connection.execute(
            _ADD_DONE,
            new.id,
            new.payment_id,
            new.amount_minor,
            new.requested_by,
            new.version,
            new.created_at,
            new.completed_at,
            new.transfer_id,
            new.claim_id,
        )

    async def get(self, payment_id: UUID, refund_id: UUID) -> Refund | None:
        """Return a refund of that payment."""
        return _one(await self._connection.fetchrow(_GET, payment_id, refund_id))

    async def standing(self, payment_id: UUID, most: int) -> int:
        """Return how many refunds of a payment have not failed; at most ``most``."""
        return int(await self._connection.fetchval(_STANDING, payment_id, most))

    async def are_under_way(self, payment_id: UUID) -> bool:
        """Tell whether a refund of this payment has not ended."""
        return bool(await self._connection.fetchval(_ARE_UNDER_WAY, payment_id))

    async def complete(self, refund_id: UUID, transfer_id: UUID, now: datetime) -> Refund | None:
        """Complete a refund; None where it had ended before."""
        return _one(await self._connection.fetchrow(_COMPLETE, refund_id, transfer_id, now))

    async def fail(self, refund_id: UUID, reason: str, now: datetime) -> Refund | None:
        """Fail a refund that was refused; None where it had ended before."""
        return _one(await self._connection.fetchrow(_FAIL, refund_id, reason, now))

    async def reverse(self, refund_ids: Iterable[UUID], reason: str, now: datetime) -> list[Refund]:
        """Fail completed refunds, and free what they had taken; return them."""
        found = _all(await self._connection.fetch(_REVERSE, list(refund_ids), reason, now))
        for refund in found:
            await self.give_back(refund)
        return found

    async def booked(self, payment_ids: Iterable[UUID]) -> list[Refund]:
        """Return the completed refunds that book those made at the provider, oldest first."""
        return _all(await self._connection.fetch(_BOOKED, list(payment_ids)))

    async def bear(self, refund: Refund) -> None:
        """Store how much of a refund the house bears."""
        await self._connection.execute(_BEAR, refund.id, refund.borne_minor)

    async def count_in(self, completed: Refund, now: datetime) -> int:
        """Count on its payment a refund that ended; return how much is back by now.

        In minor units. The payment is refunded while all that was paid is back.
        """
        back: int = await self._connection.fetchval(_COUNT_IN, completed.payment_id, now)
        return back

    async def give_back(self, failed: Refund) -> None:
        """Free what a failed refund had taken from its payment."""
        await self._connection.execute(_GIVE_BACK, failed.payment_id, failed.amount_minor)

    async def among(self, refund_ids: Iterable[UUID]) -> list[Refund]:
        """Return these refunds, in the order of their ids."""
        return _all(await self._connection.fetch(_AMONG, list(refund_ids)))

    async def ended_among(self, refund_ids: Iterable[UUID]) -> list[Refund]:
        """Return those of the refunds that have ended."""
        return _all(await self._connection.fetch(_ENDED_AMONG, list(refund_ids)))

    async def page(
        self,
        payment_id: UUID,
        after: tuple[datetime, UUID] | None,
        limit: int,
        span: Span = ALWAYS,
    ) -> list[Refund]:
        """Return a page of a payment's refunds, newest first, along their index."""
        place = after or (None, LAST_ID)
        return _all(await self._connection.fetch(_PAGE, payment_id, *place, limit, *span))


def _one(row: Any) -> Refund | None:
    return None if row is None else _refund(row)


def _all(rows: Iterable[Any]) -> list[Refund]:
    return [_refund(row) for row in rows]


def refunds_of(rows: Iterable[Any]) -> list[Refund]:
    """Return the refunds of rows that hold ``ROW``."""
    return _all(rows)


def _refund(row: Any) -> Refund:
    values = dict(row)
    values["status"] = RefundStatus(values["status"])
    values["origin"] = RefundOrigin(values["origin"])
    return Refund(**values)
