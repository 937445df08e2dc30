"""Serves forgotten passwords: mails a link and resets the password."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Form, Query
from starlette.responses import HTMLResponse

from auth import pages, refusals
from auth.domain import passwords as rules
from auth.schemas.users import ForgotAnswer, ForgotRequest, LinkToken, ResetForm, ResetRequest
from auth.service import passwords
from auth.service.mails import Mailing
from auth.wiring import Wired, Wiring
from kit.refusals import FieldRefusal
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
async def reset_password(body: ResetRequest, wired: Wired) -> None:
    """Set the password."""
    await _reset(body.token, body.password, wired)


@router.post(
    "/v1/auth/password/reset/page",
    access="public",
    operation_id="reset_password_by_page",
    summary="Set a new password, as the page's form does",
    response_class=HTMLResponse,
    responses=pages.shown_with(400, 403, 422),
)
async def reset_password_by_page(
    form: Annotated[ResetForm, Form()], language: CallerLanguage, wired: Wired
) -> HTMLResponse:
    """Set the password, and show the result as a page."""
    try:
        password = rules.new_password(form.password)
    except FieldRefusal as refusal:
        return pages.reset_page(form.token, language, refusal)
    try:
        await _reset(form.token, password, wired)
    except _REFUSALS as refusal:
        return pages.refused_page(refusal, language)
    return pages.done_page("was_reset", language)


async def _reset(token: str, password: str, wired: Wiring) -> None:
    password_hash = await wired.hasher.hash(password)
    async with wired.database.unit_of_work() as uow:
        user = await passwords.reset(uow, token, password_hash, wired.database.clock.now())
    await wired.revoker.outdated(user)
