"""Owns the SQL of logins: users by name, wrong passwords, known places."""

# ruff: noqa: S608 - every text is put together from constants, once, at import

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from auth.domain.lockout import (
    OF_NAMES,
    PLACE_KEPT,
    Counted,
    Failures,
    LockoutRules,
    LockoutScope,
    counts_of,
    place_key,
)
from auth.domain.names import name_key
from auth.domain.users import User
from auth.repository.users import COLUMNS, user_from
from kit.db import Connection

# One row, whether there is such a user or not.
_FIND: Final = f"""
SELECT {COLUMNS}, failed.keys, failed.counts, failed.ends, place.last_at AS known_at
FROM (SELECT) AS once
LEFT JOIN user_account AS u ON u.username_key = $1 OR u.email_key = $1
LEFT JOIN known_place AS place ON place.user_id = u.id AND place.key = $2 AND place.last_at > $3
LEFT JOIN LATERAL (
    SELECT array_agg(f.key) AS keys, array_agg(f.count) AS counts, array_agg(f.ends_at) AS ends
    FROM login_failure AS f WHERE f.key = ANY($4) AND f.ends_at > $5) AS failed ON true
"""
_AGAIN: Final = """
SELECT key, count, ends_at FROM login_failure WHERE key = ANY($1) AND ends_at > $2
"""
# Rows are locked in the order of their keys, so that two attempts never wait for each other.
_COUNT: Final = """
INSERT INTO login_failure AS before (key, scope, user_id, count, ends_at)
SELECT key, scope, user_id, 1, ends_at
FROM unnest($1::bytea[], $2::text[], $3::uuid[], $4::timestamptz[])
    AS given (key, scope, user_id, ends_at)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    user_id = excluded.user_id,
    count = CASE WHEN before.ends_at <= $5 THEN 1 ELSE before.count + 1 END,
    ends_at = excluded.ends_at
RETURNING key, count, ends_at
"""
_KNOW: Final = """
INSERT INTO known_place (user_id, key, last_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id, key) DO UPDATE SET last_at = excluded.last_at
"""
_PURGE: Final = """
DELETE FROM login_failure WHERE key IN (
    SELECT key FROM login_failure WHERE ends_at <= $1
    ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
_PURGE_PLACES: Final = """
DELETE FROM known_place WHERE (user_id, key) IN (
    SELECT user_id, key FROM known_place WHERE last_at <= $1
    ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The user of a name, if any, and the wrong passwords that count for an attempt."""

    user: User | None
    password_hash: str | None
    failures: Failures


class Logins:
    """Reads and counts attempts to log in, and knows where from users have done so."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, name: str, address: str, now: datetime, rules: LockoutRules) -> Found:
        """Look up a username or an e-mail address, and what counts for an attempt.

        A username can't be mistaken for an address: it has no "@".
        """
        key_of_name = name_key(name)
        counts = counts_of(key_of_name, address, now, rules)
        row = await self._connection.fetchrow(
            _FIND, key_of_name, place_key(address), now - PLACE_KEPT, _keys(counts), now
        )
        assert row is not None  # noqa: S101 - every join is an outer one
        found = zip(row["keys"] or (), row["counts"] or (), row["ends"] or (), strict=True)
        stored = {key: (count, ends_at) for key, count, ends_at in found}
        failures = Failures(_stored(counts, stored), row["id"], row["known_at"])
        user = None if row["id"] is None else user_from(row)
        return Found(user, row["password_hash"], failures)

    async def again(self, before: Failures, now: datetime) -> Failures:
        """Return the counts as they are now: others may have been counted meanwhile."""
        rows = await self._connection.fetch(_AGAIN, _keys(before.counts), now)
        return replace(before, counts=_stored(before.counts, _by_key(rows)))

    async def count(self, before: Failures, now: datetime) -> Failures:
        """Count a wrong password for all that it counts for; return the counts with it."""
        rows = await self._connection.fetch(
            _COUNT,
            _keys(before.counts),
            [one.scope for one in before.counts],
            [before.user_id if one.scope in OF_NAMES else None for one in before.counts],
            [now + one.backoff.kept for one in before.counts],
            now,
        )
        return replace(before, counts=_stored(before.counts, _by_key(rows)))

    async def forget(self, failures: Failures) -> None:
        """Delete the count of a name from a place, after the right password."""
        await self._connection.execute(
            "DELETE FROM login_failure WHERE key = $1", failures.of(LockoutScope.LOGIN).key
        )

    async def lift(self, user_id: UUID) -> None:
        """Delete all counts of a user's names, from all places."""
        await self._connection.execute("DELETE FROM login_failure WHERE user_id = $1", user_id)

    async def know(self, user_id: UUID, key_of_place: bytes, now: datetime) -> None:
        """Store that a user has proved to be at a place."""
        await self._connection.execute(_KNOW, user_id, key_of_place, now)

    async def know_none(self, user_id: UUID) -> None:
        """Forget a user's known places."""
        await self._connection.execute("DELETE FROM known_place WHERE user_id = $1", user_id)

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete counts that ended before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)


class KnownPlaces:
    """Purges places from where users have not logged in for long."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete places not used since a time; return how many."""
        return await self._connection.execute(_PURGE_PLACES, before, limit)


def _keys(counts: tuple[Counted, ...]) -> list[bytes]:
    return [one.key for one in counts]


def _by_key(rows: list[Record]) -> dict[bytes, tuple[int, datetime]]:
    return {row["key"]: (row["count"], row["ends_at"]) for row in rows}


def _stored(
    counts: tuple[Counted, ...], stored: Mapping[bytes, tuple[int, datetime]]
) -> tuple[Counted, ...]:
    """Return counts as they are stored; one without a row is at zero."""
    found = (stored.get(one.key, (0, None)) for one in counts)
    return tuple(
        replace(one, count=count, ends_at=ends_at)
        for one, (count, ends_at) in zip(counts, found, strict=True)
    )
