"""Lists everybody's refunds, bulks and charges, for administrators."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span
from payments.domain.bulk import Bulk
from payments.domain.filters import ListedCharge
from payments.domain.refunds import Refund
from payments.repository.refunds import ROW, refunds_of

After = tuple[datetime, UUID] | None

_PAGE: Final = """
    AND (created_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
    AND created_at >= coalesce(${begin}, '-infinity'::timestamptz)
    AND created_at < coalesce(${end}, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $1
"""

_REFUNDS: Final = f"""
SELECT {ROW} FROM refund
WHERE ($4::uuid IS NULL OR payment_id = $4)
    AND ($5::text IS NULL OR status = $5)
    AND ($6::uuid IS NULL OR transfer_id = $6)
    AND (($7::uuid IS NULL AND $8::uuid IS NULL) OR EXISTS (
        SELECT FROM payment WHERE payment.id = refund.payment_id
        AND ($7::uuid IS NULL OR payer_id = $7) AND ($8::uuid IS NULL OR payee_id = $8)))
    {_PAGE.format(begin=9, end=10)}
"""

_BULKS: Final = f"""
SELECT id, user_id, total, done, created_at FROM bulk WHERE {{whose}} {_PAGE.format(begin=5, end=6)}
"""
_BULKS_OF_ALL: Final = _BULKS.format(whose="$4::uuid IS NULL")
_BULKS_OF_ONE: Final = _BULKS.format(whose="user_id = $4")

_COUNTS: Final = """
SELECT bulk_id, CASE WHEN code IS NOT NULL THEN 'refused' ELSE coalesce(payment.status, 'waiting')
    END AS status, count(*) AS count
FROM bulk_row LEFT JOIN payment ON payment.id = payment_id
WHERE bulk_id = ANY($1) GROUP BY 1, 2
"""

_CHARGES: Final = f"""
SELECT id, payment_id, account_id, owner_id, provider, reference, amount_minor, currency, status,
    reason, attempts, last_error, return_minor, return_status, created_at, updated_at
FROM charge
WHERE {{whose}} AND ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR provider = $6)
    AND ($7::text IS NULL OR return_status = $7)
    {_PAGE.format(begin=8, end=9)}
"""
_CHARGES_OF_ALL: Final = _CHARGES.format(whose="$4::uuid IS NULL")
_CHARGES_OF_ONE: Final = _CHARGES.format(whose="owner_id = $4")
_CHARGES_OF_PAYMENT: Final = _CHARGES.format(whose="payment_id = $4")
# Few charges go back, so they have an index of their own.
_CHARGES_BACK: Final = _CHARGES.format(whose="$4::uuid IS NULL AND return_status = $7")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundsWanted:
    """Filters of a list of refunds; None does not narrow."""

    payment_id: UUID | None = None
    status: str | None = None
    transfer_id: UUID | None = None
    payer_id: UUID | None = None
    payee_id: UUID | None = None
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargesWanted:
    """Filters of a list of charges; None does not narrow."""

    payment_id: UUID | None = None
    owner_id: UUID | None = None
    status: str | None = None
    provider: str | None = None
    return_status: str | None = None
    span: Span = ALWAYS


class Oversight:
    """Lists over everybody's rows, newest first, along indexes by time.

    Reads any connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def refunds(self, wanted: RefundsWanted, after: After, limit: int) -> list[Refund]:
        """Return a page of refunds."""
        rows = await self._connection.fetch(
            _REFUNDS,
            limit,
            *(after or (None, LAST_ID)),
            wanted.payment_id,
            wanted.status,
            wanted.transfer_id,
            wanted.payer_id,
            wanted.payee_id,
            *wanted.span,
        )
        return refunds_of(rows)

    async def bulks(
        self, user_id: UUID | None, after: After, limit: int, span: Span = ALWAYS
    ) -> list[Bulk]:
        """Return a page of bulks, of one person where one is named."""
        statement = _BULKS_OF_ALL if user_id is None else _BULKS_OF_ONE
        before = after or (None, LAST_ID)
        rows = await self._connection.fetch(statement, limit, *before, user_id, *span)
        return [Bulk(**dict(row)) for row in rows]

    async def counts(self, bulk_ids: Iterable[UUID]) -> Mapping[UUID, dict[str, int]]:
        """Return how many rows of each bulk have each status."""
        ids = list(bulk_ids)
        found: dict[UUID, dict[str, int]] = {one: {} for one in ids}
        for row in await self._connection.fetch(_COUNTS, ids) if ids else []:
            found[row["bulk_id"]][row["status"]] = row["count"]
        return found

    async def charges(self, wanted: ChargesWanted, after: After, limit: int) -> list[ListedCharge]:
        """Return a page of charges."""
        payment_id, owner_id = wanted.payment_id, wanted.owner_id
        of_all = _CHARGES_OF_ALL if wanted.return_status is None else _CHARGES_BACK
        statement = of_all if owner_id is None else _CHARGES_OF_ONE
        if payment_id is not None:
            statement = _CHARGES_OF_PAYMENT
        rows = await self._connection.fetch(
            statement,
            limit,
            *(after or (None, LAST_ID)),
            payment_id or owner_id,
            wanted.status,
            wanted.provider,
            wanted.return_status,
            *wanted.span,
        )
        return [ListedCharge(**dict(row)) for row in rows]
