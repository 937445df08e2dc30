"""Serves users to administrators, who list, show and change them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from auth import refusals
from auth.api.origins import CallerOrigin
from auth.domain.users import AdminChange, Role, UserStatus
from auth.repository import UserFilter, Users
from auth.schemas.users import UserAnswer, UserPatch
from auth.service import users
from auth.wiring import Wired
from kit.refusals import CursorInvalid, NotFound
from kit.web.audit import Auditing
from kit.web.fields import IDS, split_ids
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.queries import SpanQuery
from kit.web.routes import Router
from kit.web.schemas import Page

router = Router(tags=["users"])


class UsersQuery(SpanQuery):
    """Filters and page of users; the range is over `created_at`."""

    id: str | None = Field(None, pattern=IDS, description="Users' ids, separated by commas.")
    search: str | None = Field(
        None, max_length=100, description="Part of a name or an address, matched literally."
    )
    status: UserStatus | None = Field(
        None, description="By default, all but deleted users.", examples=["active"]
    )
    role: Role | None = Field(None, examples=["admin"])
    is_locked: bool | None = Field(
        None, description="Whether wrong passwords keep them from logging in, from somewhere."
    )


@router.get(
    "/v1/users",
    access="admin",
    operation_id="list_users",
    summary="List users, newest first",
    response_model=Page[UserAnswer],
    refusals=(CursorInvalid,),
)
async def list_users(
    caller: Caller, wired: Wired, query: Annotated[UsersQuery, Query()], audit: Auditing
) -> Page[UserAnswer]:
    """List users by id, by part of a name, by status, role and lock."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_users", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    ids = None if query.id is None else split_ids(query.id)
    wanted = UserFilter(query.search, query.status, query.span, ids, query.role, query.is_locked)
    async with wired.database.read() as connection:
        now = wired.database.clock.now()
        rows = await Users(connection).page(wanted, after, query.limit + 1, now)
    await audit.read("user")
    return page_of(Page[UserAnswer], rows, UserAnswer.of, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/users/{user_id}",
    access="admin",
    operation_id="get_user",
    summary="Get a user",
)
async def get_user(user_id: UUID, wired: Wired, audit: Auditing) -> UserAnswer:
    """Show a user, even a deleted one."""
    async with wired.database.read() as connection:
        user = await Users(connection).get(user_id)
    if user is None:
        raise NotFound
    await audit.read("user", user.id, user.id)
    return UserAnswer.of(user)


@router.patch(
    "/v1/users/{user_id}",
    access="admin",
    operation_id="change_user",
    summary="Enable or disable a user, or change roles",
    refusals=(refusals.LastAdmin,),
)
async def change_user(  # noqa: PLR0913, PLR0917 - what an operation is given
    user_id: UUID,
    body: UserPatch,
    caller: Caller,
    wired: Wired,
    origin: CallerOrigin,
    audit: Auditing,
) -> UserAnswer:
    """Change the given fields; access tokens with old rights end within a second."""
    change = AdminChange(
        is_active=body.is_active, roles=None if body.roles is None else frozenset(body.roles)
    )
    async with wired.database.unit_of_work() as uow:
        before, user = await users.change_by_admin(uow, user_id, change, caller.user, origin)
        await audit.changed(uow, "user", user.id, user.id)
    if user.token_version > before.token_version:
        await wired.revoker.outdated(user)
    return UserAnswer.of(user)


@router.post(
    "/v1/users/{user_id}/unlock",
    access="admin",
    operation_id="unlock_user",
    summary="Let a user log in again at once, after too many wrong passwords",
    status_code=204,
)
async def unlock_user(
    user_id: UUID, caller: Caller, wired: Wired, origin: CallerOrigin, audit: Auditing
) -> None:
    """Lift every lock of the user, from wherever."""
    async with wired.database.unit_of_work() as uow:
        await users.unlock(uow, user_id, caller.user, origin)
        await audit.changed(uow, "user", user_id, user_id)


@router.post(
    "/v1/users/{user_id}/logout",
    access="admin",
    operation_id="log_out_user",
    summary="End all of a user's sessions",
    status_code=204,
)
async def log_out_user(
    user_id: UUID, caller: Caller, wired: Wired, origin: CallerOrigin, audit: Auditing
) -> None:
    """End them; every access token is refused within a second."""
    async with wired.database.unit_of_work() as uow:
        user = await users.log_out(uow, user_id, caller.user, origin)
        await audit.changed(uow, "user", user_id, user_id)
    await wired.revoker.outdated(user)
