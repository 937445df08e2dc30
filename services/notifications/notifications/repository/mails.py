"""Stored mails and muted addresses: added in batches, claimed for a while, ended or put off."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from notifications.domain.mails import Mail, MailKind, NewMail, Status

# As with notices, nothing is kept for people who have been deleted; nor where nothing can be sent.
_ADD: Final = """
INSERT INTO mail (id, user_id, kind, dedupe_key, other_id, language, facts, next_at, created_at)
SELECT new.*, $8::timestamptz, $8::timestamptz
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[])
    AS new (id, user_id, kind, dedupe_key, other_id, language, facts)
LEFT JOIN person ON person.user_id = new.user_id
WHERE person.status IS DISTINCT FROM 'deleted' AND person.has_email IS NOT FALSE
ON CONFLICT (dedupe_key) DO NOTHING
"""

# The lease is next_at itself: should this process end, another takes the mail up when it is due.
_CLAIM: Final = """
WITH due AS (
    SELECT id FROM mail WHERE next_at <= $1 ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE mail SET attempts = attempts + 1, next_at = $2 FROM due WHERE mail.id = due.id
RETURNING mail.id, mail.user_id, mail.kind,
    (SELECT username FROM person WHERE user_id = mail.other_id) AS other_username,
    mail.language, mail.facts, mail.attempts
"""

# Only whoever holds the lease says how it went: a later claim has a higher count.
_FINISH: Final = """
UPDATE mail SET status = $3, last_error = $4, next_at = NULL, finished_at = $5, facts = '{}'
FROM unnest($1::uuid[], $2::integer[]) AS held (id, attempts)
WHERE mail.id = held.id AND mail.attempts = held.attempts AND mail.next_at IS NOT NULL
"""
_POSTPONE: Final = """
UPDATE mail SET next_at = $3, last_error = $4
WHERE id = $1 AND attempts = $2 AND next_at IS NOT NULL
"""

_MUTE: Final = """
INSERT INTO muted_address (address_hash, user_id, code, muted_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (address_hash) DO NOTHING
"""
_MUTED: Final = "SELECT address_hash FROM muted_address WHERE address_hash = ANY($1::bytea[])"

_FORGET: Final = """
WITH unmuted AS (DELETE FROM muted_address WHERE user_id = ANY($1))
DELETE FROM mail WHERE user_id = ANY($1)
"""
_PURGE: Final = "DELETE FROM mail WHERE finished_at < $1"


class Mails:
    """Stored mails; changes need a unit of work, reading any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Sequence[NewMail], now: datetime) -> None:
        """Store mails to be sent at once; one that is there already is left as it is."""
        await self._connection.execute(
            _ADD,
            [one.id for one in new],
            [one.user_id for one in new],
            [one.kind.value for one in new],
            [one.dedupe_key for one in new],
            [one.other_id for one in new],
            [one.language for one in new],
            [dict(one.facts) for one in new],
            now,
        )

    async def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Mail]:
        """Take mails that are due, the longest waiting first; nobody else gets them meanwhile."""
        rows = await self._connection.fetch(_CLAIM, now, now + lease, limit)
        return [_mail(row) for row in rows]

    async def finish(
        self, mails: Sequence[Mail], status: Status, now: datetime, *, error: str | None = None
    ) -> None:
        """End mails, and forget what they said."""
        held = [mail.id for mail in mails], [mail.attempts for mail in mails]
        await self._connection.execute(_FINISH, *held, status.value, error, now)

    async def postpone(self, mail: Mail, next_at: datetime, error: str) -> None:
        """Have a mail tried again later."""
        await self._connection.execute(_POSTPONE, mail.id, mail.attempts, next_at, error)

    async def mute(self, address_hash: bytes, user_id: UUID, code: int, now: datetime) -> None:
        """Send nothing to this address any more."""
        await self._connection.execute(_MUTE, address_hash, user_id, code, now)

    async def muted_among(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Return those of the addresses that are muted."""
        rows = await self._connection.fetch(_MUTED, list(hashes))
        return {row["address_hash"] for row in rows}

    async def forget(self, user_ids: Iterable[UUID]) -> None:
        """Delete mails to people who have been deleted, and what is known of their addresses."""
        await self._connection.execute(_FORGET, list(user_ids))

    async def purge(self, before: datetime) -> int:
        """Delete mails that ended before a time; returns how many."""
        return await self._connection.execute(_PURGE, before)


def _mail(row: Any) -> Mail:
    values = dict(row)
    values["kind"] = MailKind(values["kind"])
    return Mail(**values)
