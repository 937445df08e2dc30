"""Serves tokens: hands out, refreshes and ends them, and publishes their keys."""

import base64
import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Final, cast
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Form, Request

from auth import refusals
from auth.api.credentials import checked
from auth.api.origins import CallerOrigin, origin_of
from auth.domain.names import EMAIL_LONGEST
from auth.domain.passwords import LONGEST as PASSWORD_LONGEST
from auth.domain.sessions import Session, make_refresh_token, read_refresh_token
from auth.domain.users import User
from auth.schemas.tokens import (
    Jwks,
    LoginRequest,
    LogoutRequest,
    RefreshRequest,
    ServiceTokenAnswer,
    TokenAnswer,
    TokenForm,
)
from auth.service import sessions
from auth.service.sessions import LogoutScope
from auth.wiring import Wired, Wiring
from kit.refusals import ValidationFailed
from kit.web.answers import Answer
from kit.web.faults import required
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["tokens"])

JWKS_CACHE: Final = "public, max-age=60"
_BASIC: Final = "basic "
_LOGIN_REFUSALS: Final = (
    refusals.InvalidCredentials,
    refusals.LoginLocked,
    refusals.UserPending,
    refusals.UserDisabled,
)


@router.post(
    "/v1/auth/login",
    access="public",
    operation_id="login",
    summary="Log in with username or e-mail and password",
    refusals=_LOGIN_REFUSALS,
)
async def login(body: LoginRequest, request: Request, wired: Wired) -> TokenAnswer:
    """Open a session and return its tokens."""
    return await _log_in(body.username, body.password, request, wired)


@router.post(
    "/v1/auth/token",
    access="public",
    operation_id="token",
    summary="Get tokens by OAuth2: password, refresh token or client credentials",
    description="Refusals have `error` and `error_description` (RFC 6749 §5.2) besides the fields"
    " of every problem; `code` is as precise as elsewhere.",
    speaks_oauth=True,
    response_model=TokenAnswer | ServiceTokenAnswer,
    refusals=(
        *_LOGIN_REFUSALS,
        refusals.RefreshTokenInvalid,
        refusals.ClientInvalid,
        refusals.GrantUnsupported,
        refusals.ScopeUnknown,
    ),
)
async def token(form: Annotated[TokenForm, Form()], request: Request, wired: Wired) -> Answer:
    """Log a user in by form (RFC 6749 §4.3), or give a service a token (§4.4)."""
    given = await _granted(form, request, wired)
    return Answer(200, given, {"Pragma": "no-cache"})  # §5.1; no-store is on every answer


async def _granted(
    form: TokenForm, request: Request, wired: Wiring
) -> TokenAnswer | ServiceTokenAnswer:
    if form.scope:
        raise refusals.ScopeUnknown
    match form.grant_type:
        case "password" | None:
            if form.username is None or form.password is None:
                missing = [name for name in ("username", "password") if not getattr(form, name)]
                raise ValidationFailed(errors=[required(f"/{name}") for name in missing])
            if len(form.username) > EMAIL_LONGEST or len(form.password) > PASSWORD_LONGEST:
                raise refusals.InvalidCredentials
            return await _log_in(form.username, form.password, request, wired)
        case "refresh_token":
            if form.refresh_token is None:
                raise ValidationFailed(errors=[required("/refresh_token")])
            return await _refresh(form.refresh_token, request, wired)
        case "client_credentials":
            return _service_token(form, request, wired)
        case _:
            raise refusals.GrantUnsupported


@router.post(
    "/v1/auth/refresh",
    access="public",
    operation_id="refresh",
    summary="Exchange a refresh token for new tokens",
    refusals=(refusals.RefreshTokenInvalid,),
)
async def refresh(body: RefreshRequest, request: Request, wired: Wired) -> TokenAnswer:
    """Rotate the refresh token.

    For 20 s the old token still gets the same successor; after that, using it ends the session.
    """
    return await _refresh(body.refresh_token, request, wired)


