"""Decides which wallets a caller may see: their own, and an admin all.

Other people's wallets are answered like missing ones, and those outside an API key's bounds.
"""

from uuid import UUID

from kit.db import Connection
from kit.refusals import NotFound
from kit.web.identity import Identity
from wallet.domain.wallets import Wallet
from wallet.repository.wallets import Wallets


async def visible(connection: Connection, caller: Identity, wallet_id: UUID) -> Wallet:
    """Return a wallet that the caller may see.

    Raises:
        NotFound: it does not exist, belongs to somebody else, or is outside the key's bounds.
    """
    return shown(await Wallets(connection).find(wallet_id), caller)


def shown(wallet: Wallet | None, caller: Identity) -> Wallet:
    """Return a wallet that was looked up, if the caller may see it.

    Raises:
        NotFound: as `visible`.
    """
    is_theirs = wallet is not None and (wallet.owner_id == caller.user or caller.is_admin)
    if wallet is None or not is_theirs or not caller.may_use(wallet.id):
        raise NotFound
    return wallet
