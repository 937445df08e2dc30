"""Owns the SQL of an account's past: its entries, and its balance at a time.

Times become sequence numbers by bisection: an account's entries are numbered without a gap and
their times never go back, so posting does not have to write an index by time.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.unit_of_work import Connection
from wallet.domain.book import TransferRow

_BISECT = """
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, seq FROM account WHERE id = $1
    UNION ALL
    SELECT CASE WHEN probe.is_before THEN middle ELSE low END,
           CASE WHEN probe.is_before THEN high ELSE middle - 1 END
    FROM search
    CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) AS half
    CROSS JOIN LATERAL (
        SELECT posted_at < $2 OR ($3 AND posted_at = $2) AS is_before
        FROM entry WHERE account_id = $1 AND seq = middle) AS probe
    WHERE low < high)
SELECT low FROM search WHERE low = high
"""

_BALANCE_AFTER = "SELECT balance_after_minor FROM entry WHERE account_id = $1 AND seq = $2"

_NEWEST_FIRST = """
SELECT seq, transfer_id, kind, reference, description, amount_minor, balance_after_minor,
       entry.posted_at, meant_account_id
FROM entry JOIN transfer ON transfer.id = transfer_id
WHERE account_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4
"""

_LATEST = """
SELECT given.account_id, latest.* FROM unnest($1::uuid[]) AS given (account_id)
CROSS JOIN LATERAL (
    SELECT seq, transfer_id, kind, reference, description, amount_minor, balance_after_minor,
           entry.posted_at, meant_account_id
    FROM entry JOIN transfer ON transfer.id = transfer_id
    WHERE entry.account_id = given.account_id ORDER BY seq DESC LIMIT $2
) AS latest
ORDER BY given.account_id, seq DESC
"""

_OLDEST_FIRST = """
SELECT seq, transfer_id, kind, reference, description, amount_minor, balance_after_minor,
       entry.posted_at, meant_account_id
FROM entry JOIN transfer ON transfer.id = transfer_id
WHERE account_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
"""

_TRANSFER = f"SELECT {', '.join(TransferRow._fields)} FROM transfer WHERE id = $1"  # noqa: S608 - of constants

_DEBTS = "SELECT id FROM account WHERE owner_id IS NULL AND kind = 'debts' AND currency = $1"

_OF_TRANSFER = """
SELECT account_id, owner_id, entry.seq, amount_minor, kind, balance_after_minor
FROM entry JOIN account ON account.id = account_id
WHERE account_id = $1 AND entry.seq > $2 AND entry.seq <= $3 AND transfer_id = $4
ORDER BY entry.seq
"""


class EntryLine(NamedTuple):
    """An entry and its transfer's fields; amounts in minor units."""

    seq: int
    transfer_id: UUID
    kind: str
    reference: str
    description: str | None
    amount_minor: int
    balance_after_minor: int
    posted_at: datetime
    meant_account_id: UUID | None


class TransferEntry(NamedTuple):
    """An entry of a transfer; `owner_id` is None for house accounts."""

    account_id: UUID
    owner_id: UUID | None
    seq: int
    amount_minor: int
    kind: str
    balance_after_minor: int


class History:
    """Reads accounts' entries, by number and by time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def entries_before(
        self, account_id: UUID, moment: datetime, *, inclusive: bool = False
    ) -> int:
        """Return how many entries were posted before a moment, or also at it.

        That is also the last one's seq.
        """
        found: int = await self._connection.fetchval(_BISECT, account_id, moment, inclusive)
        return found

    async def balance_after(self, account_id: UUID, seq: int) -> int:
        """Return the balance after an entry, in minor units; 0 before the first."""
        if seq == 0:
            return 0
        found: int = await self._connection.fetchval(_BALANCE_AFTER, account_id, seq)
        return found

    async def newest_first(
        self, account_id: UUID, *, after: int, through: int, limit: int
    ) -> list[EntryLine]:
        """Return entries with ``after < seq <= through``, the highest first."""
        rows = await self._connection.fetch(_NEWEST_FIRST, account_id, after, through, limit)
        return [EntryLine(*row) for row in rows]

    async def latest(
        self, account_ids: Collection[UUID], limit: int
    ) -> dict[UUID, list[EntryLine]]:
        """Return the latest entries of each account, newest first, by one statement."""
        found: dict[UUID, list[EntryLine]] = {account_id: [] for account_id in account_ids}
        for account_id, *line in await self._connection.fetch(_LATEST, list(account_ids), limit):
            found[account_id].append(EntryLine(*line))
        return found

    async def oldest_first(
        self, account_id: UUID, *, after: int, through: int, limit: int
    ) -> list[EntryLine]:
        """Return entries with ``after < seq <= through``, the lowest first."""
        rows = await self._connection.fetch(_OLDEST_FIRST, account_id, after, through, limit)
        return [EntryLine(*row) for row in rows]

    async def transfer(self, transfer_id: UUID) -> TransferRow | None:
        """Return a transfer."""
        row = await self._connection.fetchrow(_TRANSFER, transfer_id)
        return None if row is None else TransferRow(*row)

    async def all_legs(self, moved: TransferRow) -> list[TransferEntry]:
        """Return all entries of a transfer, the payer's first."""
        sides = [moved.payer_account_id, moved.payee_account_id]
        if moved.owed_minor:
            sides.insert(1, await self._connection.fetchval(_DEBTS, moved.currency))
        return [leg for side in sides for leg in await self.legs(moved, side)]

    async def legs(self, moved: TransferRow, account_id: UUID) -> list[TransferEntry]:
        """Return a transfer's entries on one account.

        They are found by the transfer's time, because no index names them.
        """
        # For an account that does not exist both numbers are null, which finds no entries.
        after = await self.entries_before(account_id, moved.posted_at)
        through = await self.entries_before(account_id, moved.posted_at, inclusive=True)
        rows = await self._connection.fetch(_OF_TRANSFER, account_id, after, through, moved.id)
        return [TransferEntry(*row) for row in rows]
