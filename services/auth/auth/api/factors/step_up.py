"""Serves stepping up: proving anew who one is, within a session (RFC 9470)."""

from typing import cast
from uuid import UUID

from fastapi import Request

from auth import refusals
from auth.api.credentials import checked
from auth.api.factors.enrolment import own_user
from auth.api.origins import origin_of
from auth.domain.factors.challenges import ChallengeKind
from auth.domain.factors.methods import PASSWORD, methods_of
from auth.domain.users import User
from auth.refusals import CodeWrong, FactorMissing, InvalidCredentials, OtpRequired, PasswordWrong
from auth.schemas.factors.logins import StepUpAnswer, StepUpRequest
from auth.schemas.factors.passkeys import PasskeyOptions
from auth.service.factors import passkeys
from auth.service.factors import step_up as service
from auth.service.factors.changes import Acting
from auth.service.factors.proofs import Proof, person
from auth.service.sessions import count_failure
from auth.wiring import Wired, Wiring
from kit.refusals import NotFound
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["factors"])


@router.post(
    "/v1/auth/step-up",
    access="user",
    operation_id="step_up",
    summary="Prove anew who is calling, for what needs a recent login",
    description="The answer is a new access token of the same session; its refresh token stays."
    " Whoever has a second factor gives that, all others their password. A wrong proof counts like"
    " a wrong password at a login.",
    refusals=(
        refusals.PasswordWrong,
        refusals.CodeWrong,
        refusals.PasskeyRefused,
        refusals.OtpRequired,
        refusals.LoginLocked,
        refusals.InvalidCredentials,  # deleted a moment ago
        NotFound,
    ),
)
async def step_up(
    body: StepUpRequest, caller: Caller, request: Request, wired: Wired
) -> StepUpAnswer:
    """Check the proof, and date the session anew."""
    async with wired.database.read() as connection:
        user = await own_user(connection, caller.user)
    if body.password is not None:
        words = await _by_password(user, body.password, request, wired)
    else:
        words = await _by_factor(user, body.proof, request, wired)
    session_id = cast("UUID", caller.session_id)  # kit.tokens takes no user's token without one
    now = wired.database.clock.now()
    async with wired.database.unit_of_work() as uow:
        stepped = await service.step_up(uow, session_id, words, origin_of(request), now)
    return StepUpAnswer(
        access_token=wired.signer.for_user(stepped.user, stepped.session, now),
        expires_in=wired.settings.access_token_seconds,
    )


@router.post(
    "/v1/auth/step-up/passkey",
    access="user",
    operation_id="begin_passkey_step_up",
    summary="Get what a passkey has to sign to step up",
    refusals=(refusals.FactorMissing, NotFound),
)
async def begin_passkey_step_up(caller: Caller, wired: Wired) -> PasskeyOptions:
    """Make a challenge for one of the caller's passkeys."""
    now = wired.database.clock.now()
    async with wired.database.unit_of_work() as uow:
        user = await own_user(uow, caller.user)
        if not user.factors:
            raise FactorMissing
        options = await passkeys.ask(uow, wired.party, ChallengeKind.STEP_UP, user, now)
    return PasskeyOptions(options=options)


async def _by_password(
    user: User, password: str, request: Request, wired: Wiring
) -> tuple[str, ...]:
    if user.factors:
        raise OtpRequired(methods=methods_of(user.factors))
    try:
        await checked(user.username or user.email or "", password, request, wired)
    except InvalidCredentials:
        raise PasswordWrong from None
    return PASSWORD


async def _by_factor(user: User, proof: Proof, request: Request, wired: Wiring) -> tuple[str, ...]:
    acting = Acting(user.id, origin_of(request), wired.database.clock.now())
    async with wired.database.unit_of_work() as uow:
        rules = wired.settings.lockout_rules
        found = await person(uow, user.id, acting.origin.address, rules, acting.now)
        words = await wired.checker.check(uow, acting, proof, ChallengeKind.STEP_UP, found.failures)
        if words is None:
            await count_failure(uow, found.failures, acting.origin, acting.now)
    if words is None:
        raise CodeWrong
    return words
