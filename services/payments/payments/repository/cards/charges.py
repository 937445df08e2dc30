"""Stores charges of cards, by one statement for each intent.

Lock order: the payment's row, where there is one, then the charge and its refunds and disputes,
then the saga.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.cards.charges import SOONEST, Charge, ChargeStatus, News, ReturnStatus
from payments.domain.cards.returns import Return
from payments.repository.closing import noticing_closed

_ROW: Final = ", ".join(field.name for field in fields(Charge))
_CHARGE_ROW: Final = ", ".join(f"charge.{field.name}" for field in fields(Charge))

# A charge of the same id is left as it is: it was asked for twice.
_ADD: Final = """
INSERT INTO charge (id, payment_id, owner_id, account_id, provider, amount_minor, currency,
    description, status, return_url, expires_at, next_at, created_at, updated_at, receipt)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'wanted', $9, $10, $11, $12, $12, $14
WHERE $13 > (SELECT count(*) FROM charge
             WHERE owner_id = $3 AND status IN ('wanted', 'pending'))
ON CONFLICT DO NOTHING
"""

# So that charges which one person adds at the same moment are counted too.
_LOCK_OWNER: Final = "SELECT pg_advisory_xact_lock(hashtextextended('charges of ' || $1, 0))"

_GET: Final = f"SELECT {_ROW} FROM charge WHERE id = $1"

_AMONG: Final = f"SELECT {_ROW} FROM charge WHERE id = ANY($1)"

_OF_PAYMENT: Final = f"SELECT {_ROW} FROM charge WHERE payment_id = $1"

_OF_PAYMENTS: Final = f"SELECT {_ROW} FROM charge WHERE payment_id = ANY($1)"

# By our id where the provider repeats it, else by either of its ids; an id that it has given twice
# is that of the first charge.
_NAMED: Final = f"""
SELECT asked.position, found.*
FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS asked (charge_id, name, position)
CROSS JOIN LATERAL (
    SELECT {_ROW} FROM charge
    WHERE provider = $1 AND (id = charge_id OR reference = name OR settlement = name)
    ORDER BY id = charge_id DESC NULLS LAST, created_at, id LIMIT 1) AS found
"""

# Nobody else can store these ids of the provider's meanwhile; locked in the order of their keys.
_NAMES: Final = """
    unnest($1::uuid[], $2::text[], $3::text[]) AS told (id, reference, settlement)
    JOIN charge ON charge.id = told.id
"""
_LOCK_NAMES: Final = f"""
SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended(name, 0) AS key FROM {_NAMES}
    CROSS JOIN LATERAL (VALUES (told.reference, charge.reference),
                               (told.settlement, charge.settlement)) AS names (name, known)
    WHERE name IS NOT NULL AND known IS NULL ORDER BY key) AS new
"""

_NOT_THEIRS: Final = f"""
SELECT charge.id FROM {_NAMES}
WHERE charge.reference <> told.reference OR charge.settlement <> told.settlement
   OR EXISTS (SELECT FROM charge AS other
              WHERE other.provider = charge.provider AND other.reference = told.reference
                AND other.id <> charge.id)
   OR EXISTS (SELECT FROM charge AS other
              WHERE other.provider = charge.provider AND other.settlement = told.settlement
                AND other.id <> charge.id)
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

