"""The caller's logins: seeing and ending them."""

from uuid import UUID

from fastapi import Request

from auth.api.paging import page_of
from auth.repository import Sessions
from auth.schemas import SessionAnswer
from auth.service.sessions import end_session
from auth.wiring import Wired
from kit.refusals import CursorInvalid, NotFound
from kit.web.answers import Answer
from kit.web.identity import Caller
from kit.web.pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit
from kit.web.routes import Router
from kit.web.schemas import Page

router = Router(tags=["sessions"])


@router.get(
    "/v1/auth/sessions",
    access="user",
    operation_id="list_sessions",
    summary="The caller's live sessions, newest first",
    response_model=Page[SessionAnswer],
    refusals=(CursorInvalid,),
)
async def list_sessions(
    caller: Caller,
    request: Request,
    wired: Wired,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Answer:
    """List where the caller is logged in."""
    cursors = Cursors(
        wired.settings.cursor_secret, list_name="list_sessions", subject=caller.subject
    )
    after = cursors.decode(cursor)
    async with wired.database.read() as connection:
        rows = await Sessions(connection).page(caller.user, wired.clock.now(), after, limit + 1)
    return page_of(
        Page[SessionAnswer],
        rows,
        lambda session: SessionAnswer.of(session, caller.session_id),
        limit=limit,
        cursors=cursors,
        request=request,
    )


@router.delete(
    "/v1/auth/sessions/{session_id}",
    access="owner",
    operation_id="delete_session",
    summary="End one of the caller's sessions",
)
async def delete_session(session_id: UUID, caller: Caller, wired: Wired) -> None:
    """End a session; another user's is answered as a missing one."""
    async with wired.database.unit_of_work() as uow:
        ended = await end_session(uow, caller.user, session_id, wired.clock.now())
    if not ended:
        raise NotFound
    await wired.revoker.sessions(ended)
