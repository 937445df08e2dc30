"""Reads what wallets have moved: all in one row, or one wallet by its numbers.

Entries get their `position` after their accounts were locked, so what `kit.db.tail` needs is true
of them; and an account's entries become visible in the order of their `seq`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.unit_of_work import Connection

# Ids are texts, as they are only handed on.
# Without entries one row comes too: its snapshot says how far that is final.
_READ_ON: Final = """
SELECT oldest_xid, next_xid, position, account_id::text, transfer_id::text, seq, amount_minor,
    balance_after_minor
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
ORDER BY position
"""
_OF_WALLET: Final = """
SELECT position, account_id::text, transfer_id::text, seq, amount_minor, balance_after_minor
FROM entry WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""
# Arrays come through sub-selects: a plan for one length looks no cheaper then, and is made once.
# They are joined: of a table that has grown since it was analyzed = ANY would compare each row with
# each id.
_TRANSFERS: Final = """
SELECT id::text, kind, reference, description, purpose, posted_at, payer_account_id::text,
    payee_account_id::text
FROM unnest((SELECT $1::uuid[])) AS asked (id) JOIN transfer USING (id)
"""
_ACCOUNTS: Final = """
SELECT id::text, owner_id::text, currency, name, kind
FROM unnest((SELECT $1::uuid[])) AS asked (id) JOIN account USING (id)
"""
_BALANCES: Final = """
SELECT id, owner_id, currency, name, seq, balance_minor,
    (SELECT position FROM entry WHERE account_id = account.id AND entry.seq = 1) AS first_position
FROM account
WHERE kind = 'wallet' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
"""


class MovedEntry(NamedTuple):
    """An entry; amounts in minor units, negative where money left."""

    position: int
    account_id: str
    transfer_id: str
    seq: int
    amount_minor: int
    balance_after_minor: int


class MovingTransfer(NamedTuple):
    """What moved money, and between which accounts."""

    id: str
    kind: str
    reference: str
    description: str | None
    purpose: str | None
    posted_at: datetime
    payer_account_id: str
    payee_account_id: str


class MovedAccount(NamedTuple):
    """A side of a transfer; `owner_id` is None where it is the house's."""

    id: str
    owner_id: str | None
    currency: str
    name: str
    kind: str


class Moved(NamedTuple):
    """Entries of wallets, their transfers, and the accounts at both ends of these."""

    entries: Sequence[MovedEntry]
    transfers: Sequence[MovingTransfer]
    accounts: Sequence[MovedAccount]


class MovementPage(NamedTuple):
    """What one reading gave.

    `positions` are those of all entries that were read, the house's and merchants' too. The ids of
    transactions are as in `kit.db.tail.TailPage`.
    """

    moved: Moved
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
        oldest_xid, next_xid, first, *_ = rows[0]
        found = [] if first is None else [MovedEntry(*row[2:]) for row in rows]
        return MovementPage(
            await self._moved(found),
            [one.position for one in found],
            len(found) < limit,
            oldest_xid,
            next_xid,
        )

    async def of_wallet(self, wallet_id: UUID, after_seq: int, limit: int) -> Moved:
        """Return a wallet's entries after a number, in order."""
        rows = await self._connection.fetch(_OF_WALLET, wallet_id, after_seq, limit)
        return await self._moved([MovedEntry(*row) for row in rows])

    async def _moved(self, entries: Sequence[MovedEntry]) -> Moved:
        """Return entries with what they are about; those of no wallet are left out.

        A transfer and its accounts are there before its entries can be read, and stay.
        """
        if not entries:
            return Moved((), (), ())
        asked = {one.transfer_id for one in entries}
        transfers = [
            MovingTransfer(*row) for row in await self._connection.fetch(_TRANSFERS, asked)
        ]
        sides = {one.account_id for one in entries}
        sides.update(one.payer_account_id for one in transfers)
        sides.update(one.payee_account_id for one in transfers)
        accounts = [MovedAccount(*row) for row in await self._connection.fetch(_ACCOUNTS, sides)]
        wallets = {one.id for one in accounts if one.kind == "wallet"}
        return Moved([one for one in entries if one.account_id in wallets], transfers, accounts)

    async def balances(self, after: UUID | None, limit: int) -> list[WalletBalance]:
        """Return how wallets stand, in the order of their ids."""
        rows = await self._connection.fetch(_BALANCES, after, limit)
        return [WalletBalance(*row) for row in rows]
