"""Serves muted addresses to administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import CursorInvalid
from kit.web.audit import Auditing
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from notifications.refusals import MutedAddressNotFound
from notifications.repository import Addresses
from notifications.schemas.notices import MutedAddressAnswer
from notifications.schemas.queries import MutesQuery
from notifications.service import mutes
from notifications.wiring import Wired

router = Router(tags=["mails"])


@router.get(
    "/v1/notifications/muted-addresses",
    access="admin",
    operation_id="list_muted_addresses",
    summary="List people whose address gets no news by mail for now, and why",
    description="The last refused come first. The addresses themselves are not kept.",
    response_model=Page[MutedAddressAnswer],
    refusals=(CursorInvalid,),
)
async def list_muted_addresses(
    caller: Caller,
    wired: Wired,
    query: Annotated[MutesQuery, Query()],
    audit: Auditing,
) -> Page[MutedAddressAnswer]:
    """List muted addresses."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_muted_addresses", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Addresses(connection).muted(
            (wired.database.clock.now(), query.owner_id, query.span), after, query.limit + 1
        )
    await audit.listed("muted_address", None if query.owner_id is None else [query.owner_id])
    return page_of(
        Page[MutedAddressAnswer], found, MutedAddressAnswer.of, limit=query.limit, cursors=cursors
    )


@router.delete(
    "/v1/notifications/muted-addresses/{user_id}",
    access="admin",
    operation_id="unmute_address",
    summary="Unmute a person's address",
    description="Mails due from now on are sent. If its server refuses them for a day again, the"
    " address is muted again.",
    refusals=(MutedAddressNotFound,),
)
async def unmute_address(user_id: UUID, wired: Wired, audit: Auditing) -> None:
    """Unmute an address: delete its faults."""
    async with wired.database.unit_of_work() as uow:
        await mutes.lift(uow, user_id)
        await audit.changed(uow, "muted_address", user_id, user_id)
