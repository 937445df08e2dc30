"""Gives authorization codes to those who log in, and exchanges them for sessions."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.domain.codes import (
    LIFETIME,
    Authorization,
    AuthorizationCode,
    CodeVerdict,
    PresentedCode,
    decide_exchange,
)
from auth.domain.links import TOKEN_BYTES, digest, text_of
from auth.domain.sessions import Session, SessionRules
from auth.domain.users import User, decide_login
from auth.refusals import ClientInvalid, CodeInvalid
from auth.repository import Codes, FoundCode, OAuthClients, Sessions, Users
from auth.service.audit import note
from auth.service.sessions import AcceptedLogin, Credentials, begin_session, know_place
from kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class OpenedByCode:
    """A session that a code has opened, and the ids of those that had to end for it."""

    user: User
    session: Session
    crowded_out: list[UUID]


async def grant(  # noqa: PLR0913 - to whom, for whom, and how they proved it
    uow: UnitOfWork,
    credentials: Credentials,
    authorization: Authorization,
    *,
    origin: Origin,
    now: datetime,
    amr: tuple[str, ...],
) -> str:
    """Store a code for a user whose password was right; return it.

    Raises:
        UserPending, UserDisabled: the user is not active.
    """
    user = credentials.user
    decide_login(user)
    token = text_of(secrets.token_bytes(TOKEN_BYTES))
    code = AuthorizationCode(
        client_id=authorization.client_id,
        user_id=user.id,
        redirect_uri=authorization.redirect_uri,
        challenge=authorization.challenge,
        scopes=authorization.scopes,
        token_version=user.token_version,
        password_digest=digest(credentials.password_hash),
        amr=amr,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    await Codes(uow).add(digest(token), code)
    await know_place(uow, credentials, now)
    client = ("client", str(authorization.client_id))
    await note(uow, Kind.CODE_GRANTED, user.id, origin, subject=client)
    return token


async def exchange(
    uow: UnitOfWork,
    presented: PresentedCode,
    *,
    origin: Origin,
    rules: SessionRules,
    now: datetime,
) -> OpenedByCode | list[UUID]:
    """Exchange a code for a session, or use it up.

    Returns:
        The session; or the ids of the sessions that were ended because the code was used before,
        which must be committed before the caller is refused.

    Raises:
        CodeInvalid: there is no such code.
        ClientInvalid: the client was switched off meanwhile.
    """
    client = await OAuthClients(uow).hold(presented.client_id)
    if client is None or not client.is_active:
        raise ClientInvalid
    code_hash = digest(presented.code)
    owner = await Codes(uow).owner(code_hash)
    if owner is None:
        raise CodeInvalid
    await Users(uow).lock(owner)
    found = await Codes(uow).lock(code_hash)
    if found is None:
        raise CodeInvalid
    verdict = decide_exchange(found.code, presented, now, is_unchanged=found.is_unchanged)
    if verdict is CodeVerdict.REUSED:
        return await _end_session_of(uow, found, origin, now)
    if verdict is CodeVerdict.REFUSED:
        await Codes(uow).use(code_hash, None, now)
        return []
    code = found.code
    login = AcceptedLogin(
        found.user,
        found.password_hash,
        code.amr,
        client.id,
        code.created_at,
        code.scopes & client.scopes,
    )
    session, crowded_out = await begin_session(uow, login, origin=origin, rules=rules, now=now)
    await Codes(uow).use(code_hash, session.id, now)
    return OpenedByCode(found.user, session, crowded_out)


async def _end_session_of(
    uow: UnitOfWork, found: FoundCode, origin: Origin, now: datetime
) -> list[UUID]:
    """End the session that a code has opened: one of its two users has no right to it."""
    if found.code.session_id is None:
        return []
    session_id = found.code.session_id
    ended = await Sessions(uow).end(found.user.id, now, "code_reused", only=session_id)
    if ended:
        subject = ("session", str(session_id))
        why = {"why": "code_reused"}
        await note(uow, Kind.SESSION_REVOKED, found.user.id, origin, subject=subject, details=why)
    return ended
