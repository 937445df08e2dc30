"""Owns the SQL of webhook messages, deliveries and attempts, set by set.

`next_at` says when a pending delivery is due. A worker that leases a delivery sets it to the end of
the lease, so what a dead worker held becomes due again by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from notifications.domain.deliveries import DeliveryEnd, Job, NewDelivery, Room, WebhookMessage
from notifications.domain.endpoints import MOST_ATTEMPTS

_ADD: Final = """
WITH message AS (
    INSERT INTO webhook_message
        (id, user_id, type, sequence, body, occurred_at, payment_id, created_at)
    SELECT *, $7 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bytea[],
        $6::timestamptz[], $12::uuid[])
    ON CONFLICT DO NOTHING)
INSERT INTO webhook_delivery (id, endpoint_id, message_id, status, next_at, created_at)
SELECT id, endpoint_id, message_id,
    CASE WHEN is_active THEN 'pending' ELSE 'skipped' END, CASE WHEN is_active THEN $7 END, $7
FROM unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::bool[])
    AS new (id, endpoint_id, message_id, is_active)
ON CONFLICT (message_id, endpoint_id) DO NOTHING
"""

# The endpoints that something waits for, each by one look at the index.
_WAITING_ENDPOINTS: Final = """
WITH RECURSIVE waiting AS (
    (SELECT endpoint_id FROM webhook_delivery WHERE status = 'pending'
     ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT delivery.endpoint_id FROM webhook_delivery AS delivery
            WHERE delivery.status = 'pending' AND delivery.endpoint_id > waiting.endpoint_id
            ORDER BY delivery.endpoint_id LIMIT 1)
    FROM waiting WHERE waiting.endpoint_id IS NOT NULL)
"""

_NEXT: Final = f"""
{_WAITING_ENDPOINTS}
SELECT min(greatest(first.next_at, endpoint.resume_at))
FROM waiting
JOIN webhook_endpoint AS endpoint ON endpoint.id = waiting.endpoint_id
CROSS JOIN LATERAL (
    SELECT delivery.next_at FROM webhook_delivery AS delivery
    WHERE delivery.endpoint_id = endpoint.id AND delivery.status = 'pending'
    ORDER BY delivery.next_at LIMIT 1) AS first
WHERE endpoint.is_active
"""  # noqa: S608 - of constants

# First it finds the endpoints with waiting deliveries, by steps from one endpoint to the next along
# the index, however many wait for each. Then it takes the oldest deliveries of each endpoint that
# there is room for. If not all fit, each owner gets their first before anybody gets their second,
# and at most $7 less those under way, however many endpoints they have.
_CLAIM: Final = f"""
{_WAITING_ENDPOINTS},
busy AS (
    SELECT one.endpoint_id, endpoint.user_id, one.count
    FROM unnest($2::uuid[], $3::int[]) AS one (endpoint_id, count)
    JOIN webhook_endpoint AS endpoint ON endpoint.id = one.endpoint_id),
found AS (
    SELECT endpoint.id AS endpoint_id, endpoint.user_id, found.id, found.next_at,
        row_number() OVER (PARTITION BY endpoint.id ORDER BY found.next_at, found.id) AS turn
    FROM waiting
    JOIN webhook_endpoint AS endpoint ON endpoint.id = waiting.endpoint_id
    LEFT JOIN busy ON busy.endpoint_id = endpoint.id
    CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.next_at FROM webhook_delivery AS delivery
        WHERE delivery.endpoint_id = endpoint.id AND delivery.status = 'pending'
          AND delivery.next_at <= $1
        ORDER BY delivery.next_at, delivery.id
        LIMIT greatest(0, CASE WHEN endpoint.failures = 0 THEN $4 ELSE 1 END
                          - coalesce(busy.count, 0))
        FOR UPDATE SKIP LOCKED) AS found
    WHERE endpoint.is_active AND (endpoint.resume_at IS NULL OR endpoint.resume_at <= $1)),
due AS (
    SELECT id, next_at, user_id,
        row_number() OVER (PARTITION BY user_id ORDER BY turn, next_at, id) AS turn
    FROM found),
chosen AS (
    SELECT id FROM due
    LEFT JOIN (SELECT user_id, sum(count) AS count FROM busy GROUP BY user_id) AS held
        USING (user_id)
    WHERE due.turn + coalesce(held.count, 0) <= $7
    ORDER BY due.turn, due.next_at LIMIT $5)
