"""Owns the SQL of webhook endpoints; their secrets are encrypted.

Lock order: the user (advisory, when an endpoint is added), then endpoints in id order, then
deliveries.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span
from notifications.domain.endpoints import Endpoint, EndpointHealth, EndpointSubscription, OffReason

_ROW: Final = """
    id, user_id, url, description, event_types, is_active, off_reason, off_at, old_secret_until,
    created_at
"""
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('endpoints ' || $1, 0))"

_COUNT: Final = """
SELECT count(*) FROM webhook_endpoint WHERE user_id = $1 AND deleted_at IS NULL
"""

_ADD: Final = f"""
INSERT INTO webhook_endpoint (
    id, user_id, url, description, event_types, is_active, secret, failures, created_at)
VALUES ($1, $2, $3, $4, $5, true, $6, 0, $7)
RETURNING {_ROW}
"""

_PAGE: Final = f"""
SELECT {_ROW} FROM webhook_endpoint
WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR user_id = $1)
  AND (created_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
  AND created_at >= coalesce($5, '-infinity'::timestamptz)
  AND created_at < coalesce($6, 'infinity'::timestamptz)
ORDER BY created_at DESC, id DESC LIMIT $4
"""

_GET: Final = f"""
SELECT {_ROW} FROM webhook_endpoint
WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND deleted_at IS NULL
"""

_LOCK: Final = f"{_GET} FOR NO KEY UPDATE"

_CHANGE: Final = f"""
UPDATE webhook_endpoint SET url = $2, description = $3, event_types = $4, is_active = $5,
    off_reason = $6, off_at = $7,
    failures = CASE WHEN $8 THEN 0 ELSE failures END,
    resume_at = CASE WHEN $8 THEN NULL ELSE resume_at END
WHERE id = $1
RETURNING {_ROW}
"""

_ROTATE: Final = f"""
UPDATE webhook_endpoint
SET secret = $2, old_secret = CASE WHEN $3::timestamptz > $4::timestamptz THEN secret END,
    old_secret_until = CASE WHEN $3::timestamptz > $4::timestamptz THEN $3 END
WHERE id = $1
RETURNING {_ROW}
"""

# The row stays for the log of its deliveries, until the retention deletes both.
_DELETE: Final = """
UPDATE webhook_endpoint SET deleted_at = $2, is_active = false,
    off_reason = 'owner', off_at = coalesce(off_at, $2),
    secret = '', old_secret = NULL, old_secret_until = NULL, description = NULL
WHERE deleted_at IS NULL AND {}
RETURNING id
"""
_DELETE_ONE: Final = _DELETE.format("id = $1")
_DELETE_ALL: Final = _DELETE.format("user_id = ANY($1)")

# FOR KEY SHARE: they can't be deleted before the deliveries written for them are committed.
_SUBSCRIPTIONS: Final = """
SELECT id, user_id, event_types, is_active,
    (SELECT count(*) FROM (
        SELECT FROM webhook_delivery AS delivery
        WHERE delivery.endpoint_id = endpoint.id AND delivery.status = 'pending' LIMIT $2
     ) AS waiting) >= $2 AS is_full
FROM webhook_endpoint AS endpoint
WHERE user_id = ANY($1) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
"""

# Also of those that are off: they may be switched on again.
_LISTENERS: Final = """
SELECT DISTINCT user_id FROM webhook_endpoint
WHERE deleted_at IS NULL AND (event_types IS NULL OR $1 = ANY(event_types)) AND user_id > $2
ORDER BY user_id LIMIT $3
"""

_HEALTH: Final = """
SELECT id, user_id, url, failures, resume_at FROM webhook_endpoint
WHERE id = ANY($1) AND is_active ORDER BY id FOR NO KEY UPDATE
"""

_SAVE_HEALTH: Final = """
UPDATE webhook_endpoint AS endpoint SET failures = stands.failures, resume_at = stands.resume_at,
    is_active = stands.off_reason IS NULL, off_reason = stands.off_reason,
    off_at = CASE WHEN stands.off_reason IS NOT NULL THEN $5::timestamptz END
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[])
    AS stands (id, failures, resume_at, off_reason)
