"""Serves one's own user: shows, changes and deletes it."""

from fastapi import Request

from auth import refusals
from auth.api.credentials import require_themselves
from auth.domain.users import ProfileChange, User
from auth.repository import EmailChanges, Users
from auth.schemas.emails import MeAnswer, PendingEmail
from auth.schemas.users import DeleteMe, MePatch, UserAnswer
from auth.service import users
from auth.wiring import Wired
from contracts.payments import PaymentsOpen
from contracts.wallet import WalletNotEmpty
from kit.refusals import NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller
from kit.web.language import CallerLanguage
from kit.web.routes import Router

router = Router(tags=["me"])


@router.get(
    "/v1/auth/me",
    access="user",
    operation_id="get_me",
    scope="profile:read",
    summary="Get one's own user",
    refusals=(NotFound,),
)
async def get_me(caller: Caller, wired: Wired) -> MeAnswer:
    """Show the caller's user."""
    async with wired.database.snapshot() as connection:
        user = await Users(connection).get(caller.user)
        changes = await EmailChanges(connection).among([caller.user], wired.database.clock.now())
    if user is None:
        raise NotFound
    change = changes.get(user.id)
    pending = None if change is None else PendingEmail.of(change)
    return MeAnswer.of(user).model_copy(update={"pending_email": pending})


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
    description="Needs the password, unless the login is at most 15 minutes old; with a second"
    " factor, a step-up. Refused while a wallet has money, held or not, or owes some, or while a"
    " payment is under way: “errors” names each reason. Others can't have the username for 90"
    " days.",
    refusals=(
        refusals.PasswordWrong,
        refusals.PasswordNeeded,
        StepUpRequired,
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
    await require_themselves(body.password, caller, request, wired)
    user = await wired.deletion_worker.leave(caller.user, language)
    await wired.revoker.outdated(user)
