"""What administrators did and saw, in every service."""

from typing import Annotated

from fastapi import Query

from auth.audit_schemas import AuditEntry, AuditQuery
from auth.repository import AuditFilter, AuditLog
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
    summary="What administrators did and saw, newest first",
    description="In every service, kept for ever: each change by an administrator, and each look "
    "at what is somebody else's. What other services tell comes within a second or so. Reading "
    "this list is not written into it.",
    response_model=Page[AuditEntry],
    refusals=(CursorInvalid,),
)
async def list_audit(
    caller: Caller, wired: Wired, query: Annotated[AuditQuery, Query()]
) -> Page[AuditEntry]:
    """List acts by who, what, where and when."""
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
