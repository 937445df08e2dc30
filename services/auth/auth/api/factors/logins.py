"""Serves logins by a second factor after the password, and by a passkey alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from fastapi import Request

from auth import refusals
from auth.api.logins import open_in, tokens_of
from auth.api.origins import origin_of
from auth.crypto.passkeys import DeviceAnswer
from auth.domain.factors.challenges import ChallengeKind
from auth.domain.factors.methods import PASSWORD, amr_of
from auth.domain.sessions import Session
from auth.domain.users import User
from auth.refusals import CodeWrong, PasskeyRefused
from auth.schemas.factors.logins import CodeLogin, PasskeyLogin, PasskeyLoginBegun
from auth.schemas.factors.passkeys import PasskeyOptions
from auth.schemas.tokens import TokenAnswer
from auth.service.factors import passkeys
from auth.service.factors.changes import Acting
from auth.service.factors.proofs import Proof, judge, person, waiting_user
from auth.service.sessions import Credentials, count_failure
from auth.wiring import Wired, Wiring
from kit.db import UnitOfWork
from kit.web.routes import Router

T = TypeVar("T")
LoginGoal = Callable[[UnitOfWork, Credentials, tuple[str, ...]], Awaitable[T]]

router = Router(tags=["tokens"])

_REFUSALS: Final = (
    refusals.InvalidCredentials,  # the user was changed a moment ago
    refusals.MfaTokenInvalid,
    refusals.LoginLocked,
    refusals.UserPending,
    refusals.UserDisabled,
)


@router.post(
    "/v1/auth/login/code",
    access="public",
    operation_id="login_by_code",
    summary="Log in with a code, after the right password",
    description="The fifth wrong answer ends the login; it begins again at `POST /v1/auth/login`.",
    refusals=(refusals.CodeWrong, *_REFUSALS),
)
async def login_by_code(body: CodeLogin, request: Request, wired: Wired) -> TokenAnswer:
    """Check the code of an app, or a recovery code, and open a session."""
    return await _second_factor(body.mfa_token, body.proof, request, wired)


@router.post(
    "/v1/auth/login/passkey/begin",
    access="public",
    operation_id="begin_passkey_login",
    summary="Get what a passkey has to sign to log in",
    description="With an `mfa_token`, for one of that user's passkeys; without, for any passkey"
    " that the device has for this site.",
    refusals=(refusals.MfaTokenInvalid,),
)
async def begin_passkey_login(
    wired: Wired,
    body: PasskeyLoginBegun = PasskeyLoginBegun(),  # noqa: B008 - frozen
) -> PasskeyOptions:
    """Make a challenge."""
    now = wired.database.clock.now()
    async with wired.database.unit_of_work() as uow:
        user, kind = None, ChallengeKind.PASSKEY_LOGIN
        if body.mfa_token is not None:
            user, kind = await waiting_user(uow, body.mfa_token, now), ChallengeKind.PASSKEY_FACTOR
        options = await passkeys.ask(uow, wired.party, kind, user, now)
    return PasskeyOptions(options=options)


@router.post(
    "/v1/auth/login/passkey",
    access="public",
    operation_id="login_by_passkey",
    summary="Log in with what a passkey has signed",
    description="Alone, without an `mfa_token`, it must have verified its user by PIN or finger.",
    refusals=(refusals.PasskeyRefused, *_REFUSALS),
)
async def login_by_passkey(body: PasskeyLogin, request: Request, wired: Wired) -> TokenAnswer:
    """Check the signature and open a session."""
    answer = body.credential.as_told()
    if body.mfa_token is not None:
        proof = Proof("passkey", answer=answer)
        return await _second_factor(body.mfa_token, proof, request, wired)
    return await _by_passkey_alone(answer, request, wired)


async def _by_passkey_alone(answer: DeviceAnswer, request: Request, wired: Wiring) -> TokenAnswer:
    kind = ChallengeKind.PASSKEY_LOGIN
    origin, now = origin_of(request), wired.database.clock.now()
    opened = None
    async with wired.database.unit_of_work() as uow:
        user_id = await passkeys.owner(uow, answer)
        acting = Acting(user_id, origin, now)
        amr = await passkeys.prove(uow, wired.party, kind, acting, answer)
        if amr is not None:
            found = await person(uow, user_id, origin.address, wired.settings.lockout_rules, now)
            opened = await open_in(uow, found, amr, request, wired)
    if opened is None:
        raise PasskeyRefused
    return await _answered(found.user, *opened, wired)


async def _second_factor(
    mfa_token: str, proof: Proof, request: Request, wired: Wiring
) -> TokenAnswer:
    async def session(
        uow: UnitOfWork, found: Credentials, amr: tuple[str, ...]
    ) -> tuple[Session, Sequence[UUID]]:
        return await open_in(uow, found, amr, request, wired)

    user, opened = await second_factor(mfa_token, proof, request, wired, session)
    return await _answered(user, *opened, wired)


async def second_factor(
    mfa_token: str,
    proof: Proof,
    request: Request,
    wired: Wiring,
    goal: LoginGoal[T],
) -> tuple[User, T]:
    """Check a second factor; return its user, and what a right one opens.

    Args:
        mfa_token: From the refusal after the right password.
        proof: What is given.
        request: Where it comes from.
        wired: What checks it.
        goal: What is done in the same unit of work once it is right, with the `amr`.

    Raises:
        CodeWrong, PasskeyRefused: it is wrong, which counts like a wrong password.
        MfaTokenInvalid, LoginLocked, UserPending, UserDisabled: as their names say.
    """
    origin, now = origin_of(request), wired.database.clock.now()
    opened: list[T] = []
    async with wired.database.unit_of_work() as uow:
        user = await waiting_user(uow, mfa_token, now)
        found = await person(uow, user.id, origin.address, wired.settings.lockout_rules, now)
        acting, kind = Acting(user.id, origin, now), ChallengeKind.PASSKEY_FACTOR
        words = await wired.checker.check(uow, acting, proof, kind, found.failures)
        await judge(uow, mfa_token, is_right=words is not None)
        if words is None:
            await count_failure(uow, found.failures, origin, now)
        else:
            opened.append(await goal(uow, found, amr_of(PASSWORD, words)))
    if not opened:
        raise CodeWrong if proof.answer is None else PasskeyRefused
    return found.user, opened[0]


async def _answered(
    user: User, session: Session, crowded_out: Sequence[UUID], wired: Wiring
) -> TokenAnswer:
    await wired.revoker.sessions(crowded_out)
    return tokens_of(user, session, wired)
