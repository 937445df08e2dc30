"""What goes back to cards; one statement for each intent, as the charges beside it."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.card_refunds import CardRefund, CardRefundNews, CardRefundStatus

_ROW: Final = ", ".join(field.name for field in fields(CardRefund))

# All of a charge; not what its owner has taken back through their bank.
_WANT_ALL: Final = """
INSERT INTO card_refund (id, charge_id, amount_minor, status, next_at, created_at, updated_at)
SELECT id, id, amount_minor, 'wanted', $2, $2, $2 FROM charge
WHERE id = ANY($1) AND status = 'succeeded' AND disputed_at IS NULL
ON CONFLICT DO NOTHING
"""

# What refunds ask for. The charge's row decides whether its owner was faster.
_WANT: Final = """
WITH known AS (
    SELECT refund.id, charge.id AS charge_id, refund.amount_minor
    FROM refund JOIN charge ON charge.payment_id = refund.payment_id
    WHERE refund.id = ANY($1) AND charge.disputed_at IS NULL
    ORDER BY charge.id FOR NO KEY UPDATE OF charge)
INSERT INTO card_refund (id, charge_id, amount_minor, status, next_at, created_at, updated_at)
SELECT id, charge_id, amount_minor, 'wanted', $2, $2, $2 FROM known
ON CONFLICT DO NOTHING
RETURNING id
"""

_LEASE: Final = f"""
UPDATE card_refund SET lease_until = $2, attempts = attempts + 1
WHERE id IN (
    SELECT card_refund.id FROM card_refund JOIN charge ON charge.id = charge_id
    WHERE card_refund.next_at <= $1 AND provider = $4
      AND (card_refund.lease_until IS NULL OR card_refund.lease_until < $1)
    ORDER BY card_refund.next_at LIMIT $3 FOR NO KEY UPDATE OF card_refund SKIP LOCKED)
RETURNING {_ROW}
"""

_KEEP_ASKING: Final = """
UPDATE card_refund SET next_at = $2, lease_until = NULL, last_error = $3, updated_at = $4,
    status = CASE WHEN $5::text IS NULL THEN status ELSE 'pending' END,
    reference = coalesce(reference, $5)
WHERE id = $1 AND next_at IS NOT NULL
"""

_ASK_SOON: Final = "UPDATE card_refund SET next_at = $2 WHERE charge_id = $1 AND next_at > $2"

_END: Final = """
UPDATE card_refund SET status = $2, reference = coalesce(reference, $3), last_error = $4,
    next_at = NULL, lease_until = NULL, updated_at = $5
WHERE id = $1 AND next_at IS NOT NULL
"""


_LOCK_NAME: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

_IS_ANOTHERS: Final = """
SELECT EXISTS (
    SELECT FROM card_refund JOIN charge ON charge.id = charge_id
    WHERE provider = $1 AND card_refund.reference = $2 AND card_refund.id <> $3)
"""


class CardRefunds:
    """Stored refunds to cards; changes need a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def want_all(self, charge_ids: Iterable[UUID], now: datetime) -> None:
        """Have all of what has come of these charges go back, each once."""
        await self._connection.execute(_WANT_ALL, list(charge_ids), now)

    async def want(self, refund_ids: Iterable[UUID], now: datetime) -> set[UUID]:
        """Have what these refunds ask for go back; one is missing whose charge is disputed."""
        rows = await self._connection.fetch(_WANT, list(refund_ids), now)
        return {row["id"] for row in rows}

    async def lease(
        self, provider: str, now: datetime, until: datetime, limit: int
    ) -> list[CardRefund]:
        """Take refunds that are due; nobody else gets them before the lease ends."""
        rows = await self._connection.fetch(_LEASE, now, until, limit, provider)
        return [_card_refund(row) for row in rows]

    async def is_anothers(self, provider: str, reference: str, refund_id: UUID) -> bool:
        """Tell whether the provider's name for a refund is another's; nobody gets it meanwhile."""
        await self._connection.execute(_LOCK_NAME, reference)
        is_anothers: bool = await self._connection.fetchval(
            _IS_ANOTHERS, provider, reference, refund_id
        )
        return is_anothers

    async def keep_asking(
        self,
        refund_id: UUID,
        next_at: datetime,
        now: datetime,
        *,
        error: str | None,
        reference: str | None,
    ) -> None:
        """Note that its end is not known yet, what the provider calls it, and when to ask again."""
        await self._connection.execute(_KEEP_ASKING, refund_id, next_at, error, now, reference)

    async def ask_soon(self, charge_id: UUID, now: datetime) -> None:
        """Have the provider asked at once about what is on its way back of a charge."""
        await self._connection.execute(_ASK_SOON, charge_id, now)

    async def end(
        self, refund_id: UUID, news: CardRefundNews, error: str | None, now: datetime
    ) -> bool:
        """Store how it ended; False where that is known."""
        return bool(
            await self._connection.execute(_END, refund_id, news.status, news.reference, error, now)
        )


def _card_refund(row: Any) -> CardRefund:
    values = dict(row)
    values["status"] = CardRefundStatus(values["status"])
    return CardRefund(**values)
