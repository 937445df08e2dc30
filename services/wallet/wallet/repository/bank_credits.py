"""Owns the SQL of banks' credits: each transaction of a bank is stored once."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork

_ADD = """
INSERT INTO bank_credit (provider, transaction_id, wallet, amount_minor, currency, transfer_id,
                         is_suspense, created_at)
VALUES ($1, $2, $3, $4, $5, $6, false, $7)
ON CONFLICT DO NOTHING
"""

_FIND = """
SELECT provider, transaction_id, wallet, amount_minor, currency, transfer_id, is_suspense
FROM bank_credit WHERE provider = $1 AND transaction_id = $2
"""

_SUSPEND = """
UPDATE bank_credit SET is_suspense = true WHERE provider = $1 AND transaction_id = $2
"""


class BankCredit(NamedTuple):
    """A bank's credit; `wallet` is an id or a number, as the bank named it.

    `is_suspense` is true if the money went to a suspense account.
    """

    provider: str
    transaction_id: str
    wallet: str
    amount_minor: int
    currency: str
    transfer_id: UUID
    is_suspense: bool = False

    def says_the_same(self, other: "BankCredit") -> bool:
        """Tell whether both have the same content, wherever the money went."""
        return self[:5] == other[:5]


class BankCredits:
    """Stores banks' credits within one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def add(self, credit: BankCredit, now: datetime) -> BankCredit | None:
        """Store a credit; return the one stored before if its transaction is known.

        It waits for a copy that another unit of work is storing.
        """
        if await self._uow.execute(_ADD, *credit[:6], now):
            return None
        row = await self._uow.fetchrow(_FIND, credit.provider, credit.transaction_id)
        assert row is not None  # noqa: S101 - it is never deleted
        return BankCredit(*row)

    async def suspend(self, credit: BankCredit) -> None:
        """Record that the money went to the suspense account."""
        await self._uow.execute(_SUSPEND, credit.provider, credit.transaction_id)