# Nothing undoes `succeeded`, and only `succeeded` may follow another end.
_LEARN: Final = f"""
UPDATE charge SET status = told.status, reference = coalesce(charge.reference, told.reference),
    settlement = coalesce(told.settlement, charge.settlement),
    action_url = coalesce(told.action_url, charge.action_url), reason = told.reason,
    attempts = 0, last_error = NULL, lease_until = NULL, next_at = told.next_at, updated_at = $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::timestamptz[]) AS told (id, status, reference, settlement, action_url, reason, next_at)
WHERE charge.id = told.id AND CASE told.status
    WHEN 'succeeded' THEN charge.status <> 'succeeded'
    ELSE charge.status IN ('wanted', 'pending') END
RETURNING {_CHARGE_ROW}
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

_LOCK: Final = "SELECT 1 FROM charge WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"

_TOPPED_UP: Final = """
UPDATE charge SET topped_up_at = $2, updated_at = $2 WHERE id = $1 AND topped_up_at IS NULL
"""

_CALL_OFF_TOP_UP: Final = """
UPDATE charge SET is_called_off = true, updated_at = $2 WHERE id = $1 AND NOT is_called_off
"""

_SAVE_RETURN: Final = """
UPDATE charge SET return_minor = $2, return_status = $3, updated_at = $4 WHERE id = $1
"""

_READ_REFUNDS: Final = "UPDATE charge SET refunds_due_at = $2 WHERE id = ANY($1)"

_LEASE_REFUNDS: Final = f"""
UPDATE charge SET refunds_due_at = $2
WHERE id IN (
    SELECT id FROM charge WHERE refunds_due_at <= $1 AND provider = $4
    ORDER BY refunds_due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_ROW}
"""

# Of any provider: those of a former one are never called, but there are hardly any.
_NEXT: Final = """
SELECT least((SELECT min(next_at) FROM charge), (SELECT min(refunds_due_at) FROM charge),
             (SELECT min(next_at) FROM card_refund))
