"""What callers see and change about themselves."""

from auth import refusals
from auth.domain.users import ProfileChange, User
from auth.repository import Users
from auth.schemas import MePatch, UserAnswer
from auth.service import users
from auth.wiring import Wired
from kit.refusals import NotFound
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["me"])


@router.get(
    "/v1/auth/me", access="user", operation_id="get_me", summary="The caller", refusals=(NotFound,)
)
async def get_me(caller: Caller, wired: Wired) -> UserAnswer:
    """Show the caller."""
    async with wired.database.read() as connection:
        user = await Users(connection).get(caller.user)
    if user is None:
        raise NotFound
    return UserAnswer.of(user)


@router.patch(
    "/v1/auth/me",
    access="user",
    operation_id="change_me",
    summary="Change one's own name",
    refusals=(refusals.UsernameTaken, NotFound),
)
async def change_me(body: MePatch, caller: Caller, wired: Wired) -> UserAnswer:
    """Change what was given, leave the rest."""

    def change(user: User) -> ProfileChange:
        given = body.model_dump(exclude_unset=True)
        return ProfileChange(
            username=given.get("username", user.username),
            full_name=given.get("full_name", user.full_name),
        )

    async with wired.database.unit_of_work() as uow:
        user = await users.change_profile(uow, caller.user, change, wired.clock.now())
    return UserAnswer.of(user)


@router.delete(
    "/v1/auth/me",
    access="user",
    operation_id="delete_me",
    summary="Delete oneself",
    refusals=(refusals.LastAdmin, NotFound),
)
async def delete_me(caller: Caller, wired: Wired) -> None:
    """Forget names and addresses and end all sessions; id and number stay in the ledger."""
    async with wired.database.unit_of_work() as uow:
        user = await users.delete(uow, caller.user, wired.clock.now())
    await wired.revoker.outdated(user)
