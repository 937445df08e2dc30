"""Owns the SQL of wallets: finding, opening, listing, freezing, top-ups of a day."""

# ruff: noqa: S608 (texts are put together from the constants of this file, at import)

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import select, tuple_

from kit.db.query import within
from kit.db.unit_of_work import Connection
from kit.span import ALWAYS, Span
from wallet.domain.wallets import (
    HOUSE_IS_FULL_MINOR,
    HouseAccount,
    NewDefault,
    Wallet,
    WalletKey,
    WalletStatus,
)
from wallet.tables import account

_COLUMNS = ", ".join(Wallet._fields)

_FIND = f"SELECT {_COLUMNS} FROM account WHERE id = ANY ($1::uuid[]) AND owner_id IS NOT NULL"

_FIND_DEFAULT = f"""
SELECT {_COLUMNS} FROM account WHERE owner_id = $1 AND currency = $2 AND is_default
"""

_FIND_DEFAULTS = """
SELECT owner_id, currency, account.id
FROM unnest($1::uuid[], $2::text[]) AS given (owner_id, currency)
JOIN account USING (owner_id, currency) WHERE is_default
"""

# Sorted, so that two batches that open the same wallets wait for each other and never deadlock.
_OPEN_DEFAULTS = f"""
INSERT INTO account (id, owner_id, currency, kind, name, is_default, status, moved_at, created_at)
SELECT id, owner_id, currency, kind, name, true,
       CASE WHEN EXISTS (SELECT FROM closed_owner WHERE closed_owner.owner_id = given.owner_id)
            THEN 'closed' ELSE 'active' END, $6, $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    AS given (id, owner_id, currency, kind, name)
ORDER BY owner_id, currency
ON CONFLICT (owner_id, currency) WHERE is_default DO NOTHING
RETURNING {_COLUMNS}
"""

_OPEN = f"""
INSERT INTO account (id, owner_id, currency, kind, name, is_default, moved_at, created_at)
VALUES ($1, $2, $3, 'wallet', $4, false, $5, $5)
RETURNING {_COLUMNS}
"""

_FIND_BY_NUMBER = f"SELECT {_COLUMNS} FROM account WHERE number = $1 AND owner_id IS NOT NULL"

# Debts are paid back to the account that has lent them, so `debts` has one generation.
_FIND_HOUSE = """
SELECT id, generation, kind <> 'debts' AND abs(balance_minor) >= $4 AS is_full FROM account
WHERE owner_id IS NULL AND kind = $1 AND name = $2 AND currency = $3
ORDER BY generation DESC LIMIT 1
"""

_OPEN_HOUSE = """
INSERT INTO account (kind, name, currency, id, generation, is_default, moved_at, created_at)
VALUES ($1, $2, $3, $4, $5, false, $6, $6)
ON CONFLICT (kind, name, currency, generation) WHERE owner_id IS NULL DO NOTHING
"""

_SET_STATUS = f"""
UPDATE account SET status = $2 WHERE id = $1 AND owner_id IS NOT NULL AND status <> 'closed'
RETURNING {_COLUMNS}
"""

# One row for each owner and currency, which starts again at 0 on the next day. So requests of one
# owner take turns here, and there is nothing to purge.
_COUNT_TOP_UP = """
INSERT INTO top_up_day (owner_id, currency, day, asked_minor) VALUES ($1, $2, $3, $4)
ON CONFLICT (owner_id, currency) DO UPDATE SET day = excluded.day,
    asked_minor = CASE WHEN top_up_day.day = excluded.day THEN top_up_day.asked_minor ELSE 0 END
        + excluded.asked_minor
RETURNING asked_minor
"""


class WalletFilter(NamedTuple):
    """A filter of wallets; None does not narrow."""

    owners: Collection[UUID] | None
    currency: str | None = None
    status: WalletStatus | None = None
    number: int | None = None
    span: Span = ALWAYS
    ids: Collection[UUID] | None = None


