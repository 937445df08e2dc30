"""Owns the SQL of logins: users by name, and their recent wrong passwords."""

# ruff: noqa: S608 - every text is put together from constants, once, at import

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from auth.domain.lockout import FAILURES, LOCK, WINDOW, Failures, failures_key
from auth.domain.names import name_key
from auth.domain.users import User
from auth.repository.users import COLUMNS, user_from
from kit.db import Connection

# One row, whether there is such a user or not.
_FIND: Final = f"""
SELECT {COLUMNS}, coalesce(failed.count, 0) AS failures, failed.ends_at
FROM (SELECT) AS once
LEFT JOIN user_account AS u ON u.username_key = $1 OR u.email_key = $1
LEFT JOIN login_failure AS failed ON failed.key = $2
"""
# It also deletes a few rows that have ended, so that the table stays small.
_COUNT: Final = """
WITH over AS (
    DELETE FROM login_failure WHERE key IN (
        SELECT key FROM login_failure WHERE ends_at <= $3 AND key <> $1
        ORDER BY ends_at LIMIT 10 FOR UPDATE SKIP LOCKED))
INSERT INTO login_failure AS before (key, user_id, count, ends_at) VALUES ($1, $2, 1, $4)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN before.ends_at <= $3 THEN 1 ELSE before.count + 1 END,
    ends_at = CASE WHEN before.ends_at <= $3 THEN $4
        WHEN before.count + 1 = $6 THEN $5 ELSE before.ends_at END
RETURNING key, user_id, count, ends_at
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The user of a name, if any, and the wrong passwords for it from an address."""

    user: User | None
    password_hash: str | None
    failures: Failures


class Logins:
    """Reads and counts attempts to log in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, name: str, address: str) -> Found:
        """Look up a username or an e-mail address, and its wrong passwords.

        A username can't be mistaken for an address: it has no "@".
        """
        key_of_name = name_key(name)
        key = failures_key(key_of_name, address)
        row = await self._connection.fetchrow(_FIND, key_of_name, key)
        assert row is not None  # noqa: S101 - every join is an outer one
        failures = Failures(key, row["id"], row["failures"], row["ends_at"])
        user = None if row["id"] is None else user_from(row)
        return Found(user, row["password_hash"], failures)

    async def count(self, before: Failures, now: datetime) -> Failures:
        """Count a wrong password; return the count with it."""
        row = await self._connection.fetchrow(
            _COUNT, before.key, before.user_id, now, now + WINDOW, now + LOCK, FAILURES
        )
        assert row is not None  # noqa: S101 - inserted or updated
        return Failures(**row)

    async def forget(self, failures: Failures) -> None:
        """Delete the count of a name from an address, after the right password."""
        await self._connection.execute("DELETE FROM login_failure WHERE key = $1", failures.key)

    async def lift(self, user_id: UUID) -> None:
        """Delete all counts of a user, from all addresses."""
        await self._connection.execute("DELETE FROM login_failure WHERE user_id = $1", user_id)
