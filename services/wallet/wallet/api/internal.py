"""Serves the operations that other services call with a service token.

The gateway does not route them.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import NotFound
from kit.web.fields import CurrencyCode
from kit.web.routes import Router
from wallet.domain.posting import MAX_BALANCE_MINOR
from wallet.domain.wallets import WalletKey
from wallet.repository.history import History
from wallet.repository.wallets import Wallets
from wallet.schemas.wallets import AccountsQuery, KnownAccount, KnownTransfer, KnownWallet
from wallet.wiring import Wired

router = Router(tags=["internal"])


@router.get(
    "/internal/wallets/{wallet_id}",
    access="service",
    operation_id="look_up_wallet",
    summary="Look up a wallet's owner and currency",
)
async def look_up_wallet(wallet_id: UUID, wired: Wired) -> KnownWallet:
    """Look a wallet up for a service that has not seen its event yet."""
    async with wired.database.read() as connection:
        wallet = await Wallets(connection).find(wallet_id)
    if wallet is None:
        raise NotFound
    return KnownWallet(
        id=wallet.id, owner_id=wallet.owner_id, currency=wallet.currency, status=wallet.status
    )


@router.get(
    "/internal/accounts",
    access="service",
    operation_id="look_up_account",
    summary="Look up how much an owner can spend in a currency",
)
async def look_up_account(
    owner_id: UUID,
    currency: Annotated[CurrencyCode, Query()],
    wired: Wired,
    wallet_id: UUID | None = None,
) -> KnownAccount:
    """Look up the wallet named, or the currency's default one; open none."""
    async with wired.database.read() as connection:
        wallets = Wallets(connection)
        if wallet_id is None:
            wallet = await wallets.find_default(WalletKey(owner_id, currency))
        else:
            wallet = await wallets.find(wallet_id)
    if wallet is None or (wallet.owner_id, wallet.currency) != (owner_id, currency):
        raise NotFound
    return KnownAccount(
        id=wallet.id,
        owner_id=wallet.owner_id,
        currency=wallet.currency,
        status=wallet.status,
        available_minor=wallet.available_minor,
        room_minor=MAX_BALANCE_MINOR - wallet.balance_minor,
    )


@router.get(
    "/internal/transfers/{transfer_id}",
    access="service",
    operation_id="look_up_transfer",
    summary="Look up a transfer's entries on the accounts named",
)
async def look_up_transfer(
    transfer_id: UUID, query: Annotated[AccountsQuery, Query()], wired: Wired
) -> KnownTransfer:
    """Show a transfer to a service that knows on which accounts it is."""
    async with wired.database.read() as connection:
        history = History(connection)
        moved = await history.transfer(transfer_id)
        if moved is None:
            raise NotFound
        legs = [leg for one in query.ids for leg in await history.legs(moved, one)]
    return KnownTransfer.of(moved, legs)
