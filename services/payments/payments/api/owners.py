"""Closes users for auth, and learns from notifications who listens.

The gateway does not route these paths.
"""

from uuid import UUID

from contracts.payments import PaymentsOpen
from kit.web.routes import Router
from payments.repository import Listeners
from payments.schemas.listeners import ListenersRequest
from payments.service import closing
from payments.wiring import Wired

router = Router(tags=["internal"])


@router.post(
    "/internal/owners/{owner_id}/close",
    access="service",
    operation_id="close_payer_and_payee",
    summary="Close a user: no payment to or from them can begin",
    description="Refused while anything of theirs is under way and money may still move. Closing "
    "again changes nothing.",
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
    summary="Reopen a user who is not deleted after all",
    status_code=204,
)
async def reopen_payer_and_payee(owner_id: UUID, wired: Wired) -> None:
    """Reopen a user; nothing changes for a user who is open."""
    async with wired.database.unit_of_work() as uow:
        await closing.reopen_party(uow, owner_id)


@router.post(
    "/internal/listeners",
    access="service",
    operation_id="add_listeners",
    summary="Name users who want to be told of new payments",
    description="A payment is told of as it is created where its payer or its payee is one of them,"
    " or as long as not all of them are known. Naming somebody again changes nothing.",
    status_code=204,
)
async def add_listeners(body: ListenersRequest, wired: Wired) -> None:
    """Store who listens."""
    async with wired.database.unit_of_work() as uow:
        await Listeners(uow).add(body.user_ids, are_all=body.are_all)
