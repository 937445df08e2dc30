"""Adds up what is booked, to be compared with balances."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from finance.domain.feed.movements import BookMovement
from finance.domain.feed.reconciliation import (
    BookedAmount,
    BookedBalance,
    BookedWallet,
    ToldBalance,
)
from kit.db import Connection

_BALANCES: Final = """
SELECT account.id, user_id, wallet_id, seq, opening_minor, balance_minor, booked.*
FROM account CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor), 0)::bigint, count(movement_seq),
           coalesce(max(movement_seq), 0)
    FROM transaction WHERE account_id = account.id) AS booked
WHERE $1::uuid IS NULL OR account.id > $1 ORDER BY account.id LIMIT $2
"""
_WALLETS: Final = """
SELECT account.id, account.wallet_id, account.seq,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM transaction
     WHERE account_id = account.id AND movement_seq <= told.seq)
FROM unnest($1::uuid[], $2::bigint[]) AS told (wallet_id, seq)
JOIN account ON account.wallet_id = told.wallet_id
"""
_MOVEMENTS: Final = """
SELECT told.wallet_id, told.seq, account.id, coalesce(amount_minor, 0)
FROM unnest($1::uuid[], $2::bigint[]) AS told (wallet_id, seq)
JOIN account ON account.wallet_id = told.wallet_id AND account.seq >= told.seq
LEFT JOIN transaction ON account_id = account.id AND movement_seq = told.seq
"""


class BookedSums:
    """What is booked, and what that adds up to; each answer is of one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def balances(self, after: UUID | None, limit: int) -> Sequence[BookedBalance]:
        """Return accounts in the order of their ids, with what they add up to."""
        rows = await self._connection.fetch(_BALANCES, after, limit)
        return [BookedBalance(*row) for row in rows]

    async def at(self, told: Sequence[ToldBalance]) -> dict[UUID, BookedWallet]:
        """Return what is booked of wallets up to the movements that they were told at."""
        rows = await self._connection.fetch(
            _WALLETS, [one.wallet_id for one in told], [one.seq for one in told]
        )
        return {row["wallet_id"]: BookedWallet(*row) for row in rows}

    async def of_movements(
        self, told: Sequence[BookMovement]
    ) -> dict[tuple[UUID, int], BookedAmount]:
        """Return what is booked of movements, by wallet and number."""
        rows = await self._connection.fetch(
            _MOVEMENTS, [one.wallet_id for one in told], [one.seq for one in told]
        )
        return {(row[0], row[1]): BookedAmount(*row[2:]) for row in rows}
