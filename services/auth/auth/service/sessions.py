"""Logs users in and out, and refreshes their tokens."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from auth.crypto.hashing import PasswordHasher
from auth.crypto.vault import KeyVault
from auth.domain.audit import Kind, Origin
from auth.domain.lockout import LOCK, Failures, LockoutRules, LockoutScope, require_unlocked
from auth.domain.oauth_clients import OAuthClient
from auth.domain.passwords import canonical
from auth.domain.scopes import Scope
from auth.domain.sessions import (
    MOST_LIVE,
    PresentedToken,
    Refreshed,
    Session,
    SessionRules,
    decide_refresh,
    is_noted,
)
from auth.domain.users import User, UserStatus, decide_login
from auth.refusals import InvalidCredentials, RefreshTokenInvalid
from auth.repository import Challenges, Codes, Logins, Sessions, Users
from auth.service.audit import note
from auth.service.events import tell_locked
from kit.db import Database, UnitOfWork
from kit.ids import new_id

HMAC_KEY_BYTES: Final = 32


class LogoutScope(StrEnum):
    """The sessions that a logout ends."""

    THIS = "this"
    OTHERS = "others"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A name, a password, and the address that they came from."""

    name: str
    password: str
    address: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with the right password, and the hash that it matches.

    `failures` are the wrong passwords before it.
    """

    user: User
    password_hash: str
    failures: Failures


@dataclass(frozen=True, slots=True)
class AcceptedLogin:
    """A user who has proved who they are, perhaps for a client with some scopes.

    `amr` says how (RFC 8176), `at` when; None for now. `password_hash` is of the password that was
    right.
    """

    user: User
    password_hash: str
    amr: tuple[str, ...]
    client_id: UUID | None = None
    at: datetime | None = None
    scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class Continued:
    """A refreshed session; `session.counter` is that of the next refresh token."""

    session: Session
    user: User


async def check_password(
    database: Database,
    hasher: PasswordHasher,
    attempt: LoginAttempt,
    rules: LockoutRules,
    now: datetime,
) -> Credentials | Failures:
    """Return the user with this password; no unit of work may be open.

    The user's status is not checked. For an unknown name or a wrong password it returns, after the
    same time, the wrong passwords before this one: the caller counts this one and refuses.

    Raises:
        LoginLocked: there were too many wrong passwords; also while this one was looked at, so
            that of many attempts at once no more are answered than of as many in turn.
        Unavailable: too many passwords are waiting to be hashed.
    """
    async with database.read() as connection:
        found = await Logins(connection).find(attempt.name, attempt.address, now, rules)
    require_unlocked(found.failures, now)
    is_right = await hasher.verify(canonical(attempt.password), found.password_hash)
    async with database.read() as connection:
        failures = await Logins(connection).again(found.failures, now)
    require_unlocked(failures, now)
    if not is_right or found.user is None or found.password_hash is None:
        return failures
    return Credentials(found.user, found.password_hash, failures)


async def count_failure(uow: UnitOfWork, before: Failures, origin: Origin, now: datetime) -> None:
    """Count a wrong password; emit an event once if it starts a lock."""
    failures = await Logins(uow).count(before, now)
    await note(uow, Kind.LOGIN_FAILED, failures.user_id, origin)
    if failures.begin_a_lock:
        await note(uow, Kind.LOGIN_LOCKED, failures.user_id, origin)
    if failures.begin_a_lock and failures.user_id is not None:
        tell_locked(uow, failures.user_id, now + LOCK)


async def know_place(uow: UnitOfWork, credentials: Credentials, now: datetime) -> None:
    """Forget the wrong passwords of whoever is let in, and know where they are."""
    failures = credentials.failures
    if failures.of(LockoutScope.LOGIN).count:
        await Logins(uow).forget(failures)
    if failures.should_know_place(now):
        await Logins(uow).know(credentials.user.id, failures.of(LockoutScope.PLACE).key, now)


async def open_session(  # noqa: PLR0913 - who, where from, and for how long
    uow: UnitOfWork,
    credentials: Credentials,
    *,
    origin: Origin,
    rules: SessionRules,
    now: datetime,
    amr: tuple[str, ...] = ("pwd",),
) -> tuple[Session, list[UUID]]:
    """Open a session; return it, and the ids of old ones that had to end for it.

    `amr` says how the user proved who they are (RFC 8176).

    Raises:
        UserPending, UserDisabled: the password is right, but the user is not active.
        InvalidCredentials: the user has changed since the password was checked.
    """
    decide_login(credentials.user)
    login = AcceptedLogin(credentials.user, credentials.password_hash, amr)
    begun = await begin_session(uow, login, origin=origin, rules=rules, now=now)
    await know_place(uow, credentials, now)
    return begun


async def begin_session(
    uow: UnitOfWork, login: AcceptedLogin, *, origin: Origin, rules: SessionRules, now: datetime
) -> tuple[Session, list[UUID]]:
    """Begin the session of a login, at once or later; return what `open_session` does.

    Raises:
        InvalidCredentials: the user has changed since the login.
    """
    user = login.user
    session = Session(
        id=new_id(),
        user_id=user.id,
        counter=0,
        hmac_key=secrets.token_bytes(HMAC_KEY_BYTES),
        created_at=now,
        rotated_at=now,
        expires_at=rules.expires_at(now, now),
        ended_at=None,
        authenticated_at=login.at or now,
        amr=login.amr,
        address=origin.address,
        user_agent=origin.user_agent,
        client_id=login.client_id,
        scopes=login.scopes,
    )
    crowded_out = await Sessions(uow).open(session, user, login.password_hash, most=MOST_LIVE)
    if crowded_out is None:
        raise InvalidCredentials
    details = {"amr": " ".join(login.amr)}
    await note(uow, Kind.LOGIN_OK, user.id, origin, subject=_named(session.id), details=details)
    return session, crowded_out


async def refresh(  # noqa: PLR0913 - what, where from, by which rules
    uow: UnitOfWork,
    presented: PresentedToken,
    origin: Origin,
    *,
    vault: KeyVault,
    rules: SessionRules,
    now: datetime,
    client: OAuthClient | None = None,
) -> Continued | UUID:
    """Rotate a session's refresh token, or end the session if a token was copied.

    `client` is the OAuth client that asks, which was authenticated before.

    Returns:
        The session at its newest counter; or the id of the session that was ended, which must be
        committed before the caller is refused.

    Raises:
        RefreshTokenInvalid: unknown or forged, another client's, or the session has ended, or the
            user is not active.
    """
    sessions = Sessions(uow)
    while True:
        found = await sessions.with_user(presented.session_id)
        if found is None:
            raise RefreshTokenInvalid
        session, user = found
        if not any(map(presented.is_genuine, vault.refresh_keys(session.hmac_key))):
            raise RefreshTokenInvalid
        if session.client_id != (None if client is None else client.id):
            raise RefreshTokenInvalid
        if not session.is_live(now) or user.status is not UserStatus.ACTIVE:
            raise RefreshTokenInvalid
        verdict = decide_refresh(session, presented, now=now, grace=rules.grace)
        if verdict is Refreshed.REPEAT:
            return Continued(_within(session, client), user)
        if verdict is Refreshed.REUSED:
            await sessions.end(user.id, now, "refresh_reused", only=session.id)
            await note(uow, Kind.REFRESH_REUSED, user.id, origin, subject=_named(session.id))
            return session.id
        rotated = session.rotated(now, rules.expires_at(session.created_at, now), origin.address)
        if await sessions.rotate(session, rotated):
            if is_noted(session, rotated):
                await note(uow, Kind.REFRESH, user.id, origin, subject=_named(session.id))
            return Continued(_within(rotated, client), user)
        # Another request has just rotated it, so this token can't be the newest: read again.


async def log_out(
    uow: UnitOfWork,
    user_id: UUID,
    session_id: UUID,
    scope: LogoutScope,
    origin: Origin,
) -> list[UUID]:
    """End sessions and return their ids; but for this one alone, half logins, too."""
    if scope is not LogoutScope.THIS:
        await Users(uow).lock(user_id)
        await Challenges(uow).forget(user_id)
        await Codes(uow).drop_unused(user_id)
    only = session_id if scope is LogoutScope.THIS else None
    but = session_id if scope is LogoutScope.OTHERS else None
    ended = await Sessions(uow).end(user_id, uow.clock.now(), "logout", only=only, but=but)
    details = {"scope": scope.value, "sessions": len(ended)}
    await note(uow, Kind.LOGOUT, user_id, origin, subject=_named(session_id), details=details)
    return ended


async def revoke(  # noqa: PLR0913 - what, whose, where from
    uow: UnitOfWork,
    presented: PresentedToken,
    client_id: UUID | None,
    origin: Origin,
    *,
    vault: KeyVault,
    now: datetime,
) -> list[UUID]:
    """End the session of a refresh token of this client's; return its id.

    However old the token is: whoever has it throws it away. Another client's is like an unknown
    one (RFC 7009 §2.1).
    """
    found = await Sessions(uow).with_user(presented.session_id)
    if found is None:
        return []
    session, user = found
    is_genuine = any(map(presented.is_genuine, vault.refresh_keys(session.hmac_key)))
    if not is_genuine or session.client_id != client_id:
        return []
    ended = await Sessions(uow).end(user.id, now, "revoked", only=session.id)
    if ended:
        await note(uow, Kind.LOGOUT, user.id, origin, subject=_named(session.id))
    return ended


async def end_session(
    uow: UnitOfWork,
    user_id: UUID,
    session_id: UUID,
    origin: Origin,
    *,
    admin_id: UUID | None = None,
) -> list[UUID]:
    """End one of a user's sessions; do nothing if it is not theirs or has ended."""
    reason = "ended_by_user" if admin_id is None else "ended_by_admin"
    ended = await Sessions(uow).end(user_id, uow.clock.now(), reason, only=session_id)
    if ended:
        named = _named(session_id)
        await note(uow, Kind.SESSION_REVOKED, user_id, origin, actor_id=admin_id, subject=named)
    return ended


def _within(session: Session, client: OAuthClient | None) -> Session:
    """Return a session with those of its scopes that its client has still."""
    return session if client is None else replace(session, scopes=session.scopes & client.scopes)


def _named(session_id: UUID) -> tuple[str, str]:
    return "session", str(session_id)
