"""Stored charges of cards and the events told of them; one statement for each intent.

Lock order: the payment's row, where there is one, then the charge and what goes back of it, then
the saga.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.charges import SOONEST, Charge, ChargeStatus, News

_ROW: Final = ", ".join(field.name for field in fields(Charge))

# A charge that is there already is left as it is: it was asked for twice.
_ADD: Final = """
INSERT INTO charge (id, payment_id, owner_id, account_id, provider, amount_minor, currency,
    description, status, return_url, expires_at, next_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'wanted', $9, $10, $11, $12, $12)
ON CONFLICT DO NOTHING
"""

_GET: Final = f"SELECT {_ROW} FROM charge WHERE id = $1"

_AMONG: Final = f"SELECT {_ROW} FROM charge WHERE id = ANY($1)"

_OF_PAYMENT: Final = f"SELECT {_ROW} FROM charge WHERE payment_id = $1"

# By our id where the provider repeats it, else by either of the names it has for it.
_NAMED: Final = f"""
SELECT {_ROW} FROM charge
WHERE provider = $1 AND (id = $2 OR reference = $3 OR settlement = $3)
ORDER BY id = $2 DESC NULLS LAST LIMIT 1
"""

_LEASE: Final = f"""
UPDATE charge SET lease_until = $2, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM charge
    WHERE next_at <= $1 AND (lease_until IS NULL OR lease_until < $1) AND provider = $4
    ORDER BY next_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_ROW}
"""

_LEASE_ONE: Final = f"""
UPDATE charge SET lease_until = $3, attempts = attempts + 1
WHERE id = $1 AND status = 'wanted' AND attempts = 0
  AND (lease_until IS NULL OR lease_until < $2) AND provider = $4
RETURNING {_ROW}
"""

# Nothing undoes `succeeded`; it alone may follow another end.
_LEARN: Final = f"""
UPDATE charge SET status = $2, reference = coalesce(reference, $3),
    settlement = coalesce($4, settlement), action_url = coalesce($5, action_url), reason = $6,
    attempts = 0, last_error = NULL, lease_until = NULL, next_at = $7, updated_at = $8
WHERE id = $1 AND CASE $2::text
    WHEN 'succeeded' THEN status <> 'succeeded' ELSE status IN ('wanted', 'pending') END
RETURNING {_ROW}
"""

_KEEP_ASKING: Final = """
UPDATE charge SET next_at = $2, lease_until = NULL, last_error = $3, updated_at = $4
WHERE id = $1 AND next_at IS NOT NULL
"""

_REST: Final = "UPDATE charge SET next_at = NULL, lease_until = NULL WHERE id = $1"

_ASK_SOON: Final = "UPDATE charge SET next_at = $2 WHERE id = $1 AND next_at > $2"

_CALL_OFF: Final = """
UPDATE charge SET is_called_off = true, updated_at = $2,
    next_at = CASE WHEN status IN ('wanted', 'pending') THEN $2::timestamptz END
WHERE payment_id = ANY($1) AND NOT is_called_off
RETURNING id
"""

_LOCK: Final = "SELECT 1 FROM charge WHERE id = $1 FOR NO KEY UPDATE"

# What goes back already is not taken back twice.
_DISPUTE: Final = f"""
WITH back AS (
    SELECT coalesce(sum(amount_minor), 0)::bigint AS minor FROM card_refund
    WHERE charge_id = $1 AND status <> 'refused')
