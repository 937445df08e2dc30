"""Stores payments: one statement for each intent, for many rows where many change.

Lock order, everywhere: payment rows first, in id order where there are many, then their sagas'
rows (which have the same ids). The payment's row decides between all who want to change it.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.bulk import BulkInsert
from payments.domain.limits import Limit
from payments.domain.payment import FINAL, Method, Payment, PaymentEnd, PaymentStatus
from payments.domain.reasons import PAYEE_NOT_ACTIVE, PAYER_NOT_ACTIVE, SERVICE_NOT_ACTIVE
from payments.repository.closing import noticing_closed

# For display, but what goes back to a card; each is a look-up by a key in the same statement.
_LOOKED_UP: Final = {
    "payer_username": "(SELECT username FROM party WHERE user_id = payment.payer_id)",
    "payee_username": "(SELECT username FROM party WHERE user_id = payment.payee_id)",
    "service_name": "(SELECT name FROM biller WHERE biller.id = payment.service_id)",
    "return_minor": """CASE WHEN payment.method = 'card' THEN (
        SELECT return_minor FROM charge WHERE payment_id = payment.id) END""",
    "return_status": """CASE WHEN payment.method = 'card' THEN (
        SELECT return_status FROM charge WHERE payment_id = payment.id) END""",
}
# In the order of the fields: a payment is made of a row in a sixth of the time that names take.
ROW: Final = ", ".join(
    f"{_LOOKED_UP.get(name, f'payment.{name}')} AS {name}" for name in Payment.__struct_fields__
)
_STATUS: Final = Payment.__struct_fields__.index("status")
_METHOD: Final = Payment.__struct_fields__.index("method")

_PAYMENTS: Final = BulkInsert(
    "payment",
    id="uuid",
    status="text",
    payer_id="uuid",
    payee_id="uuid",
    payer_account_id="uuid",
    payee_account_id="uuid",
    amount_minor="bigint",
    currency="text",
    card_last4="text",
    card_holder="text",
    description="text",
    metadata="jsonb",
    version="int",
    created_at="timestamptz",
    expires_at="timestamptz",
    service_id="uuid",
    method="text",
    execute_at="timestamptz",
    is_reserved="boolean",
    processing_at="timestamptz",
    counted_on="date",
    counted_minor="bigint",
    is_price_fixed="boolean",
    lines="jsonb",
    order_id="uuid",
)

_GET: Final = f"SELECT {ROW} FROM payment WHERE id = $1"

_AMONG: Final = f"SELECT {ROW} FROM payment WHERE id = ANY($1)"

_LOCK: Final = f"SELECT {ROW} FROM payment WHERE id = $1 FOR NO KEY UPDATE OF payment"

# Some of the ids may be those of refunds: these change their payments.
LOCK_MANY: Final = """
SELECT 1 FROM payment
WHERE id = ANY((SELECT $1::uuid[]) || ARRAY(
    SELECT payment_id FROM refund WHERE id = ANY((SELECT $1::uuid[])::uuid[])))
ORDER BY id FOR NO KEY UPDATE
"""

_NEWS_AMONG: Final = f"""
SELECT {ROW} FROM payment
WHERE id = ANY($1) AND (status = ANY($2) OR reserved_at IS NOT NULL)
"""

_OWN_LIMIT: Final = """(
    SELECT ARRAY[per_payment_minor, per_day_minor] FROM payment_limit
    WHERE user_id = payment.payer_id AND currency = payment.currency) AS own_limit
"""

# Locks first, in a materialized part: else a plan could check who is active, then wait for the
# lock, and claim by what was true before. The payer is compared so that no index is for it: while
# a table is young its statistics let one of the payer's look as good as the key, and that reads
# all of the payer's payments.
_CLAIM: Final = f"""
WITH wanted AS MATERIALIZED (
    SELECT payment.id, asked.payer_id, payment.payee_id, asked.method
    FROM unnest((SELECT $1::uuid[]), $2::uuid[], $4::text[]) AS asked (id, payer_id, method)
    JOIN payment ON payment.id = asked.id
    WHERE (payment.payer_id = asked.payer_id) IS TRUE
    ORDER BY payment.id FOR NO KEY UPDATE OF payment)
UPDATE payment SET status = 'processing', processing_at = $3, method = wanted.method
FROM wanted
WHERE payment.id = wanted.id AND status IN ('created', 'scheduled') AND expires_at > $3
  AND cancel_requested_at IS NULL
  AND NOT EXISTS (SELECT FROM party WHERE party.status IN ('disabled', 'deleted')
                  AND user_id IN (wanted.payer_id, wanted.payee_id)
                  UNION ALL SELECT FROM closed_party
                  WHERE user_id IN (wanted.payer_id, wanted.payee_id))
  AND (service_id IS NULL
       OR EXISTS (SELECT FROM biller WHERE biller.id = service_id AND biller.is_active))
