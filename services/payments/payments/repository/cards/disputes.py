"""Stores disputes, and their summary on the payment; the charge is locked before."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from dataclasses import astuple, fields
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.cards.disputes import Dispute, DisputeOutcome, DisputeSummary
from payments.domain.refunds import Unrefundable

_NAMES: Final = [field.name for field in fields(Dispute)]
_ROW: Final = ", ".join(f"dispute.{name}" for name in _NAMES)

_SAVE: Final = f"""
INSERT INTO dispute ({", ".join(_NAMES)})
VALUES ({", ".join(f"${place}" for place in range(1, len(_NAMES) + 1))})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])}
"""

_OF_CHARGES: Final = f"""
SELECT {_ROW} FROM dispute WHERE charge_id = ANY($1) ORDER BY opened_at, id
"""

_OF_PAYMENT: Final = f"""
SELECT {_ROW} FROM dispute JOIN charge ON charge.id = charge_id
WHERE payment_id = $1 ORDER BY opened_at, dispute.id
"""

_SAVE_SUMMARY: Final = """
UPDATE payment SET disputed_at = $2, disputed_minor = $3, dispute_outcome = $4,
    version = version + $5
WHERE id = $1
RETURNING version
"""

# A refund made at the provider that is not done yet counts too: its money is on its way.
_TAKEN: Final = """
SELECT coalesce(sum(disputed.minor), 0)::bigint AS disputed_minor,
    coalesce(sum(pending.minor), 0)::bigint AS pending_minor
FROM charge
CROSS JOIN LATERAL (
    SELECT sum(amount_minor) AS minor FROM dispute WHERE charge_id = charge.id
      AND withdrawn_at > coalesce(reinstated_at, '-infinity')) AS disputed
CROSS JOIN LATERAL (
    SELECT sum(amount_minor) AS minor FROM card_refund WHERE charge_id = charge.id
      AND origin = 'provider' AND status = 'pending') AS pending
WHERE payment_id = $1
"""


class Disputes:
    """Stored disputes; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, dispute: Dispute) -> None:
        """Store a dispute as it stands now."""
        await self._connection.execute(_SAVE, *astuple(dispute))

    async def of_charges(self, charge_ids: Iterable[UUID]) -> list[Dispute]:
        """Return the disputes of charges, in the order in which they were first told of."""
        return [
            _dispute(row) for row in await self._connection.fetch(_OF_CHARGES, list(charge_ids))
        ]

    async def of_payment(self, payment_id: UUID) -> list[Dispute]:
        """Return the disputes of the charge that paid a payment, in the same order."""
        return [_dispute(row) for row in await self._connection.fetch(_OF_PAYMENT, payment_id)]

    async def taken_of(self, payment_id: UUID) -> Unrefundable:
        """Return how much of what a card has paid can't be refunded any more."""
        row = await self._connection.fetchrow(_TAKEN, payment_id)
        return (
            Unrefundable()
            if row is None
            else Unrefundable(row["disputed_minor"], row["pending_minor"])
        )

    async def save_summary(self, payment_id: UUID, summary: DisputeSummary, events: int) -> int:
        """Store the summary of its disputes on a locked payment; return its new version."""
        version: int = await self._connection.fetchval(
            _SAVE_SUMMARY,
            payment_id,
            summary.disputed_at,
            summary.disputed_minor,
            summary.outcome,
            events,
        )
        return version


def _dispute(row: Any) -> Dispute:
    values = dict(row)
    if values["outcome"] is not None:
        values["outcome"] = DisputeOutcome(values["outcome"])
    return Dispute(**values)
