"""Holds the verbs of transfers between own accounts. Their caller commits."""

from collections.abc import Mapping
from typing import Any

from finance.domain.accounts import usable
from finance.domain.books import BookOwner, FinanceBook
from finance.domain.transactions.transactions import Transaction
from finance.domain.transactions.transfers import (
    TransferDraft,
    decide_transfer,
    decide_transfer_change,
)
from finance.repository import Accounts, Books, Transactions
from finance.service.transactions.bookings import book, rebook
from kit.db import UnitOfWork


async def add_transfer(
    uow: UnitOfWork, owner: BookOwner, draft: TransferDraft
) -> tuple[Transaction, Transaction]:
    """Book a transfer between two own accounts; return what leaves, then what arrives.

    Raises AccountNotYours, AccountLinked, the refusals of ``decide_transfer``, BalanceOutOfRange.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    ids = draft.from_account_id, draft.to_account_id
    found = await Accounts(uow).of(owner.user_id, ids)
    leaves = usable(found.get(ids[0]), at="from_account_id")
    arrives = usable(found.get(ids[1]), at="to_account_id")
    pair = decide_transfer(draft, leaves, arrives, zone=kept.time_zone, now=now)
    await book(uow, pair)
    return pair


async def change_transfer(
    uow: UnitOfWork, kept: FinanceBook, found: Transaction, changes: Mapping[str, Any]
) -> Transaction:
    """Change one side of a transfer; date and description change on both."""
    assert found.transfer_id is not None  # noqa: S101 - a transfer has one
    sides = await Transactions(uow).sides(kept.user_id, found.transfer_id)
    now = uow.clock.now()
    changed = [
        decide_transfer_change(
            one, changes, is_meant=one.id == found.id, zone=kept.time_zone, now=now
        )
        for one in sides
    ]
    if changed != sides:
        await rebook(uow, sides, changed)
    return next(one for one in changed if one.id == found.id)
