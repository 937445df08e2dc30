"""Owns the SQL of sessions; they are rotated by compare-and-set."""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select, tuple_

from auth.domain.scopes import Scope
from auth.domain.sessions import Session
from auth.domain.users import User
from auth.repository.user_pages import PageEnd
from auth.repository.users import user_from
from auth.tables import client, session
from kit.db import Connection
from kit.db.query import within
from kit.span import ALWAYS, Span

# The user is read again, under a lock, so that nobody gets a session who was disabled, or whose
# password was replaced, since the password was checked.
# The oldest sessions beyond the most allowed end. Logins at the same moment may each leave one too
# many, which the next login ends. A row that another transaction is changing is left to the next
# login, too, so that no login waits for another.
_OPEN_SESSION: Final = """
WITH opened AS (
    INSERT INTO session (id, user_id, hmac_key, user_agent, created_at, rotated_at, expires_at,
        authenticated_at, amr, address, client_id, scopes)
    SELECT $1, u.id, $2, $3, $4, $4, $5, $10, $11, $12, $13, $14 FROM user_account u
    WHERE u.id = $6 AND u.status = 'active' AND u.password_hash = $7 AND u.token_version = $8
    FOR SHARE
    RETURNING id),
crowded_out AS (
    UPDATE session SET ended_at = $4, end_reason = 'too_many'
    WHERE EXISTS (SELECT FROM opened) AND id IN (
        SELECT id FROM session WHERE ended_at IS NULL AND id IN (
            SELECT id FROM session WHERE user_id = $6 AND ended_at IS NULL AND expires_at > $4
            ORDER BY created_at DESC, id DESC OFFSET $9)
        FOR UPDATE SKIP LOCKED)
    RETURNING id)
SELECT (SELECT array_agg(id) FROM crowded_out) AS crowded_out FROM opened
"""
_PURGE: Final = """
DELETE FROM session WHERE id IN (
    SELECT id FROM session WHERE ended_at < $1 OR expires_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
_END_SESSIONS: Final = """
UPDATE session SET ended_at = $2, end_reason = $3
WHERE user_id = $1 AND ended_at IS NULL
    AND ($4::uuid IS NULL OR id = $4) AND ($5::uuid IS NULL OR id <> $5)
RETURNING id
"""
_WITH_USER: Final = """
SELECT u.id, u.number, u.username, u.email, u.full_name, u.status, u.roles, u.token_version,
    u.version, u.created_at, u.activated_at, u.language, u.factors, u.confirm_above,
    s.id AS session_id, s.user_id, s.counter, s.hmac_key, s.created_at AS opened_at, s.rotated_at,
    s.expires_at, s.ended_at, s.user_agent, s.authenticated_at, s.amr, s.address, s.client_id,
    s.scopes
FROM session s JOIN user_account u ON u.id = s.user_id
WHERE s.id = $1
"""


class Sessions:
    """Stores sessions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(
        self, new: Session, user: User, password_hash: str, *, most: int
    ) -> list[UUID] | None:
        """Store a session and end the oldest ones beyond `most`; return these.

        Returns None, and stores nothing, if the user has changed since the password was checked.
        """
        row = await self._connection.fetchrow(
            _OPEN_SESSION,
            new.id,
            new.hmac_key,
            new.user_agent,
            new.created_at,
            new.expires_at,
            user.id,
            password_hash,
            user.token_version,
            most - 1,
            new.authenticated_at,
            list(new.amr),
            new.address,
            new.client_id,
            sorted(new.scopes),
        )
        return None if row is None else row["crowded_out"] or []

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its user."""
        row = await self._connection.fetchrow(_WITH_USER, session_id)
        return None if row is None else (_session(row), user_from(row))

    async def rotate(self, read: Session, rotated: Session) -> bool:
        """Store a refresh unless another one came first: a compare-and-set."""
        count = await self._connection.execute(
            """UPDATE session SET counter = $3, rotated_at = $4, expires_at = $5, address = $6
            WHERE id = $1 AND counter = $2 AND ended_at IS NULL""",
            read.id,
            read.counter,
            rotated.counter,
            rotated.rotated_at,
            rotated.expires_at,
            rotated.address,
        )
        return count == 1

    async def step_up(self, stronger: Session) -> None:
        """Store when and how a session's user has last proved who they are."""
        await self._connection.execute(
            "UPDATE session SET authenticated_at = $2, amr = $3 WHERE id = $1",
            stronger.id,
            stronger.authenticated_at,
            list(stronger.amr),
        )

    async def end(
        self,
        user_id: UUID,
        now: datetime,
        reason: str,
        *,
        only: UUID | None = None,
        but: UUID | None = None,
    ) -> list[UUID]:
        """End a user's live sessions (all, only one, all but one) and return their ids."""
        rows = await self._connection.fetch(_END_SESSIONS, user_id, now, reason, only, but)
        return [row["id"] for row in rows]

    async def page(
        self,
        user_id: UUID,
        now: datetime,
        after: PageEnd | None,
        limit: int,
        span: Span = ALWAYS,
    ) -> list[Session]:
        """Return at most `limit` of a user's live sessions, newest first."""
        table = session.c
        query = (
            select(
                session,
                table.id.label("session_id"),
                table.created_at.label("opened_at"),
                client.c.name.label("client_name"),
            )
            .outerjoin(client, client.c.id == table.client_id)
            .where(table.user_id == user_id, table.ended_at.is_(None), table.expires_at > now)
            .order_by(table.created_at.desc(), table.id.desc())
            .limit(limit)
        )
        query = within(query, table.created_at, span)
        if after is not None:
            query = query.where(tuple_(table.created_at, table.id) < after)
        return [_session(row) for row in await self._connection.fetch(query)]

    async def ended_since(self, since: datetime) -> list[UUID]:
        """Return the ids of sessions that were ended since then."""
        rows = await self._connection.fetch("SELECT id FROM session WHERE ended_at > $1", since)
        return [row["id"] for row in rows]

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete sessions that ended or expired before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)


def _session(row: Record) -> Session:
    return Session(
        id=row["session_id"],
        user_id=row["user_id"],
        counter=row["counter"],
        hmac_key=row["hmac_key"],
        created_at=row["opened_at"],
        rotated_at=row["rotated_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        authenticated_at=row["authenticated_at"],
        amr=tuple(row["amr"]),
        address=row["address"],
        user_agent=row["user_agent"],
        client_id=row["client_id"],
        client_name=row.get("client_name"),
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
    )
