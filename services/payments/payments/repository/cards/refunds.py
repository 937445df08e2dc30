"""Stores refunds to cards, by one statement for each intent."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.cards.refunds import (
    CardRefund,
    CardRefundNews,
    CardRefundOrigin,
    CardRefundStatus,
    GivenBack,
)

_ROW: Final = ", ".join(field.name for field in fields(CardRefund))

_ADD: Final = """
INSERT INTO card_refund (id, charge_id, amount_minor, status, origin, reference, next_at,
    created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""

_OF_CHARGES: Final = f"""
SELECT {_ROW} FROM card_refund WHERE charge_id = ANY($1) ORDER BY created_at, id
"""

# Only for payments that were not paid: these have no refunds of their own.
_RETURNS_OF: Final = f"""
SELECT {", ".join(f"card_refund.{field.name}" for field in fields(CardRefund))},
    card_refund.created_at, card_refund.updated_at
FROM card_refund JOIN charge ON charge.id = charge_id
JOIN payment ON payment.id = charge.payment_id
WHERE payment_id = $1 AND paid_at IS NULL AND origin IN ('return', 'provider')
ORDER BY card_refund.created_at, card_refund.id LIMIT $2
"""

_TURN: Final = """
UPDATE card_refund SET status = $2, reference = coalesce(reference, $3), updated_at = $4,
    next_at = CASE WHEN $2 = 'pending' THEN next_at END,
    lease_until = CASE WHEN $2 = 'pending' THEN lease_until END
WHERE id = $1
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

    async def add(self, new: CardRefund, now: datetime) -> None:
        """Store a refund; one made at the provider is not asked about."""
        is_ours = new.origin is not CardRefundOrigin.PROVIDER
        await self._connection.execute(
            _ADD,
            new.id,
            new.charge_id,
            new.amount_minor,
            new.status,
            new.origin,
            new.reference,
            now if is_ours else None,
            now,
        )

    async def of_charges(self, charge_ids: Iterable[UUID]) -> list[CardRefund]:
        """Return the refunds of charges, in the order in which they were stored."""
        rows = await self._connection.fetch(_OF_CHARGES, list(charge_ids))
        return [_card_refund(row) for row in rows]

    async def returns_of(self, payment_id: UUID, limit: int) -> list[GivenBack]:
        """Return the refunds of a card's money that go back as the payment is not paid."""
        found = []
        for row in await self._connection.fetch(_RETURNS_OF, payment_id, limit):
            values = dict(row)
            begun_at, changed_at = values.pop("created_at"), values.pop("updated_at")
            found.append(GivenBack(_card_refund(values), begun_at, changed_at))
        return found

    async def turn(
        self, refund_id: UUID, status: CardRefundStatus, reference: str | None, now: datetime
    ) -> None:
        """Store a new status; the caller has locked the charge."""
        await self._connection.execute(_TURN, refund_id, status, reference, now)

    async def lease(
        self, provider: str, now: datetime, until: datetime, limit: int
    ) -> list[CardRefund]:
        """Lease refunds that are due; nobody else gets them before the lease ends."""
        rows = await self._connection.fetch(_LEASE, now, until, limit, provider)
        return [_card_refund(row) for row in rows]

    async def is_anothers(self, provider: str, reference: str, refund_id: UUID) -> bool:
        """Tell whether another refund has this provider's id; lock the id until COMMIT."""
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
        """Store that the end is not known yet, the provider's id, and when to ask again."""
        await self._connection.execute(_KEEP_ASKING, refund_id, next_at, error, now, reference)

    async def ask_soon(self, charge_id: UUID, now: datetime) -> None:
        """Make the next call about each refund of a charge due now, if there is one."""
        await self._connection.execute(_ASK_SOON, charge_id, now)

    async def end(
        self, refund_id: UUID, news: CardRefundNews, error: str | None, now: datetime
    ) -> bool:
        """Store how the refund ended; False where that is known."""
        return bool(
            await self._connection.execute(_END, refund_id, news.status, news.reference, error, now)
        )


def _card_refund(row: Any) -> CardRefund:
    values = dict(row)
    values["status"] = CardRefundStatus(values["status"])
    values["origin"] = CardRefundOrigin(values["origin"])
    return CardRefund(**values)