"""

_REFUNDS_READ: Final = """
UPDATE charge SET refunds_due_at = NULL WHERE id = $1 AND refunds_due_at = $2
"""


class Charges:
    """Stored charges; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Charge, now: datetime, most: int) -> bool:
        """Store a charge to be made; the same id twice is one charge.

        False where its owner has as many open as one may have.
        """
        await self._connection.execute(_LOCK_OWNER, str(new.owner_id))
        with noticing_closed((new.owner_id,)):
            added = await self._connection.execute(
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
                now + SOONEST,  # the caller asks at once; the loop asks if that fails
                now,
                most,
                new.receipt,
            )
        return bool(added) or await self.get(new.id) is not None

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
        self, provider: str, names: Sequence[tuple[UUID | None, str | None]]
    ) -> list[Charge | None]:
        """Return the charges that a provider names by our ids or its own, in order."""
        ids, references = [one for one, _ in names], [name for _, name in names]
        found: list[Charge | None] = [None] * len(names)
        for row in await self._connection.fetch(_NAMED, provider, ids, references):
            values = dict(row)
            position = values.pop("position")
            found[position - 1] = _charge(values)
        return found

    async def of_payments(self, payment_ids: Iterable[UUID]) -> list[Charge]:
        """Return the charges that pay these payments."""
        rows = await self._connection.fetch(_OF_PAYMENTS, list(payment_ids))
        return [_charge(row) for row in rows]

    async def lock_many(self, charge_ids: Iterable[UUID]) -> None:
        """Lock charges in id order, for a batch that will change them."""
        await self._connection.execute(_LOCK, list(charge_ids))

    async def lease(
        self, provider: str, now: datetime, until: datetime, limit: int
    ) -> list[Charge]:
        """Lease charges that are due; nobody else gets them before the lease ends.

        ``attempts`` counts the call that is about to be made.
        """
        rows = await self._connection.fetch(_LEASE, now, until, limit, provider)
        return [_charge(row) for row in rows]

    async def lease_one(
        self, provider: str, charge_id: UUID, now: datetime, until: datetime
    ) -> Charge | None:
        """Lease one charge that the provider has not been asked for yet."""
        return _one(await self._connection.fetchrow(_LEASE_ONE, charge_id, now, until, provider))

    async def not_theirs(self, news: Mapping[UUID, News]) -> set[UUID]:
        """Return the charges whose news carries a provider's id that is not theirs.

        The id is another charge's, or the charge has another one. If several news of one batch have
        the same id, the first keeps it.
        """
        values = news.values()
        names = ([one.reference for one in values], [one.settlement for one in values])
        await self._connection.execute(_LOCK_NAMES, list(news), *names)
        rows = await self._connection.fetch(_NOT_THEIRS, list(news), *names)
        return {row["id"] for row in rows} | _repeated(news)

    async def learn(
        self, news: Mapping[UUID, News], next_at: datetime, now: datetime
    ) -> list[Charge]:
        """Store what a provider says of charges; return those that it changed.

        A charge that is still open is asked about again at ``next_at``.
        """
        values = news.values()
        rows = await self._connection.fetch(
            _LEARN,
            list(news),
            [one.status for one in values],
            [one.reference for one in values],
            [one.settlement for one in values],
            [one.action_url for one in values],
            [one.reason for one in values],
            [next_at if one.status is ChargeStatus.PENDING else None for one in values],
            now,
        )
        return [_charge(row) for row in rows]

    async def keep_asking(
        self, charge_id: UUID, next_at: datetime, error: str | None, now: datetime
    ) -> None:
        """Store that a call brought nothing new, and when to make the next one."""
        await self._connection.execute(_KEEP_ASKING, charge_id, next_at, error, now)

    async def rest(self, charge_id: UUID) -> None:
        """Stop asking about a charge that has nothing open."""
        await self._connection.execute(_REST, charge_id)

    async def ask_soon(self, charge_id: UUID, now: datetime) -> None:
        """Make the next call about a charge due now, if there is one."""
        await self._connection.execute(_ASK_SOON, charge_id, now)

    async def call_off(self, payment_ids: Iterable[UUID], now: datetime) -> list[UUID]:
        """Call off the charges of these payments; return the charges' ids."""
        rows = await self._connection.fetch(_CALL_OFF, list(payment_ids), now)
        return [row["id"] for row in rows]

    async def topped_up(self, charge_id: UUID, now: datetime) -> None:
        """Store that the wallet which a charge tops up has got the money."""
        await self._connection.execute(_TOPPED_UP, charge_id, now)

    async def call_off_top_up(self, charge_id: UUID, now: datetime) -> None:
        """Store that the wallet which a charge tops up can't get the money."""
        await self._connection.execute(_CALL_OFF_TOP_UP, charge_id, now)

    async def save_return(self, charge_id: UUID, said: Return, now: datetime) -> None:
        """Store how the money of a charge goes back to the card."""
        await self._connection.execute(_SAVE_RETURN, charge_id, said.minor, said.status, now)

    async def read_refunds(self, charge_ids: Iterable[UUID], now: datetime) -> None:
        """Plan to read from the provider which refunds these charges have."""
        await self._connection.execute(_READ_REFUNDS, list(charge_ids), now)

    async def lease_refunds(
        self, provider: str, now: datetime, until: datetime, limit: int
    ) -> list[Charge]:
        """Lease charges whose refunds are to be read; they are due again until read."""
        rows = await self._connection.fetch(_LEASE_REFUNDS, now, until, limit, provider)
        return [_charge(row) for row in rows]

    async def next_call_at(self) -> datetime | None:
        """Return when a provider is to be called next; None where it is not."""
        at: datetime | None = await self._connection.fetchval(_NEXT)
        return at

    async def refunds_read(self, charge_id: UUID, until: datetime) -> None:
        """Store that a charge's refunds were read, unless a newer reading was planned."""
        await self._connection.execute(_REFUNDS_READ, charge_id, until)


def _repeated(news: Mapping[UUID, News]) -> set[UUID]:
    """Return those charges whose news has the same provider's id as one before."""
    found, given = set(), set[str]()
    for charge_id, one in news.items():
        wanted = {name for name in (one.reference, one.settlement) if name}
        if wanted & given:
            found.add(charge_id)
        given |= wanted
    return found


def _one(row: Any) -> Charge | None:
    return None if row is None else _charge(row)


def _charge(row: Any) -> Charge:
    values = dict(row)
    values["status"] = ChargeStatus(values["status"])
    if values["return_status"] is not None:
        values["return_status"] = ReturnStatus(values["return_status"])
    return Charge(**values)
