"""Owns the order of a login: password, status, second factor, session."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from auth.api.credentials import checked
from auth.api.origins import origin_of
from auth.domain.factors.challenges import ChallengeKind
from auth.domain.factors.methods import PASSWORD, Factor, amr_of, methods_of
from auth.domain.scopes import scope_text
from auth.domain.sessions import Session, make_refresh_token
from auth.domain.users import User, decide_login
from auth.refusals import CodeWrong, InvalidCredentials, OtpRequired
from auth.repository import Users
from auth.schemas.tokens import ClientTokenAnswer, TokenAnswer
from auth.service import sessions
from auth.service.factors.challenges import make_challenge
from auth.service.factors.changes import Acting
from auth.service.factors.proofs import Proof
from auth.service.sessions import Credentials, count_failure
from auth.wiring import Wiring
from kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody logs in with: name and password, and a code if they sent it along."""

    name: str
    password: str
    otp: str | None = None


async def log_in(given: Given, request: Request, wired: Wiring) -> TokenAnswer:
    """Log in by password, and by a code of the app where the user has a second factor.

    Raises:
        InvalidCredentials, LoginLocked, UserPending, UserDisabled, OtpRequired, CodeWrong: as
            `proven` says.
    """
    credentials, amr = await proven(given, request, wired)
    return await open_for(credentials, amr, request, wired)


async def proven(
    given: Given, request: Request, wired: Wiring
) -> tuple[Credentials, tuple[str, ...]]:
    """Return who logs in, and what they have proved it by (RFC 8176).

    Raises:
        InvalidCredentials, LoginLocked: as `checked` says.
        UserPending, UserDisabled: the password is right, but the user is not active.
        OtpRequired: a second factor is needed; the refusal has an `mfa_token` for it.
        CodeWrong: the code is wrong; it counts like a wrong password.
    """
    credentials = await checked(given.name, given.password, request, wired)
    decide_login(credentials.user)
    if not credentials.user.factors:
        return credentials, PASSWORD
    if given.otp is None or Factor.TOTP not in credentials.user.factors:
        raise await _asked(credentials, wired)
    proof = Proof("totp", given.otp)
    acting = Acting(credentials.user.id, origin_of(request), wired.database.clock.now())
    async with wired.database.unit_of_work() as uow:
        failures = credentials.failures
        words = await wired.checker.check(uow, acting, proof, ChallengeKind.SECOND_FACTOR, failures)
        if words is None:
            await count_failure(uow, failures, acting.origin, acting.now)
    if words is None:
        raise CodeWrong
    return credentials, amr_of(PASSWORD, words)


async def open_for(
    credentials: Credentials, amr: tuple[str, ...], request: Request, wired: Wiring
) -> TokenAnswer:
    """Open a session for somebody who has proved who they are, and return its tokens."""
    async with wired.database.unit_of_work() as uow:
        session, crowded_out = await open_in(uow, credentials, amr, request, wired)
    await wired.revoker.sessions(crowded_out)
    return tokens_of(credentials.user, session, wired)


async def open_in(
    uow: UnitOfWork,
    credentials: Credentials,
    amr: tuple[str, ...],
    request: Request,
    wired: Wiring,
) -> tuple[Session, Sequence[UUID]]:
    """Open a session; return it, and the ids of old ones that had to end for it."""
    return await sessions.open_session(
        uow,
        credentials,
        origin=origin_of(request),
        rules=wired.settings.session_rules,
        now=wired.database.clock.now(),
        amr=amr,
    )


def tokens_of(user: User, session: Session, wired: Wiring) -> TokenAnswer:
    """Return a session's access token, and its refresh token at the session's counter."""
    refresh_key = wired.vault.refresh_key(session.hmac_key)
    answer = TokenAnswer(
        access_token=wired.signer.for_user(user, session, wired.database.clock.now()),
        refresh_token=make_refresh_token(session.id, session.counter, refresh_key),
        expires_in=wired.settings.access_token_seconds,
    )
    if session.client_id is None:
        return answer
    return ClientTokenAnswer(**answer.model_dump(), scope=scope_text(session.scopes))


async def _asked(credentials: Credentials, wired: Wiring) -> OtpRequired:
    """Return the refusal that asks for the second factor, with a token stored for it.

    Whoever changes the password ends what waits: the token is stored before that, or not at all.
    """
    user, now = credentials.user, wired.database.clock.now()
    async with wired.database.unit_of_work() as uow:
        if not await Users(uow).hold(user, credentials.password_hash):
            raise InvalidCredentials
        token = await make_challenge(uow, ChallengeKind.SECOND_FACTOR, user, now)
    return OtpRequired(methods=methods_of(user.factors), mfa_token=token)