UPDATE webhook_delivery AS delivery SET next_at = $6, leased_until = $6
FROM chosen, webhook_endpoint AS endpoint, webhook_message AS message
WHERE delivery.id = chosen.id
  AND endpoint.id = delivery.endpoint_id AND message.id = delivery.message_id
RETURNING delivery.id AS delivery_id, delivery.endpoint_id, delivery.message_id, endpoint.url,
    endpoint.secret,
    CASE WHEN endpoint.old_secret_until > $1 THEN endpoint.old_secret END AS old_secret,
    message.body, delivery.tries, delivery.attempts, endpoint.failures > 0 AS had_failures
"""  # noqa: S608 - of constants

# An attempt counts once: its number tells whether it is stored already.
_RECORD: Final = """
WITH ended AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[],
        $5::timestamptz[], $6::int[], $7::int[], $8::text[], $9::text[])
        AS ended (id, number, status, next_at, at, status_code, milliseconds, answer, error)),
written AS (
    UPDATE webhook_delivery AS delivery SET
        status = ended.status, next_at = ended.next_at, leased_until = NULL,
        tries = delivery.tries + 1, attempts = ended.number,
        delivered_at = CASE WHEN ended.status = 'delivered' THEN $10::timestamptz END
    FROM ended
    WHERE delivery.id = ended.id AND delivery.attempts = ended.number - 1
      AND delivery.status = 'pending'
    RETURNING delivery.id),
forgotten AS (
    DELETE FROM webhook_attempt AS attempt USING ended
    WHERE attempt.delivery_id = ended.id AND attempt.number = ended.number - $11)
INSERT INTO webhook_attempt (delivery_id, number, at, status_code, milliseconds, answer, error)
SELECT id, number, at, status_code, milliseconds, answer, error FROM ended JOIN written USING (id)
"""

_SKIP_WAITING: Final = """
UPDATE webhook_delivery AS delivery SET status = 'skipped', next_at = NULL, leased_until = NULL
FROM webhook_endpoint AS endpoint
WHERE endpoint.id = delivery.endpoint_id AND NOT endpoint.is_active
  AND delivery.status = 'pending'
  AND (delivery.leased_until IS NULL OR delivery.leased_until <= $1)
  AND ($2::uuid[] IS NULL OR endpoint.id = ANY($2))
"""

# A delivery that a worker holds stays with it, but its schedule starts again, too.
_REPLAY: Final = """
UPDATE webhook_delivery SET status = 'pending', tries = 0, delivered_at = NULL,
    next_at = CASE WHEN leased_until > $3 THEN next_at ELSE $3 END
WHERE id = $1 AND endpoint_id = $2
RETURNING id
"""

_REPLAY_SPAN: Final = """
UPDATE webhook_delivery SET status = 'pending', tries = 0, delivered_at = NULL, next_at = $4
WHERE id IN (
    SELECT id FROM webhook_delivery
    WHERE endpoint_id = $1 AND created_at >= $2 AND created_at < $3 AND status <> 'pending'
    ORDER BY created_at, id LIMIT $5)
"""

# Deliveries and attempts are deleted with their message.
_PURGE: Final = """
DELETE FROM webhook_message WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM webhook_message WHERE created_at < $1 LIMIT $2))
"""
# One person's messages are limited, whatever the retention; this reads only the index.
_USERS_WITH_MORE: Final = """
SELECT user_id FROM webhook_message GROUP BY user_id HAVING count(*) > $1
"""
_PURGE_OLDEST: Final = """
DELETE FROM webhook_message WHERE id = ANY(ARRAY(
    SELECT id FROM webhook_message WHERE user_id = $1
    ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT $3))
"""
_PURGE_OF_DELETED: Final = """
DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
    SELECT delivery.id FROM webhook_delivery AS delivery
    JOIN (SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY deleted_at DESC, id) AS place
          FROM webhook_endpoint WHERE deleted_at IS NOT NULL) AS endpoint
        ON endpoint.id = delivery.endpoint_id
    WHERE endpoint.place > $1 LIMIT $2))
"""
_PURGE_ENDPOINTS: Final = """
DELETE FROM webhook_endpoint AS endpoint WHERE deleted_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM webhook_delivery WHERE endpoint_id = endpoint.id)
"""
_WAITING: Final = """
SELECT count(*) FROM (
    SELECT FROM webhook_delivery WHERE endpoint_id = $1 AND status = 'pending' LIMIT $2) AS waiting
