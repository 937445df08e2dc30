"""Serves registration: registers users and activates them."""

from datetime import timedelta
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse

from auth import pages, refusals
from auth.api.credentials import checked
from auth.api.origins import CallerOrigin, origin_of
from auth.domain import names
from auth.domain.audit import Origin
from auth.domain.links import url_of
from auth.domain.users import ORDINARY, UserStatus
from auth.repository import NewUser
from auth.schemas.users import (
    ActivateAnswer,
    ActivateRequest,
    ActivationLink,
    LinkForm,
    LinkToken,
    RegisterAnswer,
    RegisterRequest,
    ResendAnswer,
    ResendRequest,
    UserAnswer,
)
from auth.service import registration
from auth.service.links import MadeLink
from auth.service.mails import Mailing
from auth.wiring import Wired, Wiring
from kit.ids import new_id
from kit.web.language import CallerLanguage
from kit.web.routes import Router

router = Router(tags=["registration"])


@router.post(
    "/v1/auth/register",
    access="public",
    operation_id="register",
    summary="Register a new user",
    status_code=201,
    refusals=(
        refusals.UsernameTaken,
        refusals.EmailTaken,
        refusals.EmailMissing,
        refusals.EmailNotAscii,
    ),
)
async def register(
    body: RegisterRequest, language: CallerLanguage, wired: Wired, origin: CallerOrigin
) -> RegisterAnswer:
    """Make a user: pending until the link is used, or active at once.

    Where links are mailed, a used address is answered like a new one and its owner gets a mail.
    """
    if wired.settings.mails_activation and body.email is None:
        raise refusals.EmailMissing
    if body.email is not None and not wired.settings.smtputf8:
        names.require_ascii_local(body.email)
    needs_link = wired.settings.activation == "link"
    new = NewUser(
        id=new_id(),
        username=body.username,
        email=body.email,
        full_name=body.full_name,
        password_hash=await wired.hasher.hash(body.password),
        status=UserStatus.PENDING if needs_link else UserStatus.ACTIVE,
        roles=ORDINARY,
        language=language,
    )
    now = wired.database.clock.now()
    link = None
    async with wired.database.unit_of_work() as uow:
        if wired.settings.mails_activation:
            mailing = Mailing(wired.settings.public_url, language)
            user = await registration.register_by_mail(
                uow, new, mailing, origin, lifetime=_lifetime(wired), now=now
            )
        else:
            user = await registration.register(uow, new, origin, now)
            if needs_link:
                made = await registration.make_activation(uow, user, _lifetime(wired), now)
                link = _shown(made, wired)
    return RegisterAnswer(user=UserAnswer.of(user), activation=link)


@router.get(
    "/v1/auth/activate",
    access="public",
    operation_id="activate_by_link",
    summary="Activate by opening the link",
    description="A link from an answer activates. A mailed link shows a page with a button, because"
    " mail scanners follow links.",
    response_model=ActivateAnswer,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    refusals=(refusals.ActivationTokenInvalid, refusals.UserDisabled),
)
async def activate_by_link(
    token: Annotated[LinkToken, Query()], language: CallerLanguage, wired: Wired, request: Request
) -> ActivateAnswer | HTMLResponse:
    """Activate by a link from an answer; for a mailed link show the page.

    HEAD never activates (RFC 9110 §9.3.2): mail scanners and previews use it.
    """
    if wired.settings.mails_activation or request.method == "HEAD":
        return pages.activation_page(token, language)
    return await _activate(token, origin_of(request), wired)


@router.post(
    "/v1/auth/activate/page",
    access="public",
    operation_id="activate_by_page",
    summary="Activate, as the page's button does",
    response_class=HTMLResponse,
    responses=pages.shown_with(refusals.ActivationTokenInvalid, refusals.UserDisabled),
)
async def activate_by_page(
    form: Annotated[LinkForm, Form()],
    language: CallerLanguage,
    wired: Wired,
    origin: CallerOrigin,
) -> HTMLResponse:
    """Activate, and show the result as a page."""
    try:
        await _activate(form.token, origin, wired)
    except (refusals.ActivationTokenInvalid, refusals.UserDisabled) as refusal:
        return pages.refused_page(refusal, language)
    return pages.done_page("activated", language)


@router.post(
    "/v1/auth/activate",
    access="public",
    operation_id="activate",
    summary="Activate by token",
    refusals=(refusals.ActivationTokenInvalid, refusals.UserDisabled),
)
async def activate(body: ActivateRequest, wired: Wired, origin: CallerOrigin) -> ActivateAnswer:
    """Activate with the token of the link."""
    return await _activate(body.token, origin, wired)


@router.post(
    "/v1/auth/activation/resend",
    access="public",
    operation_id="resend_activation",
    summary="Get another activation link",
    refusals=(
        refusals.InvalidCredentials,
        refusals.LoginLocked,
        refusals.UserDisabled,
        refusals.UserAlreadyActive,
    ),
)
async def resend_activation(
    body: ResendRequest, request: Request, language: CallerLanguage, wired: Wired
) -> ResendAnswer:
    """Make another link; the password keeps strangers from ordering or getting it."""
    found = await checked(body.username, body.password, request, wired)
    async with wired.database.unit_of_work() as uow:
        made = await registration.renew_activation(
            uow, found.user, lifetime=_lifetime(wired), now=wired.database.clock.now()
        )
        if wired.settings.mails_activation:
            Mailing(wired.settings.public_url, language).activation(uow, found.user.id, made)
            return ResendAnswer()
    return ResendAnswer(activation=_shown(made, wired))


async def _activate(token: str, origin: Origin, wired: Wiring) -> ActivateAnswer:
    async with wired.database.unit_of_work() as uow:
        user = await registration.activate(uow, token, origin, wired.database.clock.now())
    return ActivateAnswer(user=UserAnswer.of(user))


def _lifetime(wired: Wiring) -> timedelta:
    return timedelta(hours=wired.settings.activation_hours)


def _shown(made: MadeLink, wired: Wiring) -> ActivationLink:
    # The host is a setting, never the request's: a forged Host header must not get into a link.
    url = url_of(wired.settings.public_url, made.purpose, made.token)
    return ActivationLink(url=url, token=made.token, expires_at=made.expires_at)
