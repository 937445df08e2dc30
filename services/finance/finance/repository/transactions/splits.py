"""Stores the splits of transactions, whoever has chosen them."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from finance.domain.transactions.transactions import Split
from kit.db import Connection
from kit.db.bulk import BulkInsert

_SPLITS: Final = BulkInsert(
    "split",
    transaction_id="uuid",
    position="int",
    category_id="uuid",
    amount_minor="bigint",
    description="text",
    user_id="uuid",
    date="date",
    currency="text",
)


class SplitRow(NamedTuple):
    """The splits of a transaction, and what they take over from it."""

    transaction_id: UUID
    user_id: UUID
    date: date
    currency: str
    splits: Sequence[Split]


async def add_splits(connection: Connection, wholes: Sequence[SplitRow]) -> None:
    """Store the splits of transactions that have none."""
    rows = [
        (
            whole.transaction_id,
            place,
            split.category_id,
            split.amount_minor,
            split.description,
            whole.user_id,
            whole.date,
            whole.currency,
        )
        for whole in wholes
        for place, split in enumerate(whole.splits, 1)
    ]
    await _SPLITS.insert(connection, rows)
