"""Stores movements as transactions of linked accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from finance.domain.feed.movements import Booked
from finance.repository.transactions.splits import SplitRow, add_splits
from kit.db import Connection
from kit.ids import new_id

# Always by COPY: the arrays of `BulkInsert` have no room for a column of arrays.
_COLUMNS: Final = (
    "id",
    "user_id",
    "account_id",
    "type",
    "amount_minor",
    "currency",
    "category_id",
    "description",
    "date",
    "at",
    "tags",
    "is_split",
    "transfer_id",
    "origin",
    "movement_seq",
    "movement_kind",
    "reference",
    "counterparty_id",
    "purpose",
    "version",
    "created_at",
    "updated_at",
)


class BookedMovements:
    """Stored movements; changes need a unit of work and their books locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, booked: Sequence[Booked], now: datetime) -> None:
        """Store movements, with what rules made of them."""
        if not booked:
            return
        rows, splits = list[tuple[Any, ...]](), list[SplitRow]()
        for one in booked:
            transaction_id = new_id()
            rows.append(_row(transaction_id, one, now))
            if one.choice.splits:
                whole = (one.movement.owner_id, one.date, one.movement.currency)
                splits.append(SplitRow(transaction_id, *whole, one.choice.splits))
        await self._connection.copy_in("transaction", _COLUMNS, rows)
        await add_splits(self._connection, splits)


def _row(transaction_id: UUID, one: Booked, now: datetime) -> tuple[Any, ...]:
    movement, choice = one.movement, one.choice
    kind = movement.type
    return (
        transaction_id,
        movement.owner_id,
        one.account.id,
        kind,
        movement.amount_minor,
        movement.currency,
        choice.category_id,
        movement.description,
        one.date,
        movement.posted_at,
        list(choice.tags),
        bool(choice.splits),
        movement.transfer_id if kind == "transfer" else None,
        "wallet",
        movement.seq,
        movement.kind,
        movement.reference,
        movement.counterparty_id,
        movement.purpose,
        1,
        now,
        now,
    )
