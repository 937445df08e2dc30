"""Closes deleted owners: their wallets are used no more, and none is opened.

Money that comes later goes to a suspense account; see `domain.posting`.
"""

from uuid import UUID

from contracts.wallet import WalletNotEmpty
from kit.db.unit_of_work import UnitOfWork
from wallet.domain.wallets import Wallet
from wallet.refusals import standing_faults
from wallet.repository.owners import Owners


async def close_owner(uow: UnitOfWork, owner_id: UUID) -> None:
    """Close an owner, who may have no wallet; only `reopen_owner` undoes it.

    All accounts are locked, so whatever arrives at the same time is either seen here or sees the
    closed account.

    Raises:
        WalletNotEmpty: a wallet has money, held or not, or owes some.
    """
    owners = Owners(uow)
    await owners.take_alone(owner_id)
    if await owners.is_closed(owner_id):
        return
    accounts = await owners.lock_accounts(owner_id)
    not_empty = [one for one in accounts if _has_something(one)]
    if not_empty:
        raise WalletNotEmpty(errors=standing_faults(not_empty))
    frozen = [one.id for one in accounts if one.status == "frozen"]
    await owners.close(owner_id, frozen, uow.clock.now())


async def reopen_owner(uow: UnitOfWork, owner_id: UUID) -> None:
    """Undo `close_owner` for an owner who is not deleted after all.

    Wallets that were frozen before are frozen again.
    """
    owners = Owners(uow)
    await owners.take_alone(owner_id)
    await owners.lock_accounts(owner_id)
    await owners.reopen(owner_id)


def _has_something(wallet: Wallet) -> bool:
    return bool(wallet.balance_minor or wallet.held_minor or wallet.owed_minor)
