"""Owns the SQL of owners: locking all accounts of one, closing and reopening."""

# ruff: noqa: S608 (texts are put together from the constants of this file, at import)

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from wallet.domain.wallets import Wallet

_KEY = "hashtextextended('owner ' || owner_id::text, 0)"

# Taken before any row is locked, so that closing an owner and opening their wallet take turns.
_TOGETHER = f"""
SELECT pg_advisory_xact_lock_shared({_KEY}) FROM unnest($1::uuid[]) AS given (owner_id)
"""
_ALONE = f"SELECT pg_advisory_xact_lock({_KEY}) FROM (VALUES ($1::uuid)) AS given (owner_id)"

_LOCK_ACCOUNTS = f"""
SELECT {", ".join(Wallet._fields)} FROM account
WHERE owner_id = $1 ORDER BY id FOR NO KEY UPDATE
"""

_COUNT = "SELECT count(*) FROM account WHERE owner_id = $1 AND NOT is_default"

_IS_CLOSED = "SELECT EXISTS (SELECT FROM closed_owner WHERE owner_id = $1)"

_CLOSE = "INSERT INTO closed_owner (owner_id, closed_at, frozen_ids) VALUES ($1, $2, $3)"

_CLOSE_ACCOUNTS = "UPDATE account SET status = 'closed' WHERE owner_id = $1"

_REOPEN = "DELETE FROM closed_owner WHERE owner_id = $1 RETURNING frozen_ids"

_REOPEN_ACCOUNTS = """
UPDATE account SET status = CASE WHEN id = ANY($2) THEN 'frozen' ELSE 'active' END
WHERE owner_id = $1
"""


class Owners:
    """Locks, closes and reopens owners within one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def hold_open(self, owner_ids: Collection[UUID]) -> None:
        """Keep these owners from being closed or reopened until the unit of work ends."""
        await self._uow.execute(_TOGETHER, sorted(owner_ids))

    async def take_alone(self, owner_id: UUID) -> None:
        """Keep others from opening or closing this owner's wallets until the unit ends."""
        await self._uow.execute(_ALONE, owner_id)

    async def lock_accounts(self, owner_id: UUID) -> list[Wallet]:
        """Lock all accounts of an owner in id order, as postings do, and return them."""
        return [Wallet(*row) for row in await self._uow.fetch(_LOCK_ACCOUNTS, owner_id)]

    async def further_wallets(self, owner_id: UUID) -> int:
        """Return how many wallets the owner has besides the default ones."""
        count: int = await self._uow.fetchval(_COUNT, owner_id)
        return count

    async def is_closed(self, owner_id: UUID) -> bool:
        """Tell whether the owner is closed."""
        closed: bool = await self._uow.fetchval(_IS_CLOSED, owner_id)
        return closed

    async def close(self, owner_id: UUID, frozen_ids: Sequence[UUID], now: datetime) -> None:
        """Close an owner, with all wallets they have or will get.

        `frozen_ids` are the wallets to freeze again if the owner is reopened.
        """
        await self._uow.execute(_CLOSE, owner_id, now, frozen_ids)
        await self._uow.execute(_CLOSE_ACCOUNTS, owner_id)

    async def reopen(self, owner_id: UUID) -> None:
        """Undo `close`; nothing changes for an owner who is not closed."""
        row = await self._uow.fetchrow(_REOPEN, owner_id)
        if row is not None:
            await self._uow.execute(_REOPEN_ACCOUNTS, owner_id, row["frozen_ids"])
