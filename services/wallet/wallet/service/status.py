"""Freezes and unfreezes wallets."""

from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.refusals import NotFound
from wallet.domain.wallets import Status, Wallet
from wallet.refusals import WalletClosed
from wallet.repository.wallets import Wallets


async def set_status(uow: UnitOfWork, wallet_id: UUID, status: Status) -> Wallet:
    """Freeze or unfreeze a wallet; the same status again changes nothing.

    A frozen wallet places no hold and pays nothing; held money is still captured, and credits still
    arrive.

    Raises:
        NotFound: there is no such wallet.
        WalletClosed: its owner is deleted.
    """
    wallets = Wallets(uow)
    wallet = await wallets.set_status(wallet_id, status)
    if wallet is None:
        raise NotFound if await wallets.find(wallet_id) is None else WalletClosed
    return wallet
