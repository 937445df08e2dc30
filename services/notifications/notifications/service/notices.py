"""Marks notices as read."""

from uuid import UUID

from kit.db import UnitOfWork
from notifications.domain.notices import Notice
from notifications.refusals import NoticeNotFound
from notifications.repository import Notices


async def read_one(uow: UnitOfWork, notice_id: UUID, user_id: UUID) -> Notice:
    """Mark a notice as read; marking it again changes nothing.

    Raises:
        NoticeNotFound: it does not exist, or is somebody else's.
    """
    notice = await Notices(uow).mark_read(notice_id, user_id, uow.clock.now())
    if notice is None:
        raise NoticeNotFound
    return notice


async def read_all(uow: UnitOfWork, user_id: UUID) -> int:
    """Mark all of a user's notices as read; return how many were unread."""
    return await Notices(uow).mark_all_read(user_id, uow.clock.now())
