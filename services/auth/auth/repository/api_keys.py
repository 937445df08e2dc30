"""Owns the SQL of API keys, found by the hash of a secret."""

from datetime import datetime
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select, tuple_

from auth.domain.api_keys import ApiKey, KeyTerms
from auth.domain.scopes import Scope
from auth.repository.user_pages import PageEnd
from auth.tables import api_key
from kit.db import Connection
from kit.db.query import within
from kit.money import Money
from kit.span import ALWAYS, Span

_ADD: Final = """
INSERT INTO api_key (id, user_id, name, hint, secret_hash, scopes, wallet_ids, per_day_minor,
    currency, addresses, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_FIND: Final = """
SELECT *, secret_hash <> $1 AS is_old_secret FROM api_key
WHERE secret_hash = $1 OR old_secret_hash = $1
"""
_ROTATE: Final = """
UPDATE api_key SET old_secret_hash = secret_hash, old_secret_until = $4, secret_hash = $2, hint = $3
WHERE id = $1
"""
_TOUCH: Final = """
UPDATE api_key SET last_used_at = $2, last_address = $3
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $4)
"""
_ADD_PLACE: Final = """
UPDATE api_key SET places = places || $2::text WHERE id = $1 AND NOT places @> ARRAY[$2::text]
RETURNING cardinality(places)
"""
_PURGE: Final = """
DELETE FROM api_key WHERE id IN (
    SELECT id FROM api_key WHERE revoked_at < $1 OR expires_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


class ApiKeys:
    """Stores API keys; a revoked one is found by nobody but `revoked_since`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count_live(self, user_id: UUID, now: datetime) -> int:
        """Return how many keys of a user are neither revoked nor expired."""
        count: int = await self._connection.fetchval(
            """SELECT count(*) FROM api_key WHERE user_id = $1 AND revoked_at IS NULL
                AND (expires_at IS NULL OR expires_at > $2)""",
            user_id,
            now,
        )
        return count

    async def add(self, key: ApiKey, secret_hash: bytes) -> None:
        """Store a key."""
        terms, per_day = key.terms, key.terms.per_day
        await self._connection.execute(
            _ADD,
            key.id,
            key.user_id,
            terms.name,
            key.hint,
            secret_hash,
            sorted(terms.scopes),
            None if terms.wallet_ids is None else sorted(terms.wallet_ids),
            per_day and per_day.minor,
            per_day and per_day.currency,
            _texts(terms),
            key.created_at,
            terms.expires_at,
        )

    async def get(self, user_id: UUID, key_id: UUID) -> ApiKey | None:
        """Return one of a user's keys."""
        row = await self._connection.fetchrow(
            "SELECT * FROM api_key WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
            key_id,
            user_id,
        )
        return None if row is None else _key(row)

    async def lock(self, user_id: UUID, key_id: UUID) -> ApiKey | None:
        """Return one of a user's keys, locked against other changes."""
        row = await self._connection.fetchrow(
            """SELECT * FROM api_key WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
            FOR UPDATE""",
            key_id,
            user_id,
        )
        return None if row is None else _key(row)

    async def by_secret(self, secret_hash: bytes) -> tuple[ApiKey, bool] | None:
        """Return the key of a secret, even a revoked one, and whether the secret is old."""
        row = await self._connection.fetchrow(_FIND, secret_hash)
        return None if row is None else (_key(row), row["is_old_secret"])

    async def page(
        self, user_id: UUID, after: PageEnd | None, limit: int, span: Span = ALWAYS
    ) -> list[ApiKey]:
        """Return at most `limit` of a user's keys, newest first."""
        table = api_key.c
        query = (
            select(api_key)
            .where(table.user_id == user_id, table.revoked_at.is_(None))
            .order_by(table.created_at.desc(), table.id.desc())
            .limit(limit)
        )
        query = within(query, table.created_at, span)
        if after is not None:
            query = query.where(tuple_(table.created_at, table.id) < after)
        return [_key(row) for row in await self._connection.fetch(query)]

    async def change(self, key: ApiKey) -> None:
        """Store the name and the addresses of a locked key."""
        await self._connection.execute(
            "UPDATE api_key SET name = $2, addresses = $3 WHERE id = $1",
            key.id,
            key.terms.name,
            _texts(key.terms),
        )

    async def rotate(self, key: ApiKey, secret_hash: bytes) -> None:
        """Store the newest secret of a locked key; the one before works until its time."""
        await self._connection.execute(_ROTATE, key.id, secret_hash, key.hint, key.old_secret_until)

    async def revoke(self, user_id: UUID, key_id: UUID, now: datetime) -> bool:
        """Revoke one of a user's keys; tell whether there was one."""
        count = await self._connection.execute(
            """UPDATE api_key SET revoked_at = $3
            WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL""",
            key_id,
            user_id,
            now,
        )
        return count == 1

    async def touch(self, key_id: UUID, address: str, now: datetime, unless: datetime) -> None:
        """Store a use, unless one was stored after a time."""
        await self._connection.execute(_TOUCH, key_id, now, address, unless)

    async def add_place(self, key_id: UUID, place: str) -> int | None:
        """Remember a place; return how many there are now, None where it was known."""
        count: int | None = await self._connection.fetchval(_ADD_PLACE, key_id, place)
        return count

    async def revoked_since(self, since: datetime) -> list[UUID]:
        """Return the ids of keys that were revoked since then."""
        rows = await self._connection.fetch("SELECT id FROM api_key WHERE revoked_at > $1", since)
        return [row["id"] for row in rows]

    async def drop(self, user_id: UUID) -> None:
        """Delete a user's keys, whose names may be personal."""
        await self._connection.execute("DELETE FROM api_key WHERE user_id = $1", user_id)

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete keys that were revoked or expired before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)


def _texts(terms: KeyTerms) -> list[str] | None:
    return None if terms.addresses is None else [str(network) for network in terms.addresses]


def _key(row: Record) -> ApiKey:
    return ApiKey(
        id=row["id"],
        user_id=row["user_id"],
        terms=_terms(row),
        hint=row["hint"],
        created_at=row["created_at"],
        old_secret_until=row["old_secret_until"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
        last_address=row["last_address"],
        places=tuple(row["places"]),
    )


def _terms(row: Record) -> KeyTerms:
    minor, wallet_ids, addresses = row["per_day_minor"], row["wallet_ids"], row["addresses"]
    return KeyTerms(
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        wallet_ids=None if wallet_ids is None else frozenset(wallet_ids),
        per_day=None if minor is None else Money(minor, row["currency"]),
        addresses=None if addresses is None else tuple(ip_network(one) for one in addresses),
        expires_at=row["expires_at"],
    )