RETURNING {ROW}, {_OWN_LIMIT}
"""

_CANCEL: Final = f"""
UPDATE payment SET status = 'cancelled', reason = $2, cancelled_at = $3, version = version + 1
WHERE id = $1
RETURNING {ROW}
"""

_REQUEST_CANCEL: Final = f"""
UPDATE payment SET cancel_requested_at = coalesce(cancel_requested_at, $2)
WHERE id = $1
RETURNING {ROW}
"""

_FINISH: Final = f"""
UPDATE payment SET
    status = ended.status,
    transfer_id = ended.transfer_id,
    reason = ended.reason,
    paid_at = CASE ended.status WHEN 'paid' THEN $5::timestamptz END,
    paid_minor = CASE ended.status WHEN 'paid' THEN coalesce(ended.paid_minor, amount_minor) END,
    failed_at = CASE ended.status WHEN 'failed' THEN $5::timestamptz END,
    cancelled_at = CASE ended.status WHEN 'cancelled' THEN $5::timestamptz END,
    debited_account_id = ended.debited_id,
    credited_account_id = ended.credited_id,
    version = version + 1
FROM unnest((SELECT $1::uuid[]), $2::text[], $3::uuid[], $4::text[], $6::bigint[], $7::uuid[],
    $8::uuid[]) AS ended (id, status, transfer_id, reason, paid_minor, debited_id, credited_id)
