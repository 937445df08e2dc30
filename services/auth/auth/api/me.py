"""What callers see and change about themselves."""

from fastapi import Request

from auth import refusals
from auth.api.credentials import checked
from auth.domain.sessions import is_fresh
from auth.domain.users import ProfileChange, User, UserStatus
from auth.repository import Users
from auth.schemas.users import DeleteMe, MePatch, UserAnswer
from auth.service import users
from auth.wiring import Wired, Wiring
from kit.refusals import NotFound
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
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
    summary="Change one's own name or language",
    refusals=(refusals.UsernameTaken, NotFound),
)
async def change_me(body: MePatch, caller: Caller, wired: Wired) -> UserAnswer:
    """Change what was given, leave the rest."""

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
    summary="Delete oneself",
    description="The password is asked for, unless the login is not older than 15 minutes. Refused"
    " while there is money in a wallet, set aside or owed, or a payment is under way: “errors”"
    " says what stands in the way. The name rests for 90 days, then others may have it.",
    refusals=(
        refusals.PasswordWrong,
        refusals.PasswordNeeded,
        refusals.LoginLocked,
        refusals.WalletNotEmpty,
        refusals.PaymentsOpen,
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
    """Forget names and addresses and end all sessions; id and number stay in the ledger."""
    await _check_it_is_them(body.password, caller, request, wired)
    user = await wired.deletion_worker.leave(caller.user, language)
    await wired.revoker.outdated(user)


async def _check_it_is_them(
    password: str | None, caller: Identity, request: Request, wired: Wiring
) -> None:
    """Check the password, counted as at a login; without one, that the login is fresh.

    Raises:
        PasswordWrong, PasswordNeeded, LoginLocked, NotFound: by their names.
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
