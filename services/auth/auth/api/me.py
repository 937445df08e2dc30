"""Serves one's own user: shows, changes and deletes it."""

from fastapi import Request

from auth import refusals
from auth.api.credentials import checked
from auth.domain.sessions import is_fresh
from auth.domain.users import ProfileChange, User, UserStatus
from auth.repository import Users
from auth.schemas.users import DeleteMe, MePatch, UserAnswer
from auth.service import users
from auth.wiring import Wired, Wiring
from contracts.payments import PaymentsOpen
from contracts.wallet import WalletNotEmpty
from kit.refusals import NotFound
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from kit.web.routes import Router

router = Router(tags=["me"])


@router.get(
    "/v1/auth/me",
    access="user",
    operation_id="get_me",
    summary="Get one's own user",
    refusals=(NotFound,),
)
async def get_me(caller: Caller, wired: Wired) -> UserAnswer:
    """Show the caller's user."""
    async with wired.database.read() as connection:
        user = await Users(connection).get(caller.user)
    if user is None:
        raise NotFound
    return UserAnswer.of(user)


@router.patch(
    "/v1/auth/me",
    access="user",
    operation_id="change_me",
    summary="Change one's own name or language",
    refusals=(refusals.UsernameTaken, refusals.TooManyNames, NotFound),
)
async def change_me(body: MePatch, caller: Caller, wired: Wired) -> UserAnswer:
    """Change the given fields, leave the rest."""

    def change(user: User) -> ProfileChange:
        given = body.model_dump(exclude_unset=True)
        return ProfileChange(
            username=given.get("username", user.username),
            full_name=given.get("full_name", user.full_name),
            language=given.get("language") or user.language,
        )

    async with wired.database.unit_of_work() as uow:
        user = await users.change_profile(uow, caller.user, change, wired.database.clock.now())
    return UserAnswer.of(user)


@router.delete(
    "/v1/auth/me",
    access="user",
    operation_id="delete_me",
    summary="Delete one's own user",
    description="Needs the password, unless the login is at most 15 minutes old. Refused while a"
    " wallet has money, held or not, or owes some, or while a payment is under way: “errors” names"
    " each reason. Others can't have the username for 90 days.",
    refusals=(
        refusals.PasswordWrong,
        refusals.PasswordNeeded,
        refusals.LoginLocked,
        WalletNotEmpty,
        PaymentsOpen,
        refusals.DeletionUnderWay,
        refusals.LastAdmin,
        NotFound,
    ),
)
async def delete_me(
    caller: Caller,
    language: CallerLanguage,
    request: Request,
    wired: Wired,
    body: DeleteMe = DeleteMe(),  # noqa: B008 - frozen
) -> None:
    """Delete the caller: forget names and address, and end all sessions.

    Id and number stay, because the ledger refers to them.
    """
    await _check_it_is_them(body.password, caller, request, wired)
    user = await wired.deletion_worker.leave(caller.user, language)
    await wired.revoker.outdated(user)


async def _check_it_is_them(
    password: str | None, caller: Identity, request: Request, wired: Wiring
) -> None:
    """Check the password, as at a login; without one, require a fresh login.

    Raises:
        PasswordWrong, PasswordNeeded, LoginLocked, NotFound: as their names say.
    """
    async with wired.database.read() as connection:
        user = await Users(connection).get(caller.user)
    if user is None or user.status is UserStatus.DELETED:
        raise NotFound
    if password is None:
        if not is_fresh(caller.auth_time, wired.database.clock.now()):
            raise refusals.PasswordNeeded
        return
    try:
        await checked(user.username or user.email or "", password, request, wired)
    except refusals.InvalidCredentials:
        raise refusals.PasswordWrong from None
