"""What other services ask, with a token of their own; not reachable through the gateway."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import NotFound
from kit.web.fields import CurrencyCode
from kit.web.routes import Router
from wallet.domain.posting import MAX_BALANCE_MINOR
from wallet.domain.wallets import Home
from wallet.repository.history import History
from wallet.repository.wallets import Wallets
from wallet.schemas.wallets import AccountsQuery, KnownAccount, KnownTransfer, KnownWallet
from wallet.wiring import Wired

router = Router(tags=["internal"])


@router.get(
    "/internal/wallets/{wallet_id}",
    access="service",
    operation_id="look_up_wallet",
    summary="Whose a wallet is, and of which currency",
)
async def look_up_wallet(wallet_id: UUID, wired: Wired) -> KnownWallet:
    """Answer for a wallet whose event may not have come yet."""
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
    summary="What may be spent of somebody's wallet of a currency",
)
async def look_up_account(
    owner_id: UUID,
    currency: Annotated[CurrencyCode, Query()],
    wired: Wired,
    wallet_id: UUID | None = None,
) -> KnownAccount:
    """Answer for the wallet named, or for the default one of the currency; opens none."""
    async with wired.database.read() as connection:
        wallets = Wallets(connection)
        if wallet_id is None:
            wallet = await wallets.find_default(Home(owner_id, currency))
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
    summary="A transfer's entries on the accounts that are named",
)
async def look_up_transfer(
    transfer_id: UUID, query: Annotated[AccountsQuery, Query()], wired: Wired
) -> KnownTransfer:
    """Show what a transfer has written, to a service that was told on which accounts."""
    async with wired.database.read() as connection:
        history = History(connection)
        moved = await history.transfer(transfer_id)
        if moved is None:
            raise NotFound
        legs = [leg for one in query.ids for leg in await history.legs(moved, one)]
    return KnownTransfer.of(moved, legs)
