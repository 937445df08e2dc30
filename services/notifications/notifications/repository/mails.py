"""Owns the SQL of mails: added, claimed for a while, ended or postponed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from notifications.domain.mails import ORDERED, Mail, MailKind, MailStatus, NewMail

LOOKED_AT: Final = 5_000  # due mails at most, so that a claim's cost does not grow with them
_ORDERED: Final = sorted(ORDERED)

# As with notices, nothing is stored for deleted people, nor for people without an address. Nobody
# gets more than so many mails of one kind in an hour: strangers can cause some kinds, which are to
# take no room from the others.
_ADD: Final = """
WITH told AS (
    SELECT new.*, row_number() OVER (PARTITION BY new.user_id, kind ORDER BY new.id) AS turn
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[])
        AS new (id, user_id, kind, dedupe_key, other_id, language, facts)
    LEFT JOIN person ON person.user_id = new.user_id
    WHERE person.status IS DISTINCT FROM 'deleted' AND person.has_email IS NOT FALSE),
before AS (
    SELECT user_id, kind, count(*) AS count
    FROM (SELECT DISTINCT user_id FROM told) AS one JOIN mail USING (user_id)
    WHERE mail.created_at > $8::timestamptz - interval '1 hour'
    GROUP BY user_id, kind)
INSERT INTO mail (id, user_id, kind, dedupe_key, other_id, language, facts, next_at, created_at)
SELECT id, user_id, kind, dedupe_key, other_id, language, facts, $8::timestamptz, $8::timestamptz
FROM told LEFT JOIN before USING (user_id, kind)
WHERE told.turn + coalesce(before.count, 0) <= $9
ON CONFLICT (dedupe_key) DO NOTHING
"""

# next_at is also the lease: if this process dies, another one takes the mail when it is due again.
# Mails that people wait for go first; then, of those that wait longest, each person's first before
# anybody's second.
_CLAIM: Final = """
WITH waiting AS (
    SELECT id, next_at, kind = ANY($4) AS is_ordered,
        row_number() OVER (PARTITION BY user_id, kind = ANY($4) ORDER BY next_at, id) AS turn
    FROM (SELECT id, user_id, kind, next_at FROM mail WHERE next_at <= $1
          ORDER BY next_at LIMIT $5) AS oldest),
due AS (
    SELECT mail.id FROM waiting JOIN mail USING (id) WHERE mail.next_at <= $1
    ORDER BY waiting.is_ordered DESC, waiting.turn, waiting.next_at LIMIT $3
    FOR UPDATE OF mail SKIP LOCKED)
UPDATE mail SET attempts = attempts + 1, next_at = $2 FROM due WHERE mail.id = due.id
RETURNING mail.id, mail.user_id, mail.kind,
    (SELECT username FROM person WHERE user_id = mail.other_id) AS other_username,
    mail.language, mail.facts, mail.attempts
"""

_NEXT: Final = "SELECT min(next_at) FROM mail"

# Only the holder of the lease stores the result: a later claim has a higher count.
_FINISH: Final = """
UPDATE mail SET status = $3, last_error = $4, next_at = NULL, finished_at = $5, facts = '{}'
FROM unnest($1::uuid[], $2::integer[]) AS held (id, attempts)
WHERE mail.id = held.id AND mail.attempts = held.attempts AND mail.next_at IS NOT NULL
"""
_POSTPONE: Final = """
UPDATE mail SET next_at = $3, last_error = $4
WHERE id = $1 AND attempts = $2 AND next_at IS NOT NULL
"""

_FORGET: Final = "DELETE FROM mail WHERE user_id = ANY($1)"
_PURGE: Final = "DELETE FROM mail WHERE finished_at < $1"


class Mails:
    """Stores mails; writing needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Sequence[NewMail], now: datetime, most_an_hour: int) -> None:
        """Store mails that are due at once; stored ones stay as they are.

        A person gets `most_an_hour` of each kind.
        """
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
            most_an_hour,
        )

    async def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Mail]:
        """Lease due mails, from each person in turn."""
        rows = await self._connection.fetch(_CLAIM, now, now + lease, limit, _ORDERED, LOOKED_AT)
        return [_mail(row) for row in sorted(rows, key=_order)]

    async def next_at(self) -> datetime | None:
        """Return when the first mail is due; None where none waits."""
        at: datetime | None = await self._connection.fetchval(_NEXT)
        return at

    async def finish(
        self, mails: Sequence[Mail], status: MailStatus, now: datetime, *, error: str | None = None
    ) -> None:
        """End mails, and delete their facts."""
        held = [mail.id for mail in mails], [mail.attempts for mail in mails]
        await self._connection.execute(_FINISH, *held, status.value, error, now)

    async def postpone(self, mail: Mail, next_at: datetime, error: str) -> None:
        """Postpone a mail."""
        await self._connection.execute(_POSTPONE, mail.id, mail.attempts, next_at, error)

    async def forget(self, user_ids: Iterable[UUID]) -> None:
        """Delete mails to deleted people."""
        await self._connection.execute(_FORGET, list(user_ids))

    async def purge(self, before: datetime) -> int:
        """Delete mails that ended before a time; return how many."""
        return await self._connection.execute(_PURGE, before)


def _mail(row: Any) -> Mail:
    values = dict(row)
    values["kind"] = MailKind(values["kind"])
    return Mail(**values)


def _order(row: Any) -> tuple[bool, int, UUID]:
    """Sort claimed mails: ordered ones first, then those with the fewest attempts."""
    return row["kind"] not in ORDERED, row["attempts"], row["id"]
