"""Stores what services have asked for on behalf of merchants.

The row of a payment is inserted before the payment, so that of a command to take it and one to
return it the first decides; later it changes under the payment's lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.merchants import MerchantPayment, MerchantRefund

# Sorted, so that two batches that add the same rows wait for each other and never deadlock.
_ADD: Final = """
INSERT INTO merchant_payment (payment_id, asker, subject, take_id, return_id, refusal)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[])
    AS given (payment_id) ORDER BY payment_id
ON CONFLICT (payment_id) DO NOTHING
RETURNING payment_id
"""

_AMONG: Final = """
SELECT payment_id, asker, subject, take_id, return_id, refusal FROM merchant_payment
WHERE payment_id = ANY($1)
"""

_REFUSE: Final = """
UPDATE merchant_payment SET refusal = refused.code
FROM unnest($1::uuid[], $2::text[]) AS refused (payment_id, code)
WHERE merchant_payment.payment_id = refused.payment_id
"""

_WANT_BACK: Final = """
UPDATE merchant_payment SET asker = wanted.asker, subject = wanted.subject,
    return_id = wanted.return_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[])
    AS wanted (payment_id, asker, subject, return_id)
WHERE merchant_payment.payment_id = wanted.payment_id
RETURNING merchant_payment.payment_id, refusal
"""

_ADD_REFUND: Final = """
INSERT INTO merchant_refund (refund_id, asker, subject, command_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (refund_id) DO NOTHING
"""

_GET_REFUND: Final = """
SELECT refund_id, asker, subject, command_id, refusal FROM merchant_refund WHERE refund_id = $1
"""

_REFUSE_REFUND: Final = "UPDATE merchant_refund SET refusal = $2 WHERE refund_id = $1"


class Merchants:
    """What was asked for; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, asked: Sequence[MerchantPayment]) -> set[UUID]:
        """Store payments that are asked for; return the ids of those not known before."""
        rows = await self._connection.fetch(
            _ADD,
            [one.payment_id for one in asked],
            [one.asker for one in asked],
            [one.subject for one in asked],
            [one.take_id for one in asked],
            [one.return_id for one in asked],
            [one.refusal for one in asked],
        )
        return {row["payment_id"] for row in rows}

    async def among(self, payment_ids: Iterable[UUID]) -> dict[UUID, MerchantPayment]:
        """Return those of the payments that a service has asked for, by id."""
        rows = await self._connection.fetch(_AMONG, list(payment_ids))
        return {row["payment_id"]: MerchantPayment(**row) for row in rows}

    async def refuse(self, codes: Mapping[UUID, str]) -> None:
        """Store why there are no such payments."""
        await self._connection.execute(_REFUSE, list(codes), list(codes.values()))

    async def want_back(self, wanted: Sequence[MerchantPayment]) -> list[UUID]:
        """Store by which command payments, which are locked, are to be returned.

        Returns the ids of those that were taken, not refused.
        """
        rows = await self._connection.fetch(
            _WANT_BACK,
            [one.payment_id for one in wanted],
            [one.asker for one in wanted],
            [one.subject for one in wanted],
            [one.return_id for one in wanted],
        )
        return [row["payment_id"] for row in rows if row["refusal"] is None]

    async def add_refund(self, asked: MerchantRefund) -> bool:
        """Store a refund that is asked for; False where it was before."""
        added = await self._connection.execute(
            _ADD_REFUND, asked.refund_id, asked.asker, asked.subject, asked.command_id
        )
        return added == 1

    async def refund(self, refund_id: UUID) -> MerchantRefund | None:
        """Return a refund as it was asked for; None where no service has."""
        row: Any = await self._connection.fetchrow(_GET_REFUND, refund_id)
        return None if row is None else MerchantRefund(**row)

    async def refuse_refund(self, refund_id: UUID, code: str) -> None:
        """Store why there is no such refund."""
        await self._connection.execute(_REFUSE_REFUND, refund_id, code)
