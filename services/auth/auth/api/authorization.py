"""Serves the page where a registered client has users log in (RFC 6749 §4.1.1).

Whoever is sent to a wrong place stays there: only a registered address is ever redirected to.
"""

from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from auth import pages, refusals
from auth.api.client_credentials import client_named
from auth.api.factors.logins import second_factor
from auth.api.logins import Given, proven
from auth.api.origins import origin_of
from auth.domain.codes import Authorization, decide_request, return_address
from auth.domain.oauth_clients import OAuthClient, require_address
from auth.domain.scopes import scope_text, scopes_in
from auth.pages import LoginView
from auth.schemas.authorization import AuthorizationForm, AuthorizationQuery, ServerMetadata
from auth.service import codes
from auth.service.sessions import Credentials
from auth.wiring import Wired, Wiring
from kit.db import UnitOfWork
from kit.refusals import Language, Refusal, Unavailable
from kit.web.language import CallerLanguage
from kit.web.oauth import members_of
from kit.web.routes import Router

router = Router(tags=["clients"])

_SEE_OTHER: Final = 303  # unlike 307, it does not send the password on (RFC 9700 §4.12)

_SHOWN_AGAIN: Final = (
    refusals.InvalidCredentials,
    refusals.LoginLocked,
    refusals.MfaTokenInvalid,
    refusals.UserPending,
    refusals.UserDisabled,
    Unavailable,
)
_BY_PAGE: Final = (
    refusals.ClientUnknown,
    refusals.RedirectUriUnknown,
    refusals.LoginPageOutdated,
)
_REDIRECTS: Final[dict[int | str, dict[str, Any]]] = {
    _SEE_OTHER: {"description": "Back to the client, with a code or an `error`."}
}


@router.get(
    "/v1/auth/authorize",
    access="public",
    operation_id="show_login_page",
    summary="Show the page where a registered client has a user log in",
    description="The authorization endpoint of OAuth 2 (RFC 6749 §4.1.1), with PKCE always. An"
    " unknown client or redirect address is answered with a page; what else is wrong is told to the"
    " client by a redirect.",
    response_class=HTMLResponse,
    responses=_REDIRECTS | pages.shown_with(*_BY_PAGE),
)
async def show_login_page(
    query: Annotated[AuthorizationQuery, Query()], language: CallerLanguage, wired: Wired
) -> Response:
    """Show the page; opening it changes nothing."""
    try:
        client, redirect_uri = await _asking(query.client_id, query.redirect_uri, wired)
    except _BY_PAGE as refusal:
        return pages.refused_page(refusal, language)
    try:
        challenge, scopes = decide_request(query.asked, client.scopes)
    except Refusal as refusal:
        return _back(redirect_uri, query.state, wired, members_of(refusal))
    asked = Authorization(client.id, redirect_uri, challenge, query.state, scopes)
    return pages.password_page(_view(client, asked, language, wired))


@router.post(
    "/v1/auth/authorize",
    access="public",
    operation_id="authorize",
    summary="Log in and allow a client, as the login page's form does",
    response_class=HTMLResponse,
    responses=_REDIRECTS | pages.shown_with(*_BY_PAGE, *_SHOWN_AGAIN),
)
async def authorize(
    form: Annotated[AuthorizationForm, Form()],
    request: Request,
    language: CallerLanguage,
    wired: Wired,
) -> Response:
    """Check who it is, in one step or two, and send the user back with a code."""
    try:
        _require_own_page(request, wired)
        asked = _unsealed(form.request, wired)
        client, uri = await _asking(str(asked.client_id), asked.redirect_uri, wired)
    except _BY_PAGE as refusal:
        return pages.refused_page(refusal, language)
    if form.decision == "deny":
        return _back(uri, asked.state, wired, members_of(refusals.AccessDenied()))
    view = _view(client, asked, language, wired)
    try:
        code = await _granted(form, asked, request, wired)
    except refusals.OtpRequired as refusal:
        return pages.code_page(view, refusal.mfa_token)
    except refusals.CodeWrong as refusal:
        return pages.code_page(view, form.mfa_token, refusal)
    except _SHOWN_AGAIN as refusal:
        return pages.password_page(view, username=form.username, refused=refusal)
    return _back(uri, asked.state, wired, {"code": code})


@router.get(
    "/.well-known/oauth-authorization-server",
    access="public",
    operation_id="get_server_metadata",
    summary="Get what an OAuth client needs to know of this server (RFC 8414)",
)
async def get_server_metadata(wired: Wired) -> ServerMetadata:
    """Publish endpoints and what they support."""
    issuer = wired.settings.public_url
    return ServerMetadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/v1/auth/authorize",
        token_endpoint=f"{issuer}/v1/auth/token",
        revocation_endpoint=f"{issuer}/v1/auth/revoke",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
    )


async def _asking(
    client_id: str | None, redirect_uri: str | None, wired: Wiring
) -> tuple[OAuthClient, str]:
    client = require_address(await client_named(client_id, wired), redirect_uri)
    return client, redirect_uri or ""


async def _granted(
    form: AuthorizationForm, asked: Authorization, request: Request, wired: Wiring
) -> str:
    """Return a code for whoever the form proves to be, by password or second factor."""

    async def grant(uow: UnitOfWork, found: Credentials, amr: tuple[str, ...]) -> str:
        now = wired.database.clock.now()
        return await codes.grant(uow, found, asked, origin=origin_of(request), now=now, amr=amr)

    if form.mfa_token:
        _, code = await second_factor(form.mfa_token, form.proof, request, wired, grant)
        return code
    given = Given(form.username, form.password)
    credentials, amr = await proven(given, request, wired)
    async with wired.database.unit_of_work() as uow:
        return await grant(uow, credentials, amr)


def _view(
    client: OAuthClient, asked: Authorization, language: Language, wired: Wiring
) -> LoginView:
    sealed = _sealed(asked, wired)
    return LoginView(client, asked.redirect_uri, asked.scopes, sealed, language)


def _require_own_page(request: Request, wired: Wiring) -> None:
    """Refuse a form of another site's (RFC 9700 §4.7); programs send no Origin."""
    origin = request.headers.get("origin")
    if origin is not None and origin != _origin_of(wired.settings.public_url):
        raise refusals.LoginPageOutdated


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _back(
    redirect_uri: str, state: str | None, wired: Wiring, told: dict[str, str]
) -> RedirectResponse:
    """Send the user back; `iss` says which server it was (RFC 9207)."""
    address = return_address(redirect_uri, **told, state=state, iss=wired.settings.public_url)
    return RedirectResponse(address, _SEE_OTHER, headers={"referrer-policy": "no-referrer"})


def _sealed(asked: Authorization, wired: Wiring) -> str:
    scopes = scope_text(asked.scopes)
    parts = [str(asked.client_id), asked.redirect_uri, asked.challenge.hex(), asked.state, scopes]
    return wired.forms.seal(orjson.dumps(parts).decode(), wired.database.clock.now())


def _unsealed(sealed: str, wired: Wiring) -> Authorization:
    text = wired.forms.open(sealed, wired.database.clock.now())
    if text is None:
        raise refusals.LoginPageOutdated
    client_id, redirect_uri, challenge, state, scopes = orjson.loads(text)
    return Authorization(
        UUID(client_id), redirect_uri, bytes.fromhex(challenge), state, scopes_in(scopes)
    )
