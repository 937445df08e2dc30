"""Puts together the query of a list of users, from what narrows it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_

from auth.domain.lockout import FAILURES
from auth.domain.names import comparison_key
from auth.domain.users import Role, UserStatus
from auth.tables import login_failure, user_account
from kit.db.query import within
from kit.span import ALWAYS, Span

# The position at which the last page ended: created_at and id. Only older rows follow.
PageEnd = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class UserFilter:
    """A filter of users; None does not narrow."""

    search: str | None = None
    status: UserStatus | None = None
    span: Span = ALWAYS
    ids: Collection[UUID] | None = None
    role: Role | None = None
    is_locked: bool | None = None


def user_page(wanted: UserFilter, after: PageEnd | None, limit: int, now: datetime) -> Select[Any]:
    """Return the query of at most `limit` users, newest first."""
    table = user_account.c
    query = select(user_account).order_by(table.created_at.desc(), table.id.desc()).limit(limit)
    if wanted.status is None:
        query = query.where(table.status != UserStatus.DELETED.value)
    else:
        query = query.where(table.status == wanted.status.value)
    if wanted.ids is not None:
        query = query.where(table.id.in_(wanted.ids))
    if wanted.role is not None:
        query = query.where(table.roles.contains([wanted.role.value]))
    if wanted.is_locked is not None:
        locked = _is_locked(now)
        query = query.where(locked if wanted.is_locked else ~locked)
    if wanted.search is not None:
        # A literal substring: % and _ have no meaning here.
        query = query.where(func.strpos(table.search_key, comparison_key(wanted.search)) > 0)
    query = within(query, table.created_at, wanted.span)
    if after is not None:
        query = query.where(tuple_(table.created_at, table.id) < after)
    return query


def _is_locked(now: datetime) -> ColumnElement[bool]:
    failed = login_failure.c
    theirs = (failed.user_id == user_account.c.id, failed.ends_at > now, failed.count >= FAILURES)
    return exists().where(*theirs)
