"""Serves the caller's notices: lists them, and marks them as read."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import CursorInvalid
from kit.web.identity import Caller
from kit.web.language import CallerLanguage
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from notifications.refusals import NoticeNotFound
from notifications.repository import Notices
from notifications.schemas.notices import NoticeAnswer, ReadAnswer
from notifications.schemas.queries import NoticesQuery
from notifications.service import notices
from notifications.wiring import Wired

router = Router(tags=["notices"], scope="notifications")


@router.get(
    "/v1/notifications",
    access="user",
    operation_id="list_notices",
    summary="List one's own notices, newest first",
    response_model=Page[NoticeAnswer],
    refusals=(CursorInvalid,),
)
async def list_notices(
    caller: Caller,
    language: CallerLanguage,
    wired: Wired,
    query: Annotated[NoticesQuery, Query()],
) -> Page[NoticeAnswer]:
    """List notices; `Accept-Language` chooses the language."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_notices", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Notices(connection).page(
            caller.user, after, query.limit + 1, unread=query.unread, span=query.span
        )
    return page_of(
        Page[NoticeAnswer],
        found,
        lambda one: NoticeAnswer.of(one, language),
        limit=query.limit,
        cursors=cursors,
    )


@router.post(
    "/v1/notifications/read-all",
    access="user",
    operation_id="read_all_notices",
    summary="Mark all of one's own notices as read",
)
async def read_all_notices(caller: Caller, wired: Wired) -> ReadAnswer:
    """Mark all notices that are unread now."""
    async with wired.database.unit_of_work() as uow:
        count = await notices.read_all(uow, caller.user)
    return ReadAnswer(read=count)


@router.post(
    "/v1/notifications/{notice_id}/read",
    access="owner",
    operation_id="read_notice",
    summary="Mark a notice as read",
    refusals=(NoticeNotFound,),
)
async def read_notice(
    notice_id: UUID, caller: Caller, language: CallerLanguage, wired: Wired
) -> NoticeAnswer:
    """Mark a notice; marking it again keeps the first time."""
    async with wired.database.unit_of_work() as uow:
        notice = await notices.read_one(uow, notice_id, caller.user)
    return NoticeAnswer.of(notice, language)
