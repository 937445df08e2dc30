"""Owns the SQL of faults of addresses, kept by hash, and of mutes."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import Span
from notifications.domain.bounces import AddressFaults
from notifications.domain.mails import MutedAddress

_FAULTS: Final = "count, first_at, last_at, muted_until"

_AMONG: Final = f"""
SELECT address_hash, {_FAULTS} FROM address_fault WHERE address_hash = ANY($1::bytea[])
"""
_LOCK: Final = f"SELECT {_FAULTS} FROM address_fault WHERE address_hash = $1 FOR UPDATE"
_SAVE: Final = """
INSERT INTO address_fault
    (address_hash, user_id, status, count, first_at, last_at, muted_until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (address_hash) DO UPDATE
SET user_id = excluded.user_id, status = excluded.status, count = excluded.count,
    first_at = excluded.first_at, last_at = excluded.last_at, muted_until = excluded.muted_until
"""
_FORGIVE: Final = "DELETE FROM address_fault WHERE address_hash = $1"
_LIFT: Final = "DELETE FROM address_fault WHERE user_id = $1 AND muted_until > $2"
_FORGET: Final = "DELETE FROM address_fault WHERE user_id = ANY($1)"
_PURGE: Final = """
DELETE FROM address_fault WHERE last_at < $1 AND (muted_until IS NULL OR muted_until < $1)
"""
# This table is small: it has refused addresses only, and they are purged.
_PAGE: Final = """
SELECT user_id, status, count, first_at, last_at, muted_until FROM address_fault
WHERE muted_until > $1 AND ($2::uuid IS NULL OR user_id = $2)
  AND (last_at, user_id) < (coalesce($3, 'infinity'::timestamptz), $4)
  AND last_at >= coalesce($6, '-infinity'::timestamptz)
  AND last_at < coalesce($7, 'infinity'::timestamptz)
ORDER BY last_at DESC, user_id DESC LIMIT $5
"""


class Addresses:
    """Stores addresses with faults; writing needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def among(self, hashes: Iterable[bytes]) -> dict[bytes, AddressFaults]:
        """Return the faults of those of the addresses that have some."""
        rows = await self._connection.fetch(_AMONG, list(hashes))
        return {row["address_hash"]: _faults(row) for row in rows}

    async def lock(self, address_hash: bytes) -> AddressFaults | None:
        """Return an address's faults, locked until the unit of work ends."""
        row = await self._connection.fetchrow(_LOCK, address_hash)
        return None if row is None else _faults(row)

    async def save(
        self, address_hash: bytes, user_id: UUID, status: str, faults: AddressFaults
    ) -> None:
        """Store an address's faults; `status` is the last enhanced code."""
        await self._connection.execute(
            _SAVE,
            address_hash,
            user_id,
            status,
            faults.count,
            faults.first_at,
            faults.last_at,
            faults.muted_until,
        )

    async def forgive(self, address_hash: bytes) -> None:
        """Delete the faults of an address that has accepted mail."""
        await self._connection.execute(_FORGIVE, address_hash)

    async def lift(self, user_id: UUID, now: datetime) -> bool:
        """Unmute a person's addresses; return False if none was muted."""
        return await self._connection.execute(_LIFT, user_id, now) > 0

    async def forget(self, user_ids: Iterable[UUID]) -> None:
        """Delete the faults of deleted people's addresses."""
        await self._connection.execute(_FORGET, list(user_ids))

    async def purge(self, before: datetime) -> None:
        """Delete faults that are older than this and mute nothing."""
        await self._connection.execute(_PURGE, before)

    async def muted(
        self,
        wanted: tuple[datetime, UUID | None, Span],
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[MutedAddress]:
        """Return a page of muted addresses, the last refused first.

        Args:
            wanted: Muted at which time, whose (None: everybody's), and last refused in which span.
            after: last_at and user_id of the last address on the page before.
            limit: How many at most.
        """
        now, user_id, span = wanted
        last_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(_PAGE, now, user_id, last_at, last_id, limit, *span)
        return [MutedAddress(**row) for row in rows]


def _faults(row: object) -> AddressFaults:
    return AddressFaults(**{name: row[name] for name in _FAULTS.split(", ")})  # type: ignore[index]
