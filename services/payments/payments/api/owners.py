"""Closing users who are being deleted, asked for by auth; not routed by the gateway."""

from uuid import UUID

from kit.web.routes import Router
from payments.refusals import PaymentsOpen
from payments.service import closing
from payments.wiring import Wired

router = Router(tags=["internal"])


@router.post(
    "/internal/owners/{owner_id}/close",
    access="service",
    operation_id="close_payer_and_payee",
    summary="Let nothing begin with a user any more",
    description="Refused while something of theirs is under way. Closing again changes nothing.",
    status_code=204,
    refusals=(PaymentsOpen,),
)
async def close_payer_and_payee(owner_id: UUID, wired: Wired) -> None:
    """Close a user, who may be unknown here."""
    async with wired.database.unit_of_work() as uow:
        await closing.close_party(uow, owner_id)


@router.post(
    "/internal/owners/{owner_id}/reopen",
    access="service",
    operation_id="reopen_payer_and_payee",
    summary="Undo the closing of a user who is not deleted after all",
    status_code=204,
)
async def reopen_payer_and_payee(owner_id: UUID, wired: Wired) -> None:
    """Reopen a user; of one who is open nothing changes."""
    async with wired.database.unit_of_work() as uow:
        await closing.reopen_party(uow, owner_id)
