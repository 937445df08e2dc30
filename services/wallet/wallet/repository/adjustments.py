"""Owns the SQL of adjustments: each is proposed, then decided once."""

# ruff: noqa: S608 (texts are put together from the constants of this file, at import)

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from kit.db.unit_of_work import Connection, UnitOfWork
from kit.span import ALWAYS, Span

AdjustmentStatus = Literal["pending", "posted", "rejected", "expired"]

# $1 is always now: a pending adjustment past its time counts as expired, without an UPDATE.
_STATUS = "CASE WHEN status = 'pending' AND expires_at <= $1 THEN 'expired' ELSE status END"

_COLUMNS = f"""
adjustment.id, payer_account_id, payee_account_id, amount_minor, currency, reason,
{_STATUS} AS status, proposed_by, decided_by, transfer_id, created_at, expires_at, decided_at
"""

_ADD = """
INSERT INTO adjustment (id, payer_account_id, payee_account_id, amount_minor, currency, reason,
                        proposed_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_FIND = f"SELECT {_COLUMNS} FROM adjustment WHERE id = $2"

_DECIDE = """
UPDATE adjustment SET status = $2, decided_by = $3, decided_at = $4, transfer_id = $5 WHERE id = $1
"""

_PAGE = f"""
SELECT {_COLUMNS} FROM adjustment
WHERE ($2::text IS NULL OR {_STATUS} = $2)
    AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
    AND ($6::uuid IS NULL OR $6 IN (payer_account_id, payee_account_id))
    AND ($7::uuid IS NULL OR transfer_id = $7)
    AND created_at >= coalesce($8, '-infinity'::timestamptz)
    AND created_at < coalesce($9, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $5
"""


class Adjustment(NamedTuple):
    """Money to move by hand, in minor units, and what was decided about it."""

    id: UUID
    payer_account_id: UUID
    payee_account_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: AdjustmentStatus
    proposed_by: UUID
    decided_by: UUID | None
    transfer_id: UUID | None
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


class AdjustmentFilter(NamedTuple):
    """A filter of adjustments; None does not narrow."""

    status: AdjustmentStatus | None = None
    wallet_id: UUID | None = None
    transfer_id: UUID | None = None
    span: Span = ALWAYS


class Adjustments:
    """Reads adjustments on one connection; `now` tells which have expired."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def find(self, adjustment_id: UUID) -> Adjustment | None:
        """Return an adjustment."""
        row = await self._connection.fetchrow(_FIND, self._now, adjustment_id)
        return None if row is None else Adjustment(*row)

    async def page(
        self, wanted: AdjustmentFilter, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Adjustment]:
        """Return a page of adjustments, newest first."""
        status, *others, span = wanted
        place = before or (None, None)
        rows = await self._connection.fetch(_PAGE, self._now, status, *place, limit, *others, *span)
        return [Adjustment(*row) for row in rows]


async def add(uow: UnitOfWork, made: Adjustment) -> None:
    """Store a proposal."""
    await uow.execute(_ADD, *made[:6], made.proposed_by, made.created_at, made.expires_at)


async def lock(uow: UnitOfWork, adjustment_id: UUID) -> Adjustment | None:
    """Return an adjustment, locked until the unit of work ends.

    Two who decide it take turns. Accounts are locked after it.
    """
    row = await uow.fetchrow(f"{_FIND} FOR UPDATE", uow.clock.now(), adjustment_id)
    return None if row is None else Adjustment(*row)


async def decide(uow: UnitOfWork, decided: Adjustment) -> None:
    """Store the decision about an adjustment."""
    await uow.execute(
        _DECIDE,
        decided.id,
        decided.status,
        decided.decided_by,
        decided.decided_at,
        decided.transfer_id,
    )
