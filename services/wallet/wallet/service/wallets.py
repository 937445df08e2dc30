"""Opens wallets, default ones and merchants' on first need, and freezes them."""

from collections.abc import Collection, Mapping
from uuid import UUID

from contracts.wallet import MERCHANTS, WalletOpened
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging.outbox import emit
from kit.refusals import NotFound
from wallet.domain.wallets import (
    DEFAULT_NAME,
    MERCHANT_NAME,
    NewDefault,
    Wallet,
    WalletKey,
    WalletStatus,
)
from wallet.refusals import TooManyWallets, WalletClosed
from wallet.repository.owners import Owners
from wallet.repository.wallets import Wallets

MAX_FURTHER_WALLETS = 100  # of one owner, besides a default one for each currency


async def default_wallets(uow: UnitOfWork, keys: Collection[WalletKey]) -> Mapping[WalletKey, UUID]:
    """Return the default wallets for all keys, opening the missing ones.

    A merchant's is its merchant account.
    """
    wallets = Wallets(uow)
    found = await wallets.find_defaults(keys)
    missing = set(keys) - found.keys()
    if not missing:
        return found
    for wallet in await _open_defaults(uow, missing, DEFAULT_NAME):
        key = WalletKey(wallet.owner_id, wallet.currency)
        found[key] = wallet.id
        missing.discard(key)
    if missing:  # another unit of work has just opened and committed them
        found |= await wallets.find_defaults(missing)
    return found


async def default_wallet(uow: UnitOfWork, key: WalletKey) -> Wallet:
    """Return an owner's default wallet of a currency, opened on first need."""
    wallets = Wallets(uow)
    found = await wallets.find_default(key)
    if found is None:
        for opened in await _open_defaults(uow, [key], DEFAULT_NAME):
            return opened
        found = await wallets.find_default(key)
    if found is None:
        raise LookupError("a default wallet neither exists nor can be opened")
    return found


async def open_wallet(uow: UnitOfWork, key: WalletKey, name: str) -> Wallet:
    """Open a wallet; the first of a currency becomes the owner's default one.

    Raises:
        WalletClosed: the owner is deleted.
        TooManyWallets: they have MAX_FURTHER_WALLETS besides their default ones.
    """
    owners = Owners(uow)
    await owners.take_alone(key.owner_id)
    if await owners.is_closed(key.owner_id):
        raise WalletClosed
    opened = await _open_defaults(uow, [key], name)
    if opened:
        return opened[0]
    if await owners.further_wallets(key.owner_id) >= MAX_FURTHER_WALLETS:
        raise TooManyWallets(limit=MAX_FURTHER_WALLETS)
    wallet = await Wallets(uow).open(new_id(), key, name, uow.clock.now())
    emit(uow, _opened(wallet), subject=str(wallet.id), sequence=1)
    return wallet


async def set_status(uow: UnitOfWork, wallet_id: UUID, status: WalletStatus) -> Wallet:
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


async def _open_defaults(uow: UnitOfWork, keys: Collection[WalletKey], name: str) -> list[Wallet]:
    await Owners(uow).hold_open({key.owner_id for key in keys})
    opening = [_new_default(key, name) for key in keys]
    opened = await Wallets(uow).open_defaults(opening, uow.clock.now())
    for wallet in opened:
        emit(uow, _opened(wallet), subject=str(wallet.id), sequence=1)
    return opened


def _new_default(key: WalletKey, name: str) -> NewDefault:
    if key.owner_id in MERCHANTS:
        return NewDefault(new_id(), key, "merchant", MERCHANT_NAME)
    return NewDefault(new_id(), key, "wallet", name)


def _opened(wallet: Wallet) -> WalletOpened:
    return WalletOpened(
        account_id=wallet.id,
        number=wallet.number,
        owner_id=wallet.owner_id,
        currency=wallet.currency,
        name=wallet.name,
        is_default=wallet.is_default,
    )
