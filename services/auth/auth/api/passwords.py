"""Serves passwords: changes them, and resets forgotten ones by a mailed link."""

from datetime import timedelta
from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse

from auth import pages, refusals
from auth.api.credentials import confirmed, require_factor
from auth.api.origins import CallerOrigin, origin_of
from auth.domain import passwords as rules
from auth.domain.audit import Origin
from auth.schemas.users import (
    ForgotAnswer,
    ForgotRequest,
    LinkToken,
    PasswordChange,
    ResetForm,
    ResetRequest,
)
from auth.service import passwords
from auth.service.mails import Mailing
from auth.wiring import Wired, Wiring
from kit.refusals import FieldRefusal, NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller
from kit.web.language import CallerLanguage
from kit.web.routes import Router

router = Router(tags=["passwords"])

_REFUSALS: Final = (refusals.ResetTokenInvalid, refusals.UserDisabled)


@router.post(
    "/v1/auth/password/forgot",
    access="public",
    operation_id="forgot_password",
    summary="Request a mailed link to set a new password",
    description="The answer is the same whether or not somebody has the address.",
    status_code=202,
)
async def forgot_password(
    body: ForgotRequest, language: CallerLanguage, wired: Wired
) -> ForgotAnswer:
    """Order the mail, if somebody has the address."""
    mailing = Mailing(wired.settings.public_url, language)
    lifetime = timedelta(minutes=wired.settings.reset_minutes)
    async with wired.database.unit_of_work() as uow:
        await passwords.forgot(
            uow, body.email, mailing, lifetime=lifetime, now=wired.database.clock.now()
        )
    return ForgotAnswer()


@router.get(
    "/v1/auth/password/reset",
    access="public",
    operation_id="show_password_reset",
    summary="Show the page behind a mailed link, which asks for a new password",
    response_class=HTMLResponse,
)
async def show_password_reset(
    token: Annotated[LinkToken, Query()], language: CallerLanguage
) -> HTMLResponse:
    """Show the page; opening it changes nothing."""
    return pages.reset_page(token, language)


@router.post(
    "/v1/auth/password/reset",
    access="public",
    operation_id="reset_password",
    summary="Set a new password with the token of a mailed link",
    description="All of the user's sessions end.",
    status_code=204,
    refusals=_REFUSALS,
)
async def reset_password(body: ResetRequest, wired: Wired, origin: CallerOrigin) -> None:
    """Set the password."""
    await _reset(body.token, body.password, origin, wired)


@router.post(
    "/v1/auth/password/reset/page",
    access="public",
    operation_id="reset_password_by_page",
    summary="Set a new password, as the page's form does",
    response_class=HTMLResponse,
    responses=pages.shown_with(*_REFUSALS, refusals.PasswordTooCommon),
)
async def reset_password_by_page(
    form: Annotated[ResetForm, Form()],
    language: CallerLanguage,
    wired: Wired,
    origin: CallerOrigin,
) -> HTMLResponse:
    """Set the password, and show the result as a page."""
    try:
        password = rules.new_password(form.password)
    except FieldRefusal as refusal:
        return pages.reset_page(form.token, language, refusal)
    try:
        await _reset(form.token, password, origin, wired)
    except _REFUSALS as refusal:
        return pages.refused_page(refusal, language)
    return pages.done_page("was_reset", language)


@router.post(
    "/v1/auth/password/change",
    access="user",
    operation_id="change_password",
    summary="Change one's own password",
    description="All other sessions end, and the owner gets a mail. A wrong password counts as at a"
    " login. With a second factor it needs a step-up.",
    status_code=204,
    refusals=(StepUpRequired, refusals.PasswordWrong, refusals.LoginLocked, NotFound),
)
async def change_password(
    body: PasswordChange,
    caller: Caller,
    request: Request,
    language: CallerLanguage,
    wired: Wired,
) -> None:
    """Set the password, after the current one was checked."""
    require_factor(caller, wired.database.clock.now())
    credentials = await confirmed(body.current_password, caller, request, wired)
    password_hash = await wired.hasher.hash(body.new_password)
    session_id = cast("UUID", caller.session_id)  # kit.tokens takes no user's token without one
    mailing = Mailing(wired.settings.public_url, language)
    origin = origin_of(request)
    async with wired.database.unit_of_work() as uow:
        ended = await passwords.change(uow, credentials, password_hash, session_id, mailing, origin)
    await wired.revoker.sessions(ended)


async def _reset(token: str, password: str, origin: Origin, wired: Wiring) -> None:
    password_hash = await wired.hasher.hash(password)
    async with wired.database.unit_of_work() as uow:
        now = wired.database.clock.now()
        user = await passwords.reset(uow, token, password_hash, origin, now)
    await wired.revoker.outdated(user)
