"""What other services ask, with a token of their own; not reachable through the gateway."""

from uuid import UUID

from kit.refusals import NotFound
from kit.web.routes import Router
from wallet.repository.wallets import Wallets
from wallet.schemas import KnownWallet
from wallet.wiring import Store

router = Router(tags=["internal"])


@router.get(
    "/internal/wallets/{wallet_id}",
    access="service",
    operation_id="look_up_wallet",
    summary="Whose a wallet is, and of which currency",
)
async def look_up_wallet(wallet_id: UUID, store: Store) -> KnownWallet:
    """Answer for a wallet whose event may not have come yet."""
    async with store.read() as connection:
        wallet = await Wallets(connection).find(wallet_id)
    if wallet is None:
        raise NotFound
    return KnownWallet(
        id=wallet.id, owner_id=wallet.owner_id, currency=wallet.currency, status=wallet.status
    )
