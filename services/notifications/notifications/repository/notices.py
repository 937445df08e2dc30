"""Owns the SQL of notices."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import ALWAYS, Span
from notifications.domain.notices import NewNotice, Notice, NoticeKind

# The other person's name is looked up when a notice is read, so that it is never out of date.
_ROW: Final = """
    notice.id, notice.user_id, notice.kind, notice.subject_id,
    (SELECT username FROM person WHERE user_id = notice.other_id) AS other_username,
    notice.facts, notice.created_at, notice.read_at
"""

# Nothing is stored for deleted people, however late the event comes, and nothing a second time. Not
# by ON CONFLICT, which confirms each row: who stores the same event at the same time fails, and
# finds it stored when the consumer tries again.
_ADD: Final = """
INSERT INTO notice (id, user_id, kind, subject_id, other_id, facts, created_at)
SELECT new.*, $7::timestamptz
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::jsonb[])
    AS new (id, user_id, kind, subject_id, other_id, facts)
LEFT JOIN person ON person.user_id = new.user_id
WHERE person.status IS DISTINCT FROM 'deleted'
  AND NOT EXISTS (SELECT FROM notice WHERE notice.id = new.id)
"""

_PAGE: Final = f"""
SELECT {_ROW} FROM notice
WHERE user_id = $1 AND (created_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
  AND ($5::timestamptz IS NULL OR created_at >= $5)
  AND ($6::timestamptz IS NULL OR created_at < $6) AND {{read}}
ORDER BY created_at DESC, id DESC LIMIT $4
"""
_PAGES: Final = {
    None: _PAGE.format(read="true"),
    True: _PAGE.format(read="read_at IS NULL"),
    False: _PAGE.format(read="read_at IS NOT NULL"),
}

_MARK_READ: Final = f"""
UPDATE notice SET read_at = coalesce(read_at, $3) WHERE id = $1 AND user_id = $2
RETURNING {_ROW}
"""

_MARK_ALL_READ: Final = "UPDATE notice SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL"

_USERS_WITH_MORE: Final = "SELECT user_id FROM notice GROUP BY user_id HAVING count(*) > $1"
_PURGE_OLDEST: Final = """
DELETE FROM notice WHERE id = ANY(ARRAY(
    SELECT id FROM notice WHERE user_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2))
"""

_FORGET: Final = "DELETE FROM notice WHERE user_id = ANY($1)"


class Notices:
    """Stores notices; writing needs a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Mapping[UUID, NewNotice], now: datetime) -> None:
        """Store notices by their ids, by one statement; drop those to deleted people.

        What is stored already stays as it is.
        """
        notices = new.values()
        await self._connection.execute(
            _ADD,
            list(new),
            [one.user_id for one in notices],
            [one.kind.value for one in notices],
            [one.subject_id for one in notices],
            [one.other_id for one in notices],
            [dict(one.facts) for one in notices],
            now,
        )

    async def page(
        self,
        user_id: UUID,
        after: tuple[datetime, UUID] | None,
        limit: int,
        *,
        unread: bool | None = None,
        span: Span = ALWAYS,
    ) -> list[Notice]:
        """Return a page of a user's notices, newest first: all, unread or read ones."""
        created_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(
            _PAGES[unread], user_id, created_at, last_id, limit, *span
        )
        return [_notice(row) for row in rows]

    async def mark_read(self, notice_id: UUID, user_id: UUID, now: datetime) -> Notice | None:
        """Mark a notice as read; return None if it is not the user's.

        Marking it again keeps the first time.
        """
        row = await self._connection.fetchrow(_MARK_READ, notice_id, user_id, now)
        return None if row is None else _notice(row)

    async def mark_all_read(self, user_id: UUID, now: datetime) -> int:
        """Mark all of a user's notices as read; return how many were unread."""
        return await self._connection.execute(_MARK_ALL_READ, user_id, now)

    async def users_with_more_than(self, most: int) -> list[UUID]:
        """Return the people with more than `most` notices."""
        rows = await self._connection.fetch(_USERS_WITH_MORE, most)
        return [row["user_id"] for row in rows]

    async def purge_oldest(self, user_id: UUID, most: int) -> int:
        """Delete a person's oldest notices beyond `most`; return how many."""
        return await self._connection.execute(_PURGE_OLDEST, user_id, most)

    async def forget(self, user_ids: Iterable[UUID]) -> None:
        """Delete notices to deleted people."""
        await self._connection.execute(_FORGET, list(user_ids))


def _notice(row: Any) -> Notice:
    values = dict(row)
    values["kind"] = NoticeKind(values["kind"])
    return Notice(**values)
