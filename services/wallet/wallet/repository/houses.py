"""Owns the SQL of house accounts for operators: their balance and its age."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.unit_of_work import Connection

# The age of a balance is looked for in so many entries; beyond them it is at least that old.
ENTRIES_LOOKED_AT = 1000

# First in, first out: so the balance came with the latest entries of its own sign that together
# make it up, and the first of these is the oldest part.
_PAGE = """
SELECT account.id, kind, name, currency, generation, balance_minor, seq, created_at, moved_at,
       oldest_at
FROM account
CROSS JOIN LATERAL (
    SELECT min(posted_at) FILTER (WHERE came > 0 AND covered - came < abs(balance_minor))
        AS oldest_at
    FROM (
        SELECT posted_at, came, sum(came) OVER (ORDER BY newest.seq DESC) AS covered
        FROM (
            SELECT entry.seq, posted_at, greatest(amount_minor * sign(balance_minor), 0) AS came
            FROM entry WHERE account_id = account.id ORDER BY entry.seq DESC LIMIT $1) AS newest
    ) AS counted
) AS lying
WHERE owner_id IS NULL AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR name = $3)
    AND ($4::text IS NULL OR currency = $4)
    AND ($5::timestamptz IS NULL OR (created_at, account.id) < ($5, $6::uuid))
ORDER BY created_at DESC, account.id DESC LIMIT $7
"""

_FIND = """
SELECT id, owner_id, kind, currency, status FROM account WHERE id = $1
"""

_OWNERS = """
SELECT owner_id FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, position)
JOIN account USING (id) WHERE owner_id IS NOT NULL ORDER BY position
"""


class House(NamedTuple):
    """A house account; `oldest_at` is when the oldest part of its balance came."""

    id: UUID
    kind: str
    name: str
    currency: str
    generation: int
    balance_minor: int
    entries: int
    created_at: datetime
    moved_at: datetime
    oldest_at: datetime | None


class AnyAccount(NamedTuple):
    """An account of any kind, people's or the house's."""

    id: UUID
    owner_id: UUID | None
    kind: str
    currency: str
    status: str


class Houses:
    """Reads house accounts, and accounts of any kind by id."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self,
        kind: str | None,
        name: str | None,
        currency: str | None,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[House]:
        """Return a page of house accounts, newest first; None does not narrow."""
        rows = await self._connection.fetch(
            _PAGE, ENTRIES_LOOKED_AT, kind, name, currency, *(before or (None, None)), limit
        )
        return [House(*row) for row in rows]

    async def find(self, account_id: UUID) -> AnyAccount | None:
        """Return an account of any kind."""
        row = await self._connection.fetchrow(_FIND, account_id)
        return None if row is None else AnyAccount(*row)

    async def owners(self, account_ids: Sequence[UUID | None]) -> list[UUID]:
        """Return the accounts' owners, each once and in order; house accounts have none."""
        rows = await self._connection.fetch(_OWNERS, account_ids)
        return list(dict.fromkeys(row["owner_id"] for row in rows))
