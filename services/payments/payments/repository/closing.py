"""Stores which users are closed, and reads what of theirs is under way.

Triggers refuse what begins something with a closed user, in every table (migrations 0012, 0021).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import RestrictViolationError

from kit.db import UnitOfWork
from payments.refusals import Open, PayeeNotActive, PayerNotActive

# Waits for those who are beginning something with the user, and keeps others out until COMMIT.
_ALONE: Final = "SELECT pg_advisory_xact_lock(7301, hashtext($1::uuid::text) & 1023)"

_CLOSE: Final = """
INSERT INTO closed_party (user_id, closed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""

_REOPEN: Final = "DELETE FROM closed_party WHERE user_id = $1"

# A payment to the user that others have only created or reserved is no obstacle, as anybody could
# create one again and again; it can't be paid any more, and what is set aside is freed. Nor is a
# charge that was called off, as its money would go back to the card; nor a dispute of a whole
# charge (`disputed:…`), as no more news of it comes.
_STANDING: Final = """
SELECT 'payment', id, status, amount_minor, currency FROM payment
WHERE payer_id = $1 AND listed_as IN ('scheduled', 'open')
    AND (status <> 'created' OR is_reserved OR expires_at > $2)
UNION ALL
SELECT 'payment', id, status, amount_minor, currency FROM payment
WHERE payee_id = $1 AND listed_as = 'open' AND status = 'processing'
UNION ALL
SELECT 'refund', refund.id, refund.status, refund.amount_minor, currency
FROM payment JOIN refund ON refund.payment_id = payment.id
WHERE (payer_id = $1 OR payee_id = $1) AND refund.status = 'processing'
UNION ALL
SELECT 'charge', id, status, amount_minor, currency FROM charge
WHERE owner_id = $1 AND payment_id IS NULL AND status IN ('wanted', 'pending')
UNION ALL
SELECT 'bulk', id, 'processing', NULL, NULL FROM bulk WHERE user_id = $1 AND done < total
UNION ALL
SELECT 'dispute', dispute.id, CASE WHEN is_warning THEN 'warning' ELSE 'open' END,
    dispute.amount_minor, charge.currency
FROM dispute JOIN charge ON charge.id = charge_id LEFT JOIN payment ON payment.id = payment_id
WHERE dispute.closed_at IS NULL AND $1 IN (charge.owner_id, payment.payee_id)
    AND dispute.reference NOT LIKE 'disputed:%'
UNION ALL
SELECT 'movement', movement.id, 'processing', abs(movement.amount_minor), charge.currency
FROM movement JOIN charge ON charge.id = charge_id LEFT JOIN payment ON payment.id = payment_id
WHERE movement.next_at IS NOT NULL AND source = 'payee'
    AND coalesce(payment.payee_id, charge.owner_id) = $1
UNION ALL
SELECT 'return', card_refund.id, card_refund.status, card_refund.amount_minor, charge.currency
FROM card_refund JOIN charge ON charge.id = charge_id LEFT JOIN payment ON payment.id = payment_id
WHERE card_refund.status IN ('wanted', 'pending') AND origin <> 'refund'
    AND $1 IN (charge.owner_id, payment.payee_id)
LIMIT 50
"""


class ClosedParties:
    """Users who are closed, within one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def take_alone(self, user_id: UUID) -> None:
        """Let nobody begin anything with this user until the unit of work ends."""
        await self._uow.execute(_ALONE, user_id)

    async def standing(self, user_id: UUID, now: datetime) -> list[Open]:
        """Return what of the user's is not over, 50 things at most."""
        return [Open(*row) for row in await self._uow.fetch(_STANDING, user_id, now)]

    async def close(self, user_id: UUID, now: datetime) -> None:
        """Close a user, once."""
        await self._uow.execute(_CLOSE, user_id, now)

    async def reopen(self, user_id: UUID) -> None:
        """Undo `close`."""
        await self._uow.execute(_REOPEN, user_id)


@contextmanager
def noticing_closed(payer_ids: Collection[UUID]) -> Iterator[None]:
    """Turn a trigger's refusal within the block into the party's refusal.

    The transaction is aborted then.

    Raises:
        PayerNotActive: it is one of the payers.
        PayeeNotActive: it is somebody else.
    """
    try:
        yield
    except RestrictViolationError as error:
        told = error.as_dict()
        if told.get("constraint_name") != "party_is_open":
            raise
        is_payer = UUID(told["detail"]) in payer_ids
        raise PayerNotActive if is_payer else PayeeNotActive from None
