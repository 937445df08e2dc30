"""Holds the verbs of transactions: add, change, delete. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from finance.domain.accounts import usable
from finance.domain.books import BookOwner, FinanceBook
from finance.domain.transactions.drafts import TransactionDraft, decide_draft, require_changeable
from finance.domain.transactions.transactions import Transaction, TransactionType
from finance.refusals import TransactionLinked, TransactionNotFound
from finance.repository import Accounts, Books, FinanceCategories, Transactions
from finance.repository.transactions.imports import Imports
from finance.service.transactions.bookings import book, rebook, unbook
from finance.service.transactions.transfers import change_transfer
from kit.db import UnitOfWork
from kit.edits import Edition
from kit.ids import new_id


async def add_transaction(
    uow: UnitOfWork, owner: BookOwner, draft: TransactionDraft
) -> Transaction:
    """Book what its owner has written.

    Raises AccountNotYours, AccountLinked, the refusals of ``decide_draft``, BalanceOutOfRange.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    added = Transaction(
        id=new_id(),
        user_id=owner.user_id,
        **await _decided(uow, kept, draft),
        is_category_own=draft.is_placed,
        created_at=now,
        updated_at=now,
    )
    await book(uow, [added])
    return added


async def change_transaction(
    uow: UnitOfWork,
    owner: BookOwner,
    transaction_id: UUID,
    changes: Mapping[str, Any],
    edition: Edition,
) -> Transaction:
    """Change a transaction whose version the edit accepts.

    `changes` are fields of its draft.

    Raises TransactionNotFound, EditStale, TransactionLinked, TransferFixed, and the refusals of
    ``add_transaction``.
    """
    now = uow.clock.now()
    kept = await Books(uow).lock(owner, now)
    found = await _find(uow, owner, transaction_id)
    edition.check(found.version)
    require_changeable(found, changes)
    if found.type is TransactionType.TRANSFER:
        return await change_transfer(uow, kept, found, changes)
    draft = TransactionDraft.of(found).changed(changes)
    fields = await _decided(uow, kept, draft, is_linked=found.is_linked)
    if changes.keys() & {"category_id", "splits"}:
        fields["is_category_own"] = True
    if fields["account_id"] != found.account_id:
        fields["import_key"] = await _key_on(uow, found, fields["account_id"])
    changed = found.edited(fields, now)
    if changed != found:
        await rebook(uow, [found], [changed])
    return changed


async def delete_transaction(
    uow: UnitOfWork, owner: BookOwner, transaction_id: UUID, edition: Edition
) -> None:
    """Delete a transaction; of a transfer both sides.

    Raises TransactionNotFound, EditStale, TransactionLinked, BalanceOutOfRange.
    """
    await Books(uow).lock(owner, uow.clock.now())
    found = await _find(uow, owner, transaction_id)
    edition.check(found.version)
    if found.is_linked:
        raise TransactionLinked
    gone = [found]
    if found.transfer_id is not None:
        gone = await Transactions(uow).sides(owner.user_id, found.transfer_id)
    await unbook(uow, gone)


async def _find(uow: UnitOfWork, owner: BookOwner, transaction_id: UUID) -> Transaction:
    found = await Transactions(uow).find(owner.user_id, transaction_id)
    if found is None:
        raise TransactionNotFound
    return found


async def _key_on(uow: UnitOfWork, found: Transaction, account_id: UUID) -> str | None:
    """Return the key of an imported line on another account, if it is free there."""
    if found.import_key is None or await Imports(uow).known(account_id, [found.import_key]):
        return None
    return found.import_key


async def _decided(
    uow: UnitOfWork, kept: FinanceBook, draft: TransactionDraft, *, is_linked: bool = False
) -> dict[str, Any]:
    """Return the fields that a draft comes to; a movement may stay where it is."""
    account = await Accounts(uow).find(kept.user_id, draft.account_id)
    if account is None or not is_linked:
        account = usable(account)
    categories = await FinanceCategories(uow).of(kept.user_id, set(draft.category_ids()))
    now = uow.clock.now()
    return decide_draft(draft, account, categories, zone=kept.time_zone, now=now)