class Wallets:
    """Reads and opens wallets, and opens house accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, wallet_id: UUID) -> Wallet | None:
        """Return a wallet by id; house accounts are not found."""
        return (await self.find_all([wallet_id])).get(wallet_id)

    async def find_all(self, ids: Collection[UUID]) -> dict[UUID, Wallet]:
        """Return by id those of the wallets that there are."""
        rows = await self._connection.fetch(_FIND, ids)
        return {row["id"]: Wallet(*row) for row in rows}

    async def find_by_number(self, number: int) -> Wallet | None:
        """Return a wallet by its short number."""
        row = await self._connection.fetchrow(_FIND_BY_NUMBER, number)
        return None if row is None else Wallet(*row)

    async def find_default(self, key: WalletKey) -> Wallet | None:
        """Return an owner's default wallet of a currency, if it is open."""
        row = await self._connection.fetchrow(_FIND_DEFAULT, *key)
        return None if row is None else Wallet(*row)

    async def find_defaults(self, keys: Collection[WalletKey]) -> dict[WalletKey, UUID]:
        """Return the ids of those default wallets that are open."""
        owners, currencies = zip(*keys, strict=True)
        rows = await self._connection.fetch(_FIND_DEFAULTS, owners, currencies)
        return {WalletKey(owner_id, currency): found for owner_id, currency, found in rows}

    async def page(
        self, wanted: WalletFilter, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Wallet]:
        """Return a page of wallets, newest first."""
        columns = [account.c[name] for name in Wallet._fields]
        newest = (account.c.created_at.desc(), account.c.id.desc())
        query = select(*columns).order_by(*newest).limit(limit)
        if wanted.owners is None:
            query = query.where(account.c.owner_id.is_not(None))
        else:
            query = query.where(account.c.owner_id.in_(wanted.owners))
        if wanted.ids is not None:
            query = query.where(account.c.id.in_(wanted.ids))
        for name in ("currency", "status", "number"):
            value = getattr(wanted, name)
            if value is not None:
                query = query.where(account.c[name] == value)
        query = within(query, account.c.created_at, wanted.span)
        if before is not None:
            query = query.where(tuple_(account.c.created_at, account.c.id) < tuple_(*before))
        return [Wallet(*row) for row in await self._connection.fetch(query)]

    async def open_defaults(self, opening: Sequence[NewDefault], now: datetime) -> list[Wallet]:
        """Open default wallets and merchants' accounts; leave out those that exist.

        A closed owner's wallet is closed from the start.
        """
        rows = await self._connection.fetch(
            _OPEN_DEFAULTS,
            [new.id for new in opening],
            [new.key.owner_id for new in opening],
            [new.key.currency for new in opening],
            [new.kind for new in opening],
            [new.name for new in opening],
            now,
        )
        return [Wallet(*row) for row in rows]

    async def open(self, wallet_id: UUID, key: WalletKey, name: str, now: datetime) -> Wallet:
        """Open another wallet, which is not a default one."""
        (row,) = await self._connection.fetch(_OPEN, wallet_id, *key, name, now)
        return Wallet(*row)

    async def house_account(self, wanted: HouseAccount, new_id: UUID, now: datetime) -> UUID:
        """Return a house account, opened as `new_id` if needed.

        It is the latest account of its name; when that one is full, the next is opened.
        """
        find = (_FIND_HOUSE, *wanted, HOUSE_IS_FULL_MINOR)
        found = await self._connection.fetchrow(*find)
        if found is None or found["is_full"]:
            next_one = 1 if found is None else found["generation"] + 1
            await self._connection.execute(_OPEN_HOUSE, *wanted, new_id, next_one, now)
            found = await self._connection.fetchrow(*find)
        assert found is not None  # noqa: S101 - it is never deleted
        return cast("UUID", found["id"])

    async def set_status(self, wallet_id: UUID, status: WalletStatus) -> Wallet | None:
        """Set `active` or `frozen`; return None if the wallet is missing or closed."""
        row = await self._connection.fetchrow(_SET_STATUS, wallet_id, status)
        return None if row is None else Wallet(*row)

    async def count_top_up(self, key: WalletKey, day: date, amount_minor: int) -> int:
        """Add to what an owner tops up in a currency on a day; return the day's sum."""
        asked: int = await self._connection.fetchval(_COUNT_TOP_UP, *key, day, amount_minor)
        return asked
