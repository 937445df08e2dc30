"""Serves tokens: hands out, refreshes and ends them, and publishes their keys."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import Form, Request

from auth import refusals
from auth.api.client_credentials import (
    ClientCredentials,
    client_named,
    credentials_of,
    require_client,
    require_service,
)
from auth.api.logins import Given, log_in, tokens_of
from auth.api.origins import CallerOrigin, origin_of
from auth.domain.codes import PresentedCode
from auth.domain.names import EMAIL_LONGEST
from auth.domain.oauth_clients import OAuthClient
from auth.domain.passwords import LONGEST as PASSWORD_LONGEST
from auth.domain.scopes import decide_scopes
from auth.domain.sessions import read_refresh_token
from auth.schemas.tokens import (
    ClientTokenAnswer,
    Jwks,
    LoginRequest,
    LogoutRequest,
    RefreshRequest,
    RevocationAnswer,
    RevocationForm,
    ServiceTokenAnswer,
    TokenAnswer,
    TokenForm,
)
from auth.service import codes, sessions
from auth.service.codes import OpenedByCode
from auth.service.oauth_clients import authenticated
from auth.service.sessions import LogoutScope
from auth.wiring import Wired, Wiring
from kit.refusals import ValidationFailed
from kit.web.answers import Answer
from kit.web.faults import required
from kit.web.identity import Caller
from kit.web.routes import Router

router = Router(tags=["tokens"])

JWKS_CACHE: Final = "public, max-age=60"
_LOGIN_REFUSALS: Final = (
    refusals.InvalidCredentials,
    refusals.LoginLocked,
    refusals.UserPending,
    refusals.UserDisabled,
    refusals.OtpRequired,
    refusals.CodeWrong,
)


@router.post(
    "/v1/auth/login",
    access="public",
    operation_id="login",
    summary="Log in with username or e-mail and password",
    description="Where a second factor is needed and no right `otp` came along, the refusal"
    " `otp_required` has an `mfa_token` for `POST /v1/auth/login/code` or `…/login/passkey`.",
    refusals=_LOGIN_REFUSALS,
)
async def login(body: LoginRequest, request: Request, wired: Wired) -> TokenAnswer:
    """Open a session and return its tokens."""
    return await log_in(Given(body.username, body.password, body.otp), request, wired)


@router.post(
    "/v1/auth/token",
    access="public",
    operation_id="token",
    summary="Get tokens by OAuth2: code, refresh token, password or client credentials",
    description="Refusals have `error` and `error_description` (RFC 6749 §5.2) besides the fields"
    " of every problem; `code` is as precise as elsewhere.",
    speaks_oauth=True,
    response_model=ClientTokenAnswer | TokenAnswer | ServiceTokenAnswer,
    refusals=(
        *_LOGIN_REFUSALS,
        refusals.CodeInvalid,
        refusals.RefreshTokenInvalid,
        refusals.ClientInvalid,
        refusals.GrantUnsupported,
        refusals.ScopeUnknown,
    ),
)
async def token(form: Annotated[TokenForm, Form()], request: Request, wired: Wired) -> Answer:
    """Give tokens for a code (RFC 6749 §4.1), a password (§4.3), to a service (§4.4)."""
    given = await _granted(form, request, wired)
    return Answer(200, given, {"Pragma": "no-cache"})  # §5.1; no-store is on every answer


async def _granted(
    form: TokenForm, request: Request, wired: Wiring
) -> TokenAnswer | ServiceTokenAnswer:
    if form.scope and form.grant_type != "refresh_token":
        raise refusals.ScopeUnknown
    match form.grant_type:
        case "password" | None:
            if form.username is None or form.password is None:
                raise _missing(form, "username", "password")
            if len(form.username) > EMAIL_LONGEST or len(form.password) > PASSWORD_LONGEST:
                raise refusals.InvalidCredentials
            given = Given(form.username, form.password, form.otp)
            return await log_in(given, request, wired)
        case "authorization_code":
            return await _exchange(form, request, wired)
        case "refresh_token":
            return await _refresh_by_form(form, request, wired)
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


async def _refresh(
    refresh_token: str,
    request: Request,
    wired: Wiring,
    client: OAuthClient | None = None,
    scope: str | None = None,
) -> TokenAnswer:
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
            client=client,
        )
        if scope is not None and not isinstance(outcome, UUID):
            # Of this access token alone; the refresh token keeps what was granted (RFC 6749 §6).
            scopes = decide_scopes(scope, outcome.session.scopes)
            outcome = replace(outcome, session=replace(outcome.session, scopes=scopes))
    if isinstance(outcome, UUID):
        await wired.revoker.sessions([outcome])
        raise refusals.RefreshTokenInvalid
    return tokens_of(outcome.user, outcome.session, wired)


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


@router.post(
    "/v1/auth/revoke",
    access="public",
    operation_id="revoke_token",
    summary="End the session of a refresh token, as its client (RFC 7009)",
    description="The answer is the same for a token that is unknown, or that has ended.",
    speaks_oauth=True,
    refusals=(refusals.ClientInvalid, refusals.TokenTypeUnsupported),
)
async def revoke_token(
    form: Annotated[RevocationForm, Form()], request: Request, wired: Wired
) -> RevocationAnswer:
    """End it: its access tokens are refused within a second."""
    client = await _asking(form, request, wired)
    if "." in form.token:
        raise refusals.TokenTypeUnsupported
    presented = read_refresh_token(form.token)
    if presented is not None:
        client_id, now = None if client is None else client.id, wired.database.clock.now()
        async with wired.database.unit_of_work() as uow:
            ended = await sessions.revoke(
                uow, presented, client_id, origin_of(request), vault=wired.vault, now=now
            )
        await wired.revoker.sessions(ended)
    return RevocationAnswer()


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


async def _exchange(form: TokenForm, request: Request, wired: Wiring) -> TokenAnswer:
    if form.code is None or form.redirect_uri is None or form.code_verifier is None:
        raise _missing(form, "code", "redirect_uri", "code_verifier")
    client = await require_client(_credentials(form, request), wired)
    presented = PresentedCode(form.code, client.id, form.redirect_uri, form.code_verifier)
    async with wired.database.unit_of_work() as uow:
        outcome = await codes.exchange(
            uow,
            presented,
            origin=origin_of(request),
            rules=wired.settings.session_rules,
            now=wired.database.clock.now(),
        )
    if not isinstance(outcome, OpenedByCode):
        await wired.revoker.sessions(outcome)
        raise refusals.CodeInvalid
    await wired.revoker.sessions(outcome.crowded_out)
    return tokens_of(outcome.user, outcome.session, wired)


async def _refresh_by_form(form: TokenForm, request: Request, wired: Wiring) -> TokenAnswer:
    """Refresh for a registered client, which says that it is one, or for our own."""
    if form.refresh_token is None:
        raise _missing(form, "refresh_token")
    client = await _asking(form, request, wired)
    return await _refresh(form.refresh_token, request, wired, client, form.scope)


async def _asking(
    form: TokenForm | RevocationForm, request: Request, wired: Wiring
) -> OAuthClient | None:
    """Return the registered client that asks and has its secret; None for our own."""
    given = _credentials(form, request)
    client = await client_named(given.client_id, wired)
    if client is None:
        return None
    return authenticated(client, given.secret, wired.database.clock.now())


def _service_token(form: TokenForm, request: Request, wired: Wiring) -> ServiceTokenAnswer:
    service = require_service(form, request.headers.get("authorization"), wired.settings)
    seconds = wired.settings.service_token_seconds
    return ServiceTokenAnswer(
        access_token=wired.signer.for_service(
            service, timedelta(seconds=seconds), wired.database.clock.now()
        ),
        expires_in=seconds,
    )


def _credentials(form: TokenForm | RevocationForm, request: Request) -> ClientCredentials:
    return credentials_of(form, request.headers.get("authorization"))


def _missing(form: TokenForm, *names: str) -> ValidationFailed:
    missing = [name for name in names if getattr(form, name) is None]
    return ValidationFailed(errors=[required(f"/{name}") for name in missing])
