"""What other services ask, with a token of their own; not reachable through the gateway."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from auth.repository import Users
from auth.schemas import KnownUser
from auth.wiring import Wired
from kit.refusals import NotFound, ValidationFailed
from kit.web.faults import required
from kit.web.routes import Router

router = Router(tags=["internal"])


@router.get(
    "/internal/users",
    access="service",
    operation_id="look_up_user",
    summary="Find a user by username or id",
    refusals=(NotFound,),
)
async def look_up_user(
    wired: Wired,
    username: Annotated[str | None, Query(max_length=256)] = None,
    id: Annotated[UUID | None, Query()] = None,  # noqa: A002 - the parameter's public name
) -> KnownUser:
    """Answer for somebody whose event may not have come yet; a username is compared by its key."""
    if (username is None) == (id is None):
        raise ValidationFailed(errors=[required("/query/username"), required("/query/id")])
    async with wired.database.read() as connection:
        users = Users(connection)
        found = await users.get(id) if id is not None else await users.by_username(username or "")
    if found is None:
        raise NotFound
    return KnownUser.of(found)
