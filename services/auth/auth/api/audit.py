"""Serves the audit log to administrators."""

from typing import Annotated

from fastapi import Query

from auth.repository import AuditFilter, AuditLog
from auth.schemas.audit import AuditEntry, AuditQuery
from auth.wiring import Wired
from kit.refusals import CursorInvalid
from kit.web.identity import Caller
from kit.web.pagination import Position, page_of
from kit.web.routes import Router
from kit.web.schemas import Page

router = Router(tags=["audit"])


@router.get(
    "/v1/auth/audit",
    access="admin",
    operation_id="list_audit",
    summary="List the acts of administrators, newest first",
    description="It has every change by an administrator, in all services, and every look at what "
    "others own; it is kept for ever. Acts in other services appear within about a second. Reading "
    "this list is not recorded.",
    response_model=Page[AuditEntry],
    refusals=(CursorInvalid,),
)
async def list_audit(
    caller: Caller, wired: Wired, query: Annotated[AuditQuery, Query()]
) -> Page[AuditEntry]:
    """List acts by actor, subject, owner, operation, service and time."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_audit", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        log = AuditLog(connection)
        found = await log.page(AuditFilter(**query.wanted), after, query.limit + 1)
    return page_of(
        Page[AuditEntry],
        found,
        lambda entry: AuditEntry.model_validate(entry, from_attributes=True),
        limit=query.limit,
        cursors=cursors,
        place=lambda entry: Position(entry.at, entry.id),
    )
