"""Stores why providers refused or failed: the newest faults of each charge."""

from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.timeline.story import Faulted

MOST: Final = 20  # of one charge; calls go on as long as an outage lasts

_ADD: Final = "INSERT INTO provider_fault (charge_id, at, asked, told) VALUES ($1, $2, $3, $4)"

_FORGET: Final = """
DELETE FROM provider_fault WHERE charge_id = $1 AND id <= (
    SELECT id FROM provider_fault WHERE charge_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
"""

_OF_PAYMENT: Final = """
SELECT provider, at, asked, told FROM provider_fault JOIN charge ON charge.id = charge_id
WHERE payment_id = $1 ORDER BY provider_fault.id
"""


class ProviderFaults:
    """Stored faults; adding needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, charge_id: UUID, asked: str, fault: ProviderFault, now: datetime) -> None:
        """Store a fault, and delete all but the newest of its charge."""
        await self._connection.execute(_ADD, charge_id, now, asked, fault.known)
        await self._connection.execute(_FORGET, charge_id, MOST)

    async def of_payment(self, payment_id: UUID) -> list[Faulted]:
        """Return the faults of a payment's charge, oldest first."""
        rows = await self._connection.fetch(_OF_PAYMENT, payment_id)
        return [
            Faulted(row["at"], row["provider"], row["asked"], ProviderFault(**row["told"]))
            for row in rows
        ]
