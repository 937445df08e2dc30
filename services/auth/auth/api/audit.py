"""Serves the audit log to administrators, and to users their own events."""

from typing import Annotated

from fastapi import Query

from auth.repository import AuditFilter, AuditLog
from auth.schemas.audit import AuditEntry, AuditQuery, EventAnswer, EventQuery
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
    summary="List acts of administrators and events of users, newest first",
    description="It has every change by an administrator, in all services, every look at what "
    "others own, and every event about a user's security; it is kept for ever. Acts in other "
    "services appear within about a second. Reading this list is not recorded.",
    response_model=Page[AuditEntry],
    refusals=(CursorInvalid,),
)
async def list_audit(
    caller: Caller, wired: Wired, query: Annotated[AuditQuery, Query()]
) -> Page[AuditEntry]:
    """List acts and events by actor, subject, owner, action, address and time."""
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


@router.get(
    "/v1/auth/events",
    access="user",
    operation_id="list_events",
    summary="List the events about one's own security, newest first",
    description="Logins and failed ones, ended sessions, new passwords, addresses and keys, and "
    "what administrators changed. Of refreshes it has the first of an hour, or from an address.",
    response_model=Page[EventAnswer],
    refusals=(CursorInvalid,),
)
async def list_events(
    caller: Caller, wired: Wired, query: Annotated[EventQuery, Query()]
) -> Page[EventAnswer]:
    """List the caller's events by kind and time."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_events", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        log = AuditLog(connection)
        found = await log.events(caller.user, query.kind, query.span, after, query.limit + 1)
    return page_of(
        Page[EventAnswer],
        found,
        EventAnswer.of,
        limit=query.limit,
        cursors=cursors,
        place=lambda event: Position(event.at, event.id),
    )