async def _refresh(refresh_token: str, request: Request, wired: Wiring) -> TokenAnswer:
    presented = read_refresh_token(refresh_token)
    if presented is None:
        raise refusals.RefreshTokenInvalid
    now = wired.database.clock.now()
    async with wired.database.unit_of_work() as uow:
        outcome = await sessions.refresh(
            uow,
            presented,
            origin_of(request),
            vault=wired.vault,
            rules=wired.settings.session_rules,
            now=now,
        )
    if isinstance(outcome, UUID):
        await wired.revoker.sessions([outcome])
        raise refusals.RefreshTokenInvalid
    return _tokens(outcome.user, outcome.session, wired)


@router.post(
    "/v1/auth/logout",
    access="user",
    operation_id="logout",
    summary="End this session, all others, or all",
    status_code=204,
)
async def logout(
    caller: Caller,
    wired: Wired,
    origin: CallerOrigin,
    body: LogoutRequest = LogoutRequest(),  # noqa: B008 - frozen
) -> None:
    """End sessions: refresh tokens at once, access tokens within a second."""
    session_id = cast("UUID", caller.session_id)  # kit.tokens takes no user's token without one
    async with wired.database.unit_of_work() as uow:
        ended = await sessions.log_out(
            uow, caller.user, session_id, LogoutScope(body.scope), origin
        )
    await wired.revoker.sessions(ended)


@router.get(
    "/.well-known/jwks.json",
    access="public",
    operation_id="get_jwks",
    summary="Get the public keys that verify access tokens",
    response_model=Jwks,
)
async def get_jwks(wired: Wired) -> Answer:
    """Publish the keys as a JSON Web Key Set (RFC 7517)."""
    published = Jwks.model_validate(wired.signer.jwks(wired.database.clock.now()))
    return Answer(200, published, {"Cache-Control": JWKS_CACHE})


async def _log_in(name: str, password: str, request: Request, wired: Wiring) -> TokenAnswer:
    credentials = await checked(name, password, request, wired)
    async with wired.database.unit_of_work() as uow:
        session, crowded_out = await sessions.open_session(
            uow,
            credentials,
            origin=origin_of(request),
            rules=wired.settings.session_rules,
            now=wired.database.clock.now(),
        )
    await wired.revoker.sessions(crowded_out)
    return _tokens(credentials.user, session, wired)


def _tokens(user: User, session: Session, wired: Wiring) -> TokenAnswer:
    refresh_key = wired.vault.refresh_key(session.hmac_key)
    return TokenAnswer(
        access_token=wired.signer.for_user(user, session, wired.database.clock.now()),
        refresh_token=make_refresh_token(session.id, session.counter, refresh_key),
        expires_in=wired.settings.access_token_seconds,
    )


def _service_token(form: TokenForm, request: Request, wired: Wiring) -> ServiceTokenAnswer:
    secrets = wired.settings.client_secrets
    client_id, secret = _client(form, request.headers.get("authorization"), secrets)
    expected = secrets.get(client_id)
    # Compared in constant time, even if the client is unknown.
    known = "" if expected is None else expected.get_secret_value()
    is_right = hmac.compare_digest(secret.encode(), known.encode())
    if expected is None or not is_right:
        raise refusals.ClientInvalid
    seconds = wired.settings.service_token_seconds
    return ServiceTokenAnswer(
        access_token=wired.signer.for_service(
            client_id, timedelta(seconds=seconds), wired.database.clock.now()
        ),
        expires_in=seconds,
    )


def _client(form: TokenForm, authorization: str | None, clients: Iterable[str]) -> tuple[str, str]:
    """Return client id and secret, from the Basic header if there is one.

    RFC 6749 §2.3.1.
    """
    if authorization is None or not authorization.lower().startswith(_BASIC):
        return form.client_id or "", form.client_secret or ""
    try:
        pair = base64.b64decode(authorization[len(_BASIC) :], validate=True).decode()
    except ValueError:
        raise refusals.ClientInvalid from None
    for known in clients:  # most clients do not encode the id, though ours have a colon
        if pair.startswith(f"{known}:"):
            return known, pair.removeprefix(f"{known}:")
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
