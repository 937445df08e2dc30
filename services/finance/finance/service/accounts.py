"""Holds the verbs of accounts: add, change, delete. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from finance.domain.accounts import (
    MOST_ACCOUNTS,
    FinanceAccount,
    decide_account_change,
    decide_merger,
    own,
)
from finance.domain.books import BookOwner
from finance.refusals import AccountInUse, TooManyAccounts
from finance.repository import Accounts, Books
from kit.db import UnitOfWork
from kit.edits import Edition


async def add_account(uow: UnitOfWork, owner: BookOwner, new: FinanceAccount) -> FinanceAccount:
    """Store a new account.

    Raises TooManyAccounts.
    """
    await Books(uow).lock(owner, uow.clock.now())
    accounts = Accounts(uow)
    if await accounts.count(owner.user_id) >= MOST_ACCOUNTS:
        raise TooManyAccounts(most=MOST_ACCOUNTS)
    await accounts.add(new)
    return new


async def change_account(
    uow: UnitOfWork,
    owner: BookOwner,
    account_id: UUID,
    changes: Mapping[str, Any],
    edition: Edition,
) -> FinanceAccount:
    """Change an account whose version the edit accepts.

    Raises the refusals of ``decide_account_change``, and EditStale.
    """
    accounts = Accounts(uow)
    await Books(uow).lock(owner, uow.clock.now())
    found = own(await accounts.find(owner.user_id, account_id))
    edition.check(found.version)
    uses = await accounts.uses(account_id) if "currency" in changes else {}
    changed = decide_account_change(found, changes, uses, uow.clock.now())
    if changed != found:
        await accounts.save(changed)
    return changed


async def delete_account(
    uow: UnitOfWork, owner: BookOwner, account_id: UUID, edition: Edition, move_to: UUID | None
) -> None:
    """Delete an account; what is on it goes to another one, if that is named.

    Transfers between the two end, as they would lead from an account to itself.

    Raises AccountNotFound, AccountLinked, AccountInUse, EditStale, those of ``decide_merger``.
    """
    accounts = Accounts(uow)
    await Books(uow).lock(owner, uow.clock.now())
    found = own(await accounts.find(owner.user_id, account_id))
    edition.check(found.version)
    if move_to is not None:
        target = await accounts.find(owner.user_id, move_to)
        heir = decide_merger(found, target, uow.clock.now())
        await accounts.hand_over(found.id, heir.id, heir.updated_at)
        await accounts.save(heir)
    elif uses := await accounts.uses(account_id):
        raise AccountInUse(uses)
    await accounts.delete(found.id)
