"""Stores linked accounts: each shows a wallet, and only the feed writes it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from finance.domain.feed.movements import LinkedAccount
from kit.db import Connection
from kit.db.bulk import BulkInsert, columns_of
from kit.ids import new_id

_AMONG: Final = """
SELECT id, user_id, wallet_id, seq, balance_minor FROM account WHERE wallet_id = ANY($1)
"""
_ACCOUNTS: Final = BulkInsert(
    "account",
    "ON CONFLICT (wallet_id) DO NOTHING",
    id="uuid",
    user_id="uuid",
    name="text",
    kind="text",
    currency="text",
    opening_minor="bigint",
    balance_minor="bigint",
    wallet_id="uuid",
    version="int",
    created_at="timestamptz",
    updated_at="timestamptz",
)
_SAVE: Final = """
UPDATE account SET seq = given.seq, balance_minor = given.balance_minor
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS given (id, seq, balance_minor)
WHERE account.id = given.id
"""


class NewWallet(NamedTuple):
    """A wallet that no account shows yet."""

    wallet_id: UUID
    owner_id: UUID
    currency: str
    name: str


class LinkedAccounts:
    """Stored linked accounts; changes need a unit of work and their books locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def among(self, wallet_ids: Collection[UUID]) -> dict[UUID, LinkedAccount]:
        """Return the accounts of wallets, by wallet; one is missing where there is none."""
        rows = await self._connection.fetch(_AMONG, list(wallet_ids))
        return {row["wallet_id"]: LinkedAccount(**row) for row in rows}

    async def open(self, wallets: Iterable[NewWallet], now: datetime) -> None:
        """Store an account for each wallet that has none."""
        rows = [
            (new_id(), one.owner_id, one.name, "wallet", one.currency, 0, 0, one.wallet_id, 1)
            for one in wallets
        ]
        await _ACCOUNTS.insert(self._connection, [(*row, now, now) for row in rows])

    async def save(self, moved: Iterable[LinkedAccount]) -> None:
        """Store how accounts stand after their latest movements; that is no edit of them."""
        rows = [(one.id, one.seq, one.balance_minor) for one in moved]
        await self._connection.execute(_SAVE, *columns_of(rows, 3))
