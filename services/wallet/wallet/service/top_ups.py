"""Tops wallets up: a transfer from the provider's clearing account."""

from typing import NamedTuple
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.money import MAX_MINOR, Money
from kit.refusals import NotFound
from wallet.domain.commands import Party, Posted, Transfer
from wallet.domain.wallets import HouseAccount, Wallet, WalletKey
from wallet.refusals import BalanceLimit, TooManyTopUps, WalletClosed, WalletCurrencyDiffers
from wallet.repository.wallets import Wallets
from wallet.service.postings import emit_movements, settle
from wallet.service.wallets import default_wallet

KIND = "top_up"

log = get_logger(__name__)

# For one owner, currency and day (UTC). It is ten of the largest amounts, so that nobody meets it
# in ordinary life; a house account, which all share, has room for 800 such days.
MAX_DAY_MINOR = 10 * MAX_MINOR


class TopUp(NamedTuple):
    """A posted top-up, and the wallet after it."""

    transfer_id: UUID
    wallet: Wallet


async def top_up(
    uow: UnitOfWork, owner_id: UUID, money: Money, *, provider: str, wallet_id: UUID | None = None
) -> TopUp:
    """Credit an owner's wallet from a provider, by default their default wallet.

    Raises:
        NotFound: the wallet does not exist, or is not the owner's.
        WalletCurrencyDiffers: it has another currency.
        WalletClosed: the owner is deleted.
        TooManyTopUps: the owner has asked for too much today.
        BalanceLimit: it can't hold that much more.
    """
    wallet = await wallet_to_fill(uow, owner_id, money, wallet_id)
    clearing = HouseAccount("external", provider, money.currency)
    source = await Wallets(uow).house_account(clearing, new_id(), uow.clock.now())
    command = Transfer(
        command_id=new_id(),
        transfer_id=new_id(),
        payer=Party(None, source),
        payee=Party(owner_id, wallet.id),
        amount_minor=money.minor,
        currency=money.currency,
        reference=provider,
        kind=KIND,
        description=None,
    )
    book, [outcome] = await settle(uow, [command])
    if not isinstance(outcome, Posted):
        raise BalanceLimit  # all else was checked above
    if outcome.payee_account_id != wallet.id:
        raise WalletClosed  # it was closed since it was read
    emit_movements(uow, book)
    uow.after_commit(
        lambda: log.info(
            "wallet_topped_up",
            wallet_id=str(wallet.id),
            transfer_id=str(command.transfer_id),
            amount=money.decimal,
            currency=money.currency,
            provider=provider,
        )
    )
    account = book.accounts[wallet.id]
    return TopUp(
        command.transfer_id,
        wallet._replace(
            balance_minor=account.balance_minor,
            held_minor=account.held_minor,
            owed_minor=account.owed_minor,
        ),
    )


async def wallet_to_fill(
    uow: UnitOfWork, owner_id: UUID, money: Money, wallet_id: UUID | None
) -> Wallet:
    """Return the wallet to credit, and add the amount to the owner's day.

    Raises:
        NotFound: the wallet does not exist, or is not the owner's.
        WalletCurrencyDiffers: it has another currency.
        WalletClosed: the owner is deleted.
        TooManyTopUps: the owner has asked for too much today.
    """
    key = WalletKey(owner_id, money.currency)
    if wallet_id is None:
        wallet = await default_wallet(uow, key)
    else:
        wallet = await _named(uow, owner_id, wallet_id)
    if wallet.currency != money.currency:
        raise WalletCurrencyDiffers(currency=wallet.currency)
    if wallet.status == "closed":
        raise WalletClosed
    day = uow.clock.now().date()
    if await Wallets(uow).count_top_up(key, day, money.minor) > MAX_DAY_MINOR:
        raise TooManyTopUps(
            most=Money(MAX_DAY_MINOR, money.currency).decimal, currency=money.currency
        )
    return wallet


async def _named(uow: UnitOfWork, owner_id: UUID, wallet_id: UUID) -> Wallet:
    wallet = await Wallets(uow).find(wallet_id)
    if wallet is None or wallet.owner_id != owner_id:
        raise NotFound
    return wallet