UPDATE charge SET disputed_at = $2, disputed_minor = amount_minor - back.minor, updated_at = $2
FROM back
WHERE id = $1 AND status = 'succeeded' AND disputed_at IS NULL AND amount_minor > back.minor
RETURNING {_ROW}
"""

_TOLD: Final = """
INSERT INTO provider_event (provider, event_id, kind, charge_id, received_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


class Charges:
    """Stored charges; changes need a unit of work, reading any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Charge, now: datetime) -> None:
        """Store the wish for a charge; the same id twice is one."""
        await self._connection.execute(
            _ADD,
            new.id,
            new.payment_id,
            new.owner_id,
            new.account_id,
            new.provider,
            new.amount_minor,
            new.currency,
            new.description,
            new.return_url,
            new.expires_at,
            now + SOONEST,  # whoever wants it asks at once; the loop comes after
            now,
        )

    async def get(self, charge_id: UUID) -> Charge | None:
        """Return a charge as it stands."""
        return _one(await self._connection.fetchrow(_GET, charge_id))

    async def among(self, charge_ids: Iterable[UUID]) -> dict[UUID, Charge]:
        """Return charges as they stand, by id."""
        rows = await self._connection.fetch(_AMONG, list(charge_ids))
        return {row["id"]: _charge(row) for row in rows}

    async def of_payment(self, payment_id: UUID) -> Charge | None:
        """Return the charge that pays a payment."""
        return _one(await self._connection.fetchrow(_OF_PAYMENT, payment_id))

    async def named(
        self, provider: str, charge_id: UUID | None, reference: str | None
    ) -> Charge | None:
        """Return the charge that a provider speaks of."""
        return _one(await self._connection.fetchrow(_NAMED, provider, charge_id, reference))

    async def lease(
        self, provider: str, now: datetime, until: datetime, limit: int
    ) -> list[Charge]:
        """Take charges that are due; nobody else gets them before the lease ends.

        ``attempts`` counts the call that is about to be made.
        """
        rows = await self._connection.fetch(_LEASE, now, until, limit, provider)
        return [_charge(row) for row in rows]

    async def lease_one(
        self, provider: str, charge_id: UUID, now: datetime, until: datetime
    ) -> Charge | None:
        """Take one charge that nobody has asked for yet."""
        return _one(await self._connection.fetchrow(_LEASE_ONE, charge_id, now, until, provider))

    async def learn(
        self, charge_id: UUID, news: News, next_at: datetime | None, now: datetime
    ) -> Charge | None:
        """Store what a provider says; None where it changes nothing any more."""
        return _one(
            await self._connection.fetchrow(
                _LEARN,
                charge_id,
                news.status,
                news.reference,
                news.settlement,
                news.action_url,
                news.reason,
                next_at,
                now,
            )
        )

    async def keep_asking(
        self, charge_id: UUID, next_at: datetime, error: str | None, now: datetime
    ) -> None:
        """Note that a call brought nothing new, and when to make the next one."""
        await self._connection.execute(_KEEP_ASKING, charge_id, next_at, error, now)

    async def rest(self, charge_id: UUID) -> None:
        """Ask no more about a charge that has nothing open."""
        await self._connection.execute(_REST, charge_id)

    async def ask_soon(self, charge_id: UUID, now: datetime) -> None:
        """Have the provider asked about a charge at once, if it is still asked about."""
        await self._connection.execute(_ASK_SOON, charge_id, now)

    async def call_off(self, payment_ids: Iterable[UUID], now: datetime) -> list[UUID]:
        """Want no charge any more for these payments; returns the charges."""
        rows = await self._connection.fetch(_CALL_OFF, list(payment_ids), now)
        return [row["id"] for row in rows]

    async def dispute(self, charge_id: UUID, now: datetime) -> Charge | None:
        """Note that the card's owner took back what had not gone back before.

        None where that is known, or there is nothing of it.
        """
        await self._connection.execute(_LOCK, charge_id)
        return _one(await self._connection.fetchrow(_DISPUTE, charge_id, now))

    async def told(
        self, provider: str, event_id: str, kind: str, charge_id: UUID | None, now: datetime
    ) -> bool:
        """Note an event; False where it was told before."""
        return bool(await self._connection.execute(_TOLD, provider, event_id, kind, charge_id, now))


def _one(row: Any) -> Charge | None:
    return None if row is None else _charge(row)


def _charge(row: Any) -> Charge:
    values = dict(row)
    values["status"] = ChargeStatus(values["status"])
    return Charge(**values)
