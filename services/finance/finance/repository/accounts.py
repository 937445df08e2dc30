"""Stores accounts, and moves their balances.

Their book is locked, so they are not.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.accounts import AccountKind, FinanceAccount
from finance.repository.batches import in_batches
from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import Span

_ROW: Final = """
    id, user_id, name, kind, currency, opening_minor, balance_minor, wallet_id, seq, version,
    created_at, updated_at
"""
_values = attrgetter(*_ROW.replace(",", " ").split())
_ADD: Final = f"""
INSERT INTO account ({_ROW}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_SAVE: Final = """
UPDATE account SET name = $2, kind = $3, currency = $4, opening_minor = $5, balance_minor = $6,
    version = $7, updated_at = $8
WHERE id = $1
"""
_OF: Final = f"SELECT {_ROW} FROM account WHERE user_id = $1 AND id = ANY($2)"
_PAGE: Final = f"""
SELECT {_ROW} FROM account
WHERE user_id = $1 AND (created_at, id) < (coalesce($2, 'infinity'::timestamptz), $3)
  AND ($4::timestamptz IS NULL OR created_at >= $4)
  AND ($5::timestamptz IS NULL OR created_at < $5)
ORDER BY created_at DESC, id DESC LIMIT $6
"""
_MOVE: Final = """
UPDATE account SET balance_minor = balance_minor + delta
FROM unnest($1::uuid[], $2::bigint[]) AS moved (account_id, delta)
WHERE id = account_id
RETURNING balance_minor
"""
# What refers to an account, by what callers know it as.
_USES: Final[Mapping[str, str]] = {"transactions": "transaction", "recurring": "recurring"}
_COUNTS: Final = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table} WHERE account_id = $1) AS {name}"
    for name, table in _USES.items()
)
# A transfer between the two would lead from an account to itself.
_DROP_TRANSFERS: Final = """
DELETE FROM transaction WHERE transfer_id = ANY(ARRAY(
    SELECT transfer_id FROM transaction AS here WHERE account_id = $1 AND transfer_id IS NOT NULL
    AND EXISTS (SELECT FROM transaction AS there
        WHERE there.transfer_id = here.transfer_id AND there.account_id = $2)))
"""
# A line that has been imported into both keeps its key on one of them.
_HAND_OVER: Final = """
UPDATE transaction SET account_id = $2, version = version + 1, updated_at = $3,
    import_key = CASE WHEN NOT EXISTS (SELECT FROM transaction AS other
        WHERE other.account_id = $2 AND other.import_key = transaction.import_key)
        THEN import_key END
WHERE ctid = ANY(ARRAY(SELECT ctid FROM transaction WHERE account_id = $1 LIMIT $4))
"""
_HAND_OVER_RECURRING: Final = """
UPDATE recurring SET account_id = $2, version = version + 1, updated_at = $3 WHERE account_id = $1
"""
# They keep an account from nobody: without an heir they go with it.
_HAND_OVER_RULES: Final = """
UPDATE rule SET account_id = $2, version = version + 1, updated_at = $3 WHERE account_id = $1
"""


class Accounts:
    """Stored accounts; changes need a unit of work and the book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: FinanceAccount) -> None:
        """Store a new account."""
        await self._connection.execute(_ADD, *_values(new))

    async def save(self, changed: FinanceAccount) -> None:
        """Store an account as it is now."""
        await self._connection.execute(
            _SAVE,
            changed.id,
            changed.name,
            changed.kind,
            changed.currency,
            changed.opening_minor,
            changed.balance_minor,
            changed.version,
            changed.updated_at,
        )

    async def delete(self, account_id: UUID) -> None:
        """Delete an account that nothing refers to."""
        await self._connection.execute("DELETE FROM account WHERE id = $1", account_id)

    async def of(self, user_id: UUID, account_ids: Collection[UUID]) -> dict[UUID, FinanceAccount]:
        """Return those of the named accounts that are the user's."""
        rows = await self._connection.fetch(_OF, user_id, list(account_ids))
        return {row["id"]: _account(row) for row in rows}

    async def find(self, user_id: UUID, account_id: UUID) -> FinanceAccount | None:
        """Return an account if it is the user's."""
        return (await self.of(user_id, (account_id,))).get(account_id)

    async def count(self, user_id: UUID) -> int:
        """Return how many accounts a user has, besides those that show wallets."""
        counted = "SELECT count(*) FROM account WHERE user_id = $1 AND wallet_id IS NULL"
        return int(await self._connection.fetchval(counted, user_id))

    async def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int, span: Span
    ) -> list[FinanceAccount]:
        """Return a page of a user's accounts, newest first."""
        created_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(_PAGE, user_id, created_at, last_id, *span, limit)
        return [_account(row) for row in rows]

    async def uses(self, account_id: UUID) -> dict[str, int]:
        """Return how many of what refer to an account; what does not is left out."""
        [row] = await self._connection.fetch(_COUNTS, account_id)
        return {name: count for name, count in row.items() if count}

    async def hand_over(self, account_id: UUID, heir_id: UUID, now: datetime) -> None:
        """Give all that is on an account to another one; transfers between the two end."""
        await self._connection.execute(_DROP_TRANSFERS, account_id, heir_id)
        await in_batches(self._connection, _HAND_OVER, account_id, heir_id, now)
        await self._connection.execute(_HAND_OVER_RECURRING, account_id, heir_id, now)
        await self._connection.execute(_HAND_OVER_RULES, account_id, heir_id, now)

    async def move_balances(self, deltas: Mapping[UUID, int]) -> list[int]:
        """Add signed amounts to balances; return the balances that this comes to."""
        rows = await self._connection.fetch(_MOVE, list(deltas), list(deltas.values()))
        return [row["balance_minor"] for row in rows]


def _account(row: Any) -> FinanceAccount:
    values = dict(row)
    values["kind"] = AccountKind(values["kind"])
    return FinanceAccount(**values)