"""


class Deliveries:
    """Stores deliveries; writing needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, messages: Sequence[WebhookMessage], new: Sequence[NewDelivery], now: datetime
    ) -> None:
        """Store messages and deliveries by one statement; stored ones stay as they are."""
        await self._connection.execute(
            _ADD,
            [one.id for one in messages],
            [one.user_id for one in messages],
            [one.type for one in messages],
            [one.sequence for one in messages],
            [one.body for one in messages],
            [one.occurred_at for one in messages],
            now,
            [one.id for one in new],
            [one.endpoint_id for one in new],
            [one.message_id for one in new],
            [one.is_active for one in new],
            [one.payment_id for one in messages],
        )

    async def next_at(self) -> datetime | None:
        """Return when the first delivery is due that may be made; None where none waits."""
        at: datetime | None = await self._connection.fetchval(_NEXT)
        return at

    async def claim(
        self, busy: Mapping[UUID, int], now: datetime, until: datetime, room: Room
    ) -> list[Job]:
        """Lease due deliveries, oldest first, as many as there is room for.

        `busy` counts the deliveries under way for each endpoint; an endpoint that failed lately
        gets one at a time.
        """
        rows = await self._connection.fetch(
            _CLAIM,
            now,
            list(busy),
            list(busy.values()),
            room.endpoint,
            room.all,
            until,
            room.owner,
        )
        return [Job(**row) for row in rows]

    async def record(self, ended: Sequence[DeliveryEnd], now: datetime) -> None:
        """Store attempts and their deliveries' next states, by one statement."""
        await self._connection.execute(
            _RECORD,
            [one.job.delivery_id for one in ended],
            [one.job.attempts + 1 for one in ended],
            [one.next.status for one in ended],
            [one.next.at for one in ended],
            [one.attempt.at for one in ended],
            [one.attempt.reply.status_code for one in ended],
            [one.attempt.milliseconds for one in ended],
            [one.attempt.answer for one in ended],
            [one.attempt.reply.error for one in ended],
            now,
            MOST_ATTEMPTS,
        )

    async def skip_waiting(self, now: datetime, endpoint_ids: Sequence[UUID] | None = None) -> int:
        """Skip waiting deliveries of endpoints that are off: these, or all of them."""
        return await self._connection.execute(_SKIP_WAITING, now, endpoint_ids)

    async def replay(self, delivery_id: UUID, endpoint_id: UUID, now: datetime) -> bool:
        """Make a delivery due now, with a new schedule; return False if there is none."""
        found = await self._connection.fetchval(_REPLAY, delivery_id, endpoint_id, now)
        return found is not None

    async def replay_span(
        self, endpoint_id: UUID, span: tuple[datetime, datetime], now: datetime, limit: int
    ) -> int:
        """Make an endpoint's deliveries of a span due, oldest first; return how many."""
        return await self._connection.execute(_REPLAY_SPAN, endpoint_id, *span, now, limit)

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete messages that came before a time, at most `limit`; return how many."""
        return await self._connection.execute(_PURGE, before, limit)

    async def users_with_more_than(self, most: int) -> list[UUID]:
        """Return the people with more than `most` messages."""
        rows = await self._connection.fetch(_USERS_WITH_MORE, most)
        return [row["user_id"] for row in rows]

    async def purge_oldest(self, user_id: UUID, most: int, limit: int) -> int:
        """Delete a person's oldest messages beyond `most`, in parts; return how many."""
        return await self._connection.execute(_PURGE_OLDEST, user_id, most, limit)

    async def purge_of_deleted(self, most: int, limit: int) -> int:
        """Delete deliveries to all but each person's `most` last deleted endpoints."""
        return await self._connection.execute(_PURGE_OF_DELETED, most, limit)

    async def purge_endpoints(self) -> None:
        """Delete deleted endpoints that have no delivery left."""
        await self._connection.execute(_PURGE_ENDPOINTS)

    async def count_waiting(self, endpoint_id: UUID, limit: int) -> int:
        """Return how many deliveries wait for an endpoint; count up to `limit`."""
        found: int = await self._connection.fetchval(_WAITING, endpoint_id, limit)
        return found
