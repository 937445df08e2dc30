"""Reads what wallets have moved: all in one row, or one wallet by its numbers.

Entries get their `position` after their accounts were locked, so what `kit.db.tail` needs is true
of them; and an account's entries become visible in the order of their `seq`.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db.unit_of_work import Connection

_MOVEMENT: Final = """
    page.position, page.account_id, account.owner_id, account.currency, account.name, page.seq,
    page.amount_minor, page.balance_after_minor, page.posted_at, transfer.id, transfer.kind,
    transfer.reference, transfer.description, transfer.purpose, other.id, other.owner_id, other.kind
"""
_SIDES: Final = """
LEFT JOIN account ON account.id = page.account_id AND account.kind = 'wallet'
LEFT JOIN transfer ON transfer.id = page.transfer_id
LEFT JOIN account AS other ON other.id =
    CASE WHEN transfer.payer_account_id = page.account_id THEN transfer.payee_account_id
         ELSE transfer.payer_account_id END
"""
# Without entries one row comes too: its snapshot says how far that is final.
_READ_ON: Final = f"""
SELECT oldest_xid, next_xid, {_MOVEMENT}
FROM (SELECT pg_snapshot_xmin(snapshot)::text::bigint AS oldest_xid,
             pg_snapshot_xmax(snapshot)::text::bigint AS next_xid
      FROM pg_current_snapshot() AS snapshot) AS snapshot
LEFT JOIN (
    SELECT * FROM (
        (SELECT * FROM entry WHERE position > $1 ORDER BY position LIMIT $4)
        UNION ALL
        SELECT late.* FROM unnest($2::bigint[], $3::bigint[]) AS gap (first, last)
        CROSS JOIN LATERAL (
            SELECT * FROM entry WHERE position BETWEEN gap.first AND gap.last
            ORDER BY position LIMIT $4) AS late
    ) AS entry ORDER BY position LIMIT $4) AS page ON true
{_SIDES}
ORDER BY page.position
"""
_OF_WALLET: Final = f"""
SELECT {_MOVEMENT}
FROM (SELECT * FROM entry WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS page
{_SIDES}
WHERE account.id IS NOT NULL
ORDER BY page.seq
"""
_BALANCES: Final = """
SELECT id, owner_id, currency, name, seq, balance_minor,
    (SELECT position FROM entry WHERE account_id = account.id AND entry.seq = 1) AS first_position
FROM account
WHERE kind = 'wallet' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
"""


class WalletMovement(NamedTuple):
    """An entry of a wallet with what it is about.

    Amounts are in minor units of `currency`. The other account is the other side of the transfer,
    also where that is the house's.
    """

    position: int
    account_id: UUID
    owner_id: UUID
    currency: str
    name: str
    seq: int
    amount_minor: int
    balance_after_minor: int
    posted_at: datetime
    transfer_id: UUID
    kind: str
    reference: str
    description: str | None
    purpose: str | None
    other_id: UUID
    other_owner_id: UUID | None
    other_kind: str


class MovementPage(NamedTuple):
    """What one statement read.

    `positions` are those of all entries that it read, the house's and merchants' too. The ids of
    transactions are as in `kit.db.tail.TailPage`.
    """

    movements: Sequence[WalletMovement]
    positions: Sequence[int]
    is_whole: bool
    oldest_xid: int
    next_xid: int


class WalletBalance(NamedTuple):
    """How a wallet stands after its entry `seq`; 0 before the first.

    `first_position` is that of its first entry; None where there is none.
    """

    id: UUID
    owner_id: UUID
    currency: str
    name: str
    seq: int
    balance_minor: int
    first_position: int | None


class WalletMovements:
    """Stored entries as movements of wallets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read_on(
        self, after: int, gaps: Sequence[tuple[int, int]], limit: int
    ) -> MovementPage:
        """Return the next entries after a position, and those in the gaps before it."""
        firsts, lasts = [first for first, _ in gaps], [last for _, last in gaps]
        rows = await self._connection.fetch(_READ_ON, after, firsts, lasts, limit)
        positions = [row[2] for row in rows if row[2] is not None]
        return MovementPage(
            [_movement(row, 2) for row in rows if row[4] is not None],
            positions,
            len(positions) < limit,
            rows[0]["oldest_xid"],
            rows[0]["next_xid"],
        )

    async def of_wallet(self, wallet_id: UUID, after_seq: int, limit: int) -> list[WalletMovement]:
        """Return a wallet's entries after a number, in order."""
        rows = await self._connection.fetch(_OF_WALLET, wallet_id, after_seq, limit)
        return [_movement(row, 0) for row in rows]

    async def balances(self, after: UUID | None, limit: int) -> list[WalletBalance]:
        """Return how wallets stand, in the order of their ids."""
        rows = await self._connection.fetch(_BALANCES, after, limit)
        return [WalletBalance(*row) for row in rows]


def _movement(row: Any, begin: int) -> WalletMovement:
    return WalletMovement(*row[begin:])