WHERE endpoint.id = stands.id
"""


class Endpoints:
    """Stores endpoints; writing needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, user_id: UUID) -> int:
        """Return a user's number of endpoints; nobody adds one until the unit ends."""
        await self._connection.execute(_ONE_AT_A_TIME, str(user_id))
        found: int = await self._connection.fetchval(_COUNT, user_id)
        return found

    async def add(self, new: Endpoint, secret: bytes) -> Endpoint:
        """Store an endpoint with its encrypted secret."""
        row = await self._connection.fetchrow(
            _ADD,
            new.id,
            new.user_id,
            new.url,
            new.description,
            new.event_types,
            secret,
            new.created_at,
        )
        return _endpoint(row)

    async def page(
        self,
        user_id: UUID | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
        span: Span = ALWAYS,
    ) -> list[Endpoint]:
        """Return a page of endpoints, newest first: a user's, or everybody's."""
        created_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(_PAGE, user_id, created_at, last_id, limit, *span)
        return [_endpoint(row) for row in rows]

    async def get(self, endpoint_id: UUID, user_id: UUID | None) -> Endpoint | None:
        """Return an endpoint of the user's; with None, anybody's."""
        return _one(await self._connection.fetchrow(_GET, endpoint_id, user_id))

    async def lock(self, endpoint_id: UUID, user_id: UUID) -> Endpoint | None:
        """Return an endpoint of the user's, locked until the unit of work ends."""
        return _one(await self._connection.fetchrow(_LOCK, endpoint_id, user_id))

    async def change(self, locked: Endpoint, *, starts_afresh: bool) -> Endpoint:
        """Store its owner's changes; `starts_afresh` resets its failures."""
        row = await self._connection.fetchrow(
            _CHANGE,
            locked.id,
            locked.url,
            locked.description,
            locked.event_types,
            locked.is_active,
            locked.off_reason,
            locked.off_at,
            starts_afresh,
        )
        return _endpoint(row)

    async def rotate(
        self, endpoint_id: UUID, secret: bytes, old_until: datetime, now: datetime
    ) -> Endpoint:
        """Store a new secret; the old one signs, too, until `old_until`."""
        return _endpoint(
            await self._connection.fetchrow(_ROTATE, endpoint_id, secret, old_until, now)
        )

    async def delete(self, endpoint_id: UUID, now: datetime) -> None:
        """Delete an endpoint and its secrets."""
        await self._connection.fetch(_DELETE_ONE, endpoint_id, now)

    async def delete_of(self, user_ids: Iterable[UUID], now: datetime) -> list[UUID]:
        """Delete all endpoints of users; return their ids."""
        rows = await self._connection.fetch(_DELETE_ALL, list(user_ids), now)
        return [row["id"] for row in rows]

    async def subscriptions(
        self, user_ids: Iterable[UUID], most_waiting: int
    ) -> list[EndpointSubscription]:
        """Return the users' endpoints with their event types, even those that are off.

        One is full if `most_waiting` deliveries wait for it.
        """
        rows = await self._connection.fetch(_SUBSCRIPTIONS, list(user_ids), most_waiting)
        return [
            EndpointSubscription(
                row["id"], row["user_id"], _types(row), row["is_active"], row["is_full"]
            )
            for row in rows
        ]

    async def listeners(self, event_type: str, after: UUID, limit: int) -> list[UUID]:
        """Return users with endpoints that choose a type of event, in order, from one on."""
        rows = await self._connection.fetch(_LISTENERS, event_type, after, limit)
        return [row["user_id"] for row in rows]

    async def health_of(self, endpoint_ids: Iterable[UUID]) -> list[EndpointHealth]:
        """Return the health of those that are on, locked in id order."""
        rows = await self._connection.fetch(_HEALTH, sorted(endpoint_ids))
        return [
            EndpointHealth(row["id"], row["user_id"], row["url"], row["failures"], row["resume_at"])
            for row in rows
        ]

    async def save_health(self, locked: Sequence[EndpointHealth], now: datetime) -> None:
        """Store endpoints' health by one statement."""
        await self._connection.execute(
            _SAVE_HEALTH,
            [one.endpoint_id for one in locked],
            [one.failures for one in locked],
            [one.resume_at for one in locked],
            [one.off_reason for one in locked],
            now,
        )


def _one(row: Any) -> Endpoint | None:
    return None if row is None else _endpoint(row)


def _endpoint(row: Any) -> Endpoint:
    values = dict(row)
    values["event_types"] = _types(row)
    values["off_reason"] = None if row["off_reason"] is None else OffReason(row["off_reason"])
    return Endpoint(**values)


def _types(row: Any) -> tuple[str, ...] | None:
    return None if row["event_types"] is None else tuple(row["event_types"])
