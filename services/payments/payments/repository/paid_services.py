"""Stores paid services; reads one, several, or a page along indexes by time."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span
from payments.domain.paid_services import PaidService

_ROW: Final = """
    id, name, description, price_minor, currency, owner_id, account_id, is_active, created_at,
    updated_at
"""

_ADD: Final = f"""
INSERT INTO biller ({_ROW}, search_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

_GET: Final = f"SELECT {_ROW} FROM biller WHERE id = $1"

_AMONG: Final = f"SELECT {_ROW} FROM biller WHERE id = ANY($1)"

_WITHDRAW: Final = """
UPDATE biller SET is_active = false, updated_at = $2 WHERE owner_id = ANY($1) AND is_active
"""

_SAVE: Final = """
UPDATE biller SET name = $2, description = $3, price_minor = $4, account_id = $5, is_active = $6,
    updated_at = $7, search_key = $8
WHERE id = $1
"""

# Along one of two indexes; the search narrows on the way.
_PAGE: Final = f"""
SELECT {_ROW} FROM biller
WHERE {{whose}} AND is_active = $2 AND ($3::text IS NULL OR strpos(search_key, $3) > 0)
  AND (created_at, id) < (coalesce($4, 'infinity'::timestamptz), $5)
  AND created_at >= coalesce($7, '-infinity'::timestamptz)
  AND created_at < coalesce($8, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $6
"""
_OF_ALL: Final = _PAGE.format(whose="$1::uuid IS NULL")
_OF_ONE: Final = _PAGE.format(whose="owner_id = $1")
_OWNED: Final = """
SELECT count(*) FROM (SELECT FROM biller WHERE owner_id = $1 LIMIT $2) AS found
"""


class PaidServices:
    """Stored paid services; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def owned(self, owner_id: UUID, most: int) -> int:
        """Return how many paid services a person has; at most ``most``."""
        return int(await self._connection.fetchval(_OWNED, owner_id, most))

    async def add(self, new: PaidService) -> None:
        """Store a new paid service."""
        await self._connection.execute(
            _ADD,
            new.id,
            new.name,
            new.description,
            new.price_minor,
            new.currency,
            new.owner_id,
            new.account_id,
            new.is_active,
            new.created_at,
            new.updated_at,
            new.search_key,
        )

    async def get(self, paid_service_id: UUID) -> PaidService | None:
        """Return a paid service, active or not."""
        return _one(await self._connection.fetchrow(_GET, paid_service_id))

    async def among(self, named: Iterable[UUID | None]) -> dict[UUID | None, PaidService]:
        """Return those of the named paid services that exist, by id, active or not."""
        ids = list(named)
        rows = await self._connection.fetch(_AMONG, ids) if ids else []
        return {paid_service.id: paid_service for paid_service in _all(rows)}

    async def lock(self, paid_service_id: UUID) -> PaidService | None:
        """Return a paid service, locked until the unit of work ends."""
        return _one(await self._connection.fetchrow(f"{_GET} FOR NO KEY UPDATE", paid_service_id))

    async def save(self, changed: PaidService) -> None:
        """Store a locked paid service as it is now."""
        await self._connection.execute(
            _SAVE,
            changed.id,
            changed.name,
            changed.description,
            changed.price_minor,
            changed.account_id,
            changed.is_active,
            changed.updated_at,
            changed.search_key,
        )

    async def withdraw(self, owner_ids: Iterable[UUID], now: datetime) -> None:
        """Make the paid services of deleted people inactive."""
        await self._connection.execute(_WITHDRAW, list(owner_ids), now)

    async def page(
        self,
        wanted: tuple[UUID | None, bool, str | None],
        after: tuple[datetime, UUID] | None,
        limit: int,
        span: Span = ALWAYS,
    ) -> list[PaidService]:
        """Return a page of paid services, newest first.

        Args:
            wanted: Whose (None: everybody's), active ones or the others, and a part of
                ``PaidService.search_key``.
            after: created_at and id of the paid service that the page before ended with.
            limit: How many at most.
            span: When they were first offered.
        """
        statement = _OF_ALL if wanted[0] is None else _OF_ONE
        place = after or (None, LAST_ID)
        return _all(await self._connection.fetch(statement, *wanted, *place, limit, *span))


def _one(row: Any) -> PaidService | None:
    return None if row is None else PaidService(**row)


def _all(rows: Iterable[Any]) -> list[PaidService]:
    return [PaidService(**row) for row in rows]
