"""Serves one's own factors: what there is, authenticator apps, recovery codes."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import Request

from auth import refusals
from auth.api.origins import origin_of
from auth.domain.factors.totp import uri_of
from auth.domain.users import User
from auth.refusals import CodeWrong, FactorMissing
from auth.repository import Passkeys, RecoveryCodes, Totps, Users
from auth.schemas.factors.factors import (
    FactorsAnswer,
    RecoveryCodesAnswer,
    TotpConfirmation,
    TotpEnrolment,
)
from auth.schemas.factors.passkeys import PasskeyAnswer
from auth.service.factors import recovery, totp
from auth.service.factors.changes import Acting
from auth.wiring import Wired, Wiring
from kit.db import Connection
from kit.refusals import NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller, Identity
from kit.web.routes import Router
from kit.web.step_up import require_recent

router = Router(tags=["factors"])

RECENTLY: Final = " Needs a login, or a step-up, of the last 15 minutes."


@router.get(
    "/v1/auth/factors",
    access="user",
    operation_id="get_factors",
    summary="Get one's own second factors",
)
async def get_factors(caller: Caller, wired: Wired) -> FactorsAnswer:
    """Show the app, the passkeys, and how many recovery codes are left."""
    async with wired.database.snapshot() as connection:
        return FactorsAnswer(
            totp_since=await Totps(connection).confirmed_at(caller.user),
            passkeys=[
                PasskeyAnswer.of(one) for one in await Passkeys(connection).of_user(caller.user)
            ],
            recovery_codes_left=await RecoveryCodes(connection).left(caller.user),
        )


@router.post(
    "/v1/auth/totp/enroll",
    access="user",
    operation_id="enroll_totp",
    summary="Begin to set up an authenticator app",
    description="The key is shown once; `POST /v1/auth/totp/confirm` ends it." + RECENTLY,
    refusals=(refusals.TotpEnrolled, StepUpRequired, NotFound),
)
async def enroll_totp(caller: Caller, wired: Wired) -> TotpEnrolment:
    """Make a key (RFC 6238); nothing is asked for by it before it is confirmed."""
    now = recent(caller, wired)
    async with wired.database.unit_of_work() as uow:
        user = await own_user(uow, caller.user)
        secret = await totp.enroll(uow, wired.vault, user.id, now)
    return TotpEnrolment(secret=secret, uri=uri_of(secret, user.username or user.email or ""))


@router.post(
    "/v1/auth/totp/confirm",
    access="user",
    operation_id="confirm_totp",
    summary="Confirm an authenticator app by its first code",
    description="From here on logins ask for a code. Older recovery codes end." + RECENTLY,
    refusals=(refusals.CodeWrong, refusals.TotpNotBegun, StepUpRequired),
)
async def confirm_totp(
    body: TotpConfirmation, caller: Caller, request: Request, wired: Wired
) -> RecoveryCodesAnswer:
    """Turn the app on, and show recovery codes."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        codes = await totp.confirm(uow, wired.vault, acting, body.code)
    if codes is None:
        raise CodeWrong
    return RecoveryCodesAnswer(recovery_codes=codes)


@router.delete(
    "/v1/auth/totp",
    access="user",
    operation_id="remove_totp",
    summary="Remove the authenticator app",
    description="With the last factor, the recovery codes end." + RECENTLY,
    refusals=(NotFound, StepUpRequired),
)
async def remove_totp(caller: Caller, request: Request, wired: Wired) -> None:
    """Turn the app off."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        await totp.remove(uow, acting)


@router.post(
    "/v1/auth/recovery-codes",
    access="user",
    operation_id="make_recovery_codes",
    summary="Make new recovery codes",
    description="They are shown once, and all older ones end." + RECENTLY,
    refusals=(refusals.FactorMissing, StepUpRequired, NotFound),
)
async def make_recovery_codes(
    caller: Caller, request: Request, wired: Wired
) -> RecoveryCodesAnswer:
    """Make ten codes."""
    acting = Acting(caller.user, origin_of(request), recent(caller, wired))
    async with wired.database.unit_of_work() as uow:
        if not (await own_user(uow, caller.user)).factors:
            raise FactorMissing
        codes = await recovery.make_codes(uow, acting)
    return RecoveryCodesAnswer(recovery_codes=codes)


def recent(caller: Identity, wired: Wiring) -> datetime:
    """Return the time, if the caller's login is recent enough to change factors.

    Raises:
        StepUpRequired: it is not.
    """
    now = wired.database.clock.now()
    require_recent(caller, now)
    return now


async def own_user(connection: Connection, user_id: UUID) -> User:
    """Return the caller's user.

    Raises:
        NotFound: they were deleted a moment ago.
    """
    user = await Users(connection).get(user_id)
    if user is None:
        raise NotFound
    return user
