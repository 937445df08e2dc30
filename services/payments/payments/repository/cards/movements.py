"""Stores movements for disputes and for refunds made at providers."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.cards.movements import Movement
from payments.domain.cards.recoveries import Source

# A wallet that does not answer is asked again under the same id; seldom, as outboxes lose nothing.
PATIENCE: Final = timedelta(minutes=5)

_ROW: Final = "id, charge_id, claim_id, kind, source, amount_minor, attempts"

_ADD: Final = """
INSERT INTO movement (id, charge_id, claim_id, kind, source, amount_minor, transfer_id, asked_at,
    next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_SUMS: Final = """
SELECT claim_id, source, sum(amount_minor)::bigint AS minor FROM movement
WHERE charge_id = ANY($1) GROUP BY claim_id, source
"""

_POSTED: Final = """
UPDATE movement SET posted_at = $2, owed_minor = $3, next_at = NULL, refused_code = NULL
WHERE id = $1 AND posted_at IS NULL
"""

_REFUSED: Final = """
UPDATE movement SET attempts = attempts + 1, refused_code = $3, next_at = $4
WHERE id = $1 AND posted_at IS NULL AND transfer_id = $2 AND refused_code IS NULL
RETURNING attempts
"""

_DUE: Final = f"""
UPDATE movement SET next_at = $2
WHERE id IN (SELECT id FROM movement WHERE next_at <= $1
             ORDER BY next_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_ROW}
"""

_ASKED: Final = "UPDATE movement SET transfer_id = $2, refused_code = NULL WHERE id = $1"

# The payee's transfer comes first: it is in the payee's statement.
_TRANSFER_FOR: Final = """
SELECT transfer_id FROM movement
WHERE claim_id = $1 AND amount_minor > 0 AND transfer_id IS NOT NULL
ORDER BY source = 'payee' DESC, asked_at DESC LIMIT 1
"""

_OF_PAYMENT: Final = """
SELECT transfer_id FROM movement JOIN charge ON charge.id = charge_id
WHERE payment_id = $1 AND source = 'payee' AND transfer_id IS NOT NULL
ORDER BY asked_at LIMIT $2
"""


class Movements:
    """Stored movements; changes need a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Movement, now: datetime) -> None:
        """Store a movement that is being asked for."""
        await self._connection.execute(
            _ADD,
            new.id,
            new.charge_id,
            new.claim_id,
            new.kind,
            new.source,
            new.amount_minor,
            new.transfer_id,
            now,
            now + PATIENCE,
        )

    async def sums(self, charge_ids: Iterable[UUID]) -> Mapping[tuple[UUID, Source], int]:
        """Return how much was moved for the claims of charges, by claim and source."""
        rows = await self._connection.fetch(_SUMS, list(charge_ids))
        return {(row["claim_id"], Source(row["source"])): row["minor"] for row in rows}

    async def posted(self, movement_id: UUID, owed_minor: int, now: datetime) -> None:
        """Store that the wallet has posted it, and how much of it is owed."""
        await self._connection.execute(_POSTED, movement_id, now, owed_minor)

    async def refused(
        self, movement_id: UUID, transfer_id: UUID | None, code: str, next_at: datetime
    ) -> int | None:
        """Store that the wallet has refused it, and when to ask again.

        Returns how often it was refused; None where this refusal is known.
        """
        refused: int | None = await self._connection.fetchval(
            _REFUSED, movement_id, transfer_id, code, next_at
        )
        return refused

    async def due(self, now: datetime, limit: int) -> list[Movement]:
        """Take movements that are to be asked for again."""
        rows = await self._connection.fetch(_DUE, now, now + PATIENCE, limit)
        return [_movement(row) for row in rows]

    async def asked(self, movement: Movement) -> None:
        """Store the transfer id under which it is asked for now."""
        await self._connection.execute(_ASKED, movement.id, movement.transfer_id)

    async def transfer_for(self, claim_id: UUID) -> UUID | None:
        """Return the newest transfer to the provider for a claim; None if there is none."""
        found: UUID | None = await self._connection.fetchval(_TRANSFER_FOR, claim_id)
        return found

    async def transfers_of(self, payment_id: UUID, limit: int) -> Sequence[UUID]:
        """Return the first transfers between the payee of a payment and its provider."""
        rows = await self._connection.fetch(_OF_PAYMENT, payment_id, limit)
        return [row["transfer_id"] for row in rows]


def _movement(row: Any) -> Movement:
    values = dict(row)
    values["source"] = Source(values["source"])
    return Movement(**values)
