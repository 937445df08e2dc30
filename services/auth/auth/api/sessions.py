"""Serves sessions: lists and ends one's own, or for admins anybody's."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query

from auth.api.origins import CallerOrigin
from auth.domain.sessions import Session
from auth.repository import Sessions, Users
from auth.schemas.sessions import SessionAnswer
from auth.service.sessions import end_session
from auth.wiring import Wired, Wiring
from kit.db import Connection
from kit.refusals import CursorInvalid, NotFound
from kit.web.audit import Auditing
from kit.web.identity import Caller, Identity
from kit.web.pagination import Cursors, page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page

router = Router(tags=["sessions"])


@router.get(
    "/v1/auth/sessions",
    access="user",
    operation_id="list_sessions",
    summary="List one's own live sessions, newest first",
    response_model=Page[SessionAnswer],
    refusals=(CursorInvalid,),
)
async def list_sessions(
    caller: Caller, wired: Wired, query: Annotated[SpanQuery, Query()]
) -> Page[SessionAnswer]:
    """List the caller's live sessions."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_sessions", subject=caller.subject
    )
    async with wired.database.read() as connection:
        rows = await _found(connection, caller.user, query, cursors, wired)
    return _page(rows, query, cursors, caller)


@router.delete(
    "/v1/auth/sessions/{session_id}",
    access="owner",
    operation_id="delete_session",
    summary="End one of one's own sessions",
)
async def delete_session(
    session_id: UUID, caller: Caller, wired: Wired, origin: CallerOrigin
) -> None:
    """End a session; another user's is answered like a missing one."""
    async with wired.database.unit_of_work() as uow:
        ended = await end_session(uow, caller.user, session_id, origin)
    if not ended:
        raise NotFound
    await wired.revoker.sessions(ended)


@router.get(
    "/v1/users/{user_id}/sessions",
    access="admin",
    operation_id="list_user_sessions",
    summary="List a user's live sessions, newest first",
    response_model=Page[SessionAnswer],
    refusals=(CursorInvalid,),
)
async def list_user_sessions(
    user_id: UUID,
    caller: Caller,
    wired: Wired,
    query: Annotated[SpanQuery, Query()],
    audit: Auditing,
) -> Page[SessionAnswer]:
    """List a user's live sessions."""
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="list_user_sessions",
        subject=caller.subject,
        user_id=user_id,
    )
    async with wired.database.read() as connection:
        if await Users(connection).get(user_id) is None:
            raise NotFound
        rows = await _found(connection, user_id, query, cursors, wired)
    await audit.read("session", None, user_id)
    return _page(rows, query, cursors, caller)


@router.delete(
    "/v1/users/{user_id}/sessions/{session_id}",
    access="admin",
    operation_id="delete_user_session",
    summary="End one of a user's sessions",
)
async def delete_user_session(  # noqa: PLR0913, PLR0917 - what an operation is given
    user_id: UUID,
    session_id: UUID,
    caller: Caller,
    wired: Wired,
    origin: CallerOrigin,
    audit: Auditing,
) -> None:
    """End a session; its access token is revoked within a second."""
    async with wired.database.unit_of_work() as uow:
        ended = await end_session(uow, user_id, session_id, origin, admin_id=caller.user)
        if not ended:
            raise NotFound
        await audit.changed(uow, "session", session_id, user_id)
    await wired.revoker.sessions(ended)


async def _found(
    connection: Connection, user_id: UUID, query: SpanQuery, cursors: Cursors, wired: Wiring
) -> list[Session]:
    after = cursors.decode(query.cursor)
    return await Sessions(connection).page(
        user_id, wired.database.clock.now(), after, query.limit + 1, query.span
    )


def _page(
    rows: Sequence[Session], query: SpanQuery, cursors: Cursors, caller: Identity
) -> Page[SessionAnswer]:
    return page_of(
        Page[SessionAnswer],
        rows,
        lambda session: SessionAnswer.of(session, caller.session_id),
        limit=query.limit,
        cursors=cursors,
    )
