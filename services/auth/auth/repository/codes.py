"""Owns the SQL of authorization codes, known only by their hash."""

# ruff: noqa: S608 - every text is put together from constants, once, at import

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from auth.domain.codes import AuthorizationCode
from auth.domain.links import digest
from auth.domain.scopes import Scope
from auth.domain.users import User, UserStatus
from auth.repository.users import COLUMNS, user_from
from kit.db import Connection

_ADD: Final = """
INSERT INTO authorization_code (code_hash, client_id, user_id, redirect_uri, challenge,
    token_version, amr, created_at, expires_at, password_digest, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_LOCK: Final = f"""
SELECT {COLUMNS}, c.client_id, c.redirect_uri, c.challenge, c.scopes,
    c.token_version AS logged_in_with, c.password_digest, c.amr, c.created_at AS given_at,
    c.expires_at, c.used_at, c.session_id
FROM authorization_code AS c JOIN user_account AS u ON u.id = c.user_id
WHERE c.code_hash = $1 FOR NO KEY UPDATE OF c
"""
_USE: Final = """
UPDATE authorization_code SET used_at = $2, session_id = $3 WHERE code_hash = $1
"""
_PURGE: Final = """
DELETE FROM authorization_code WHERE code_hash IN (
    SELECT code_hash FROM authorization_code WHERE expires_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code, its user as they are now, and the hash of their password."""

    code: AuthorizationCode
    user: User
    password_hash: str

    @property
    def is_unchanged(self) -> bool:
        """Tell whether the user has the password and rights of the login still."""
        is_active = self.user.status is UserStatus.ACTIVE
        has_rights = self.user.token_version == self.code.token_version
        return is_active and has_rights and digest(self.password_hash) == self.code.password_digest


class Codes:
    """Stores authorization codes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, code_hash: bytes, code: AuthorizationCode) -> None:
        """Store a code."""
        await self._connection.execute(
            _ADD,
            code_hash,
            code.client_id,
            code.user_id,
            code.redirect_uri,
            code.challenge,
            code.token_version,
            list(code.amr),
            code.created_at,
            code.expires_at,
            code.password_digest,
            sorted(code.scopes),
        )

    async def owner(self, code_hash: bytes) -> UUID | None:
        """Return whose login a code stands for, before anything is locked."""
        found: UUID | None = await self._connection.fetchval(
            "SELECT user_id FROM authorization_code WHERE code_hash = $1", code_hash
        )
        return found

    async def drop_unused(self, user_id: UUID) -> None:
        """Delete a user's unused codes; a used one still ends its session."""
        await self._connection.execute(
            "DELETE FROM authorization_code WHERE user_id = $1 AND used_at IS NULL", user_id
        )

    async def lock(self, code_hash: bytes) -> FoundCode | None:
        """Return a code, locked so that it is used once."""
        row = await self._connection.fetchrow(_LOCK, code_hash)
        if row is None:
            return None
        code = AuthorizationCode(
            client_id=row["client_id"],
            user_id=row["id"],
            redirect_uri=row["redirect_uri"],
            challenge=row["challenge"],
            scopes=frozenset(Scope(scope) for scope in row["scopes"]),
            token_version=row["logged_in_with"],
            password_digest=row["password_digest"],
            amr=tuple(row["amr"]),
            created_at=row["given_at"],
            expires_at=row["expires_at"],
            used_at=row["used_at"],
            session_id=row["session_id"],
        )
        return FoundCode(code, user_from(row), row["password_hash"] or "")

    async def use(self, code_hash: bytes, session_id: UUID | None, now: datetime) -> None:
        """Mark a code as used, by the session that it opened if it did."""
        await self._connection.execute(_USE, code_hash, now, session_id)

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete codes that expired before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)