WHERE payment.id = ended.id AND payment.status IN ('created', 'processing')
RETURNING {ROW}
"""

_MARK_RESERVED: Final = f"""
UPDATE payment SET reserved_at = $2 WHERE id = ANY($1) RETURNING {ROW}
"""

_EXPIRE: Final = f"""
WITH overdue AS (
    SELECT id FROM payment
    WHERE listed_as = 'open' AND status = 'created' AND expires_at <= $1 AND NOT is_reserved
    ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE payment SET status = 'cancelled', reason = $2, cancelled_at = $1, version = version + 1
FROM overdue WHERE payment.id = overdue.id
RETURNING {ROW}
"""

_NEXT_DUE: Final = "SELECT min(execute_at) FROM payment WHERE listed_as = 'scheduled'"

_CLAIM_DUE: Final = f"""
WITH due AS (
    SELECT id, payer_id, payee_id, service_id FROM payment
    WHERE listed_as = 'scheduled' AND execute_at <= $1
    ORDER BY execute_at LIMIT $5 FOR UPDATE SKIP LOCKED),
judged AS (
    SELECT due.id, CASE WHEN payer.user_id IS NOT NULL THEN $2::text
                        WHEN payee.user_id IS NOT NULL OR closed.user_id IS NOT NULL THEN $3::text
                        WHEN biller.id IS NOT NULL THEN $4::text END AS barred_by
    FROM due
    LEFT JOIN party AS payer
        ON payer.user_id = due.payer_id AND payer.status IN ('disabled', 'deleted')
    LEFT JOIN party AS payee
        ON payee.user_id = due.payee_id AND payee.status IN ('disabled', 'deleted')
    LEFT JOIN closed_party AS closed ON closed.user_id = due.payee_id
    LEFT JOIN biller ON biller.id = due.service_id AND NOT biller.is_active)
UPDATE payment SET
    status = CASE WHEN barred_by IS NULL THEN 'processing' ELSE 'failed' END,
    processing_at = CASE WHEN barred_by IS NULL THEN $1::timestamptz END,
    failed_at = CASE WHEN barred_by IS NOT NULL THEN $1::timestamptz END,
    reason = barred_by,
    version = version + (barred_by IS NOT NULL)::int
FROM judged WHERE payment.id = judged.id
RETURNING {ROW}, {_OWN_LIMIT}
"""


class Payments:
    """Stored payments; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, created: Sequence[Payment]) -> None:
        """Store new payments, or payments that are paid at once, by one statement.

        Raises:
            PayerNotActive, PayeeNotActive: one of them has just been closed.
        """
        with noticing_closed({new.payer_id for new in created}):
            await _PAYMENTS.insert_objects(self._connection, created)

    async def get(self, payment_id: UUID) -> Payment | None:
        """Return a payment as it stands, whoever asks."""
        return _one(await self._connection.fetchrow(_GET, payment_id))

    async def claim(
        self, asked: Mapping[tuple[UUID, UUID], Method], now: datetime
    ) -> dict[tuple[UUID, UUID], tuple[Payment, Limit | None]]:
        """Move payments from created to processing; of all who try exactly one succeeds.

        A scheduled one is moved likewise, ahead of its time. Payments are asked for by id and
        payer, with how each is paid. Each comes with the limits that its payer has of their own, as
        that costs no statement more. One is missing where it can't be paid by this payer now, or
        somebody or the service is not active: ``decide_pay`` on what ``get`` gives says why. This
        is the hot path, so it is one statement.

        Raises:
            PayeeNotActive: somebody is being deleted at this very moment.
        """
        payment_ids, payer_ids = (list(column) for column in zip(*asked, strict=True))
        with noticing_closed(payer_ids):
            rows = await self._connection.fetch(
                _CLAIM, payment_ids, payer_ids, now, list(asked.values())
            )
        return {(row["id"], row["payer_id"]): _claimed(row) for row in rows}

    async def lock(self, payment_id: UUID) -> Payment | None:
        """Return a payment, locked until the unit of work ends."""
        return _one(await self._connection.fetchrow(_LOCK, payment_id))

    async def lock_many(self, payment_ids: Iterable[UUID]) -> None:
        """Lock payments in id order, for a batch that will change them."""
        await self._connection.execute(LOCK_MANY, list(payment_ids))

    async def cancel(self, locked: Payment, reason: str, now: datetime) -> Payment:
        """Cancel a payment that is locked and can be cancelled."""
        return _payment(await self._connection.fetchrow(_CANCEL, locked.id, reason, now))

    async def request_cancel(self, locked: Payment, now: datetime) -> Payment:
        """Store that a locked payment under way is to be cancelled."""
        return _payment(await self._connection.fetchrow(_REQUEST_CANCEL, locked.id, now))

    async def finish(self, outcomes: Sequence[PaymentEnd], now: datetime) -> list[Payment]:
        """End payments under way by one statement; leave those that have ended alone.

        A reserved one is under way while it is created: its money is set aside.
        """
        rows = await self._connection.fetch(
            _FINISH,
            [outcome.payment_id for outcome in outcomes],
            [outcome.status for outcome in outcomes],
            [outcome.transfer_id for outcome in outcomes],
            [outcome.reason for outcome in outcomes],
            now,
            [outcome.paid_minor for outcome in outcomes],
            [outcome.debited_account_id for outcome in outcomes],
            [outcome.credited_account_id for outcome in outcomes],
        )
        return _all(rows)

    async def mark_reserved(self, payment_ids: Iterable[UUID], now: datetime) -> list[Payment]:
        """Store that the money of these payments, which are locked, was set aside."""
        return _all(await self._connection.fetch(_MARK_RESERVED, list(payment_ids), now))

    async def claim_due(self, now: datetime, limit: int) -> list[tuple[Payment, Limit | None]]:
        """Claim scheduled payments whose time has come, earliest first; skip locked ones.

        They are processing then, or failed where payer, payee or service has been disabled since.
        Each comes with the limits that its payer has of their own.
        """
        rows = await self._connection.fetch(
            _CLAIM_DUE, now, PAYER_NOT_ACTIVE, PAYEE_NOT_ACTIVE, SERVICE_NOT_ACTIVE, limit
        )
        return [_claimed(row) for row in rows]

    async def next_due_at(self) -> datetime | None:
        """Return when the first scheduled payment is due; None where none is scheduled."""
        at: datetime | None = await self._connection.fetchval(_NEXT_DUE)
        return at

    async def expire(self, reason: str, now: datetime, limit: int) -> list[Payment]:
        """Cancel created payments whose time is over, oldest first; skip locked ones.

        Reserved ones end by their sagas, which give the money back.
        """
        return _all(await self._connection.fetch(_EXPIRE, now, reason, limit))

    async def news_among(self, payment_ids: Iterable[UUID]) -> list[Payment]:
        """Return those of the payments that are final, or whose money is set aside."""
        return _all(await self._connection.fetch(_NEWS_AMONG, list(payment_ids), list(FINAL)))


async def payments_among(connection: Connection, ids: Sequence[UUID]) -> list[Payment]:
    """Return the payments of these ids, in no order."""
    return _all(await connection.fetch(_AMONG, ids)) if ids else []


def _claimed(row: Any) -> tuple[Payment, Limit | None]:
    *values, own = row
    return _payment(values), None if own is None else Limit(*own)


def _one(row: Any) -> Payment | None:
    return None if row is None else _payment(row)


def payments_of(rows: Iterable[Any]) -> list[Payment]:
    """Return the payments of rows that hold ``ROW``."""
    return _all(rows)


def _all(rows: Iterable[Any]) -> list[Payment]:
    return [_payment(row) for row in rows]


def _payment(row: Any) -> Payment:
    values = list(row)
    values[_STATUS] = PaymentStatus(values[_STATUS])
    values[_METHOD] = Method(values[_METHOD])
    return Payment(*values)
