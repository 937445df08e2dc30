"""Owns the SQL of registered OAuth clients; a deleted one is found by nobody."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from auth.domain.oauth_clients import OAuthClient
from auth.domain.scopes import Scope
from auth.repository.user_pages import PageEnd
from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span

_ROW: Final = """id, name, redirect_uris, scopes, secret_hash, old_secret_hash, old_secret_until,
    disabled_at, created_by, created_at"""
_ADD: Final = f"INSERT INTO client ({_ROW}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_GET: Final = f"SELECT {_ROW} FROM client WHERE id = $1 AND deleted_at IS NULL"
_LOCK: Final = f"{_GET} FOR NO KEY UPDATE"
# Whoever changes it waits, so that no session is opened beside the ending of all.
_HOLD: Final = f"{_GET} FOR SHARE"
_SAVE: Final = """
UPDATE client SET name = $2, redirect_uris = $3, scopes = $4, secret_hash = $5,
    old_secret_hash = $6, old_secret_until = $7, disabled_at = $8
WHERE id = $1
"""
_DELETE: Final = """
UPDATE client SET deleted_at = $2, disabled_at = coalesce(disabled_at, $2)
WHERE id = $1 AND deleted_at IS NULL
"""
_PAGE: Final = f"""
SELECT {_ROW} FROM client
WHERE deleted_at IS NULL
  AND (created_at, id) < (coalesce($1, 'infinity'::timestamptz), $2)
  AND created_at >= coalesce($4, '-infinity'::timestamptz)
  AND created_at < coalesce($5, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $3
"""
_END_SESSIONS: Final = """
UPDATE session SET ended_at = $2, end_reason = $3 WHERE client_id = $1 AND ended_at IS NULL
RETURNING id
"""


class OAuthClients:
    """Stores registered clients."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: OAuthClient) -> None:
        """Store a client."""
        await self._connection.execute(_ADD, *_values(new), new.created_by, new.created_at)

    async def get(self, client_id: UUID) -> OAuthClient | None:
        """Return a client, also one that is switched off."""
        return _client(await self._connection.fetchrow(_GET, client_id))

    async def lock(self, client_id: UUID) -> OAuthClient | None:
        """Return a client, locked to be changed."""
        return _client(await self._connection.fetchrow(_LOCK, client_id))

    async def hold(self, client_id: UUID) -> OAuthClient | None:
        """Return a client that nobody changes until the unit ends."""
        return _client(await self._connection.fetchrow(_HOLD, client_id))

    async def save(self, changed: OAuthClient) -> None:
        """Store a changed client."""
        await self._connection.execute(_SAVE, *_values(changed))

    async def delete(self, client_id: UUID, now: datetime) -> bool:
        """Delete a client; tell whether there was one."""
        return await self._connection.execute(_DELETE, client_id, now) == 1

    async def end_sessions(self, client_id: UUID, now: datetime, reason: str) -> list[UUID]:
        """End all live sessions of a client and return their ids."""
        rows = await self._connection.fetch(_END_SESSIONS, client_id, now, reason)
        return [row["id"] for row in rows]

    async def page(
        self, after: PageEnd | None, limit: int, span: Span = ALWAYS
    ) -> list[OAuthClient]:
        """Return at most `limit` clients, newest first."""
        created_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(_PAGE, created_at, last_id, limit, *span)
        return [OAuthClient(**_told(row)) for row in rows]


def _values(client: OAuthClient) -> tuple[Any, ...]:
    return (
        client.id,
        client.name,
        list(client.redirect_uris),
        sorted(client.scopes),
        client.secret_hash,
        client.old_secret_hash,
        client.old_secret_until,
        client.disabled_at,
    )


def _client(row: Record | None) -> OAuthClient | None:
    return None if row is None else OAuthClient(**_told(row))


def _told(row: Record) -> dict[str, Any]:
    scopes = frozenset(Scope(scope) for scope in row["scopes"])
    return dict(row) | {"redirect_uris": tuple(row["redirect_uris"]), "scopes": scopes}
