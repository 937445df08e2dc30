"""Closes owners who are being deleted; only auth may ask.

The gateway does not route them.
"""

from uuid import UUID

from contracts.wallet import WalletNotEmpty
from kit.web.routes import Router
from wallet.service import owners
from wallet.wiring import Wired

router = Router(tags=["internal"])


@router.post(
    "/internal/owners/{owner_id}/close",
    access="service",
    operation_id="close_owner",
    summary="Close all wallets of an owner, present and future",
    description="Refused while a wallet has money, held or not, or owes some. Closing again"
    " changes nothing.",
    status_code=204,
    refusals=(WalletNotEmpty,),
)
async def close_owner(owner_id: UUID, wired: Wired) -> None:
    """Close an owner, who may have no wallet."""
    async with wired.database.unit_of_work() as uow:
        await owners.close_owner(uow, owner_id)


@router.post(
    "/internal/owners/{owner_id}/reopen",
    access="service",
    operation_id="reopen_owner",
    summary="Reopen an owner who is not deleted after all",
    status_code=204,
)
async def reopen_owner(owner_id: UUID, wired: Wired) -> None:
    """Reopen an owner; nothing changes for one who is not closed."""
    async with wired.database.unit_of_work() as uow:
        await owners.reopen_owner(uow, owner_id)
