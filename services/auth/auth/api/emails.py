"""Serves changes of e-mail addresses, which both addresses confirm by a link."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse

from auth import pages, refusals
from auth.api.credentials import require_themselves
from auth.api.origins import CallerOrigin, origin_of
from auth.domain import names
from auth.domain.audit import Origin
from auth.domain.emails import EmailChange
from auth.domain.links import Purpose, url_of
from auth.schemas.emails import (
    EmailChangeAnswer,
    EmailChangeRequest,
    EmailConfirmation,
    EmailConfirmed,
    EmailLink,
    PendingEmail,
)
from auth.schemas.users import LinkForm, LinkToken
from auth.service import emails
from auth.service.links import MadeLink
from auth.service.mails import Mailing
from auth.wiring import Wired, Wiring
from kit.refusals import Language, NotFound
from kit.step_up import StepUpRequired
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from kit.web.routes import Router

router = Router(tags=["emails"])

_REFUSALS: Final = (refusals.EmailTokenInvalid, refusals.EmailTaken, refusals.UserDisabled)


@router.post(
    "/v1/auth/email/change",
    access="user",
    operation_id="change_email",
    summary="Ask for another e-mail address",
    description="It is one's own once both the old and the new address have confirmed by the link"
    " that they are mailed, in any order. Needs the password, unless the login is at most 15"
    " minutes old; with a second factor, a step-up. Where links are mailed, a used address is"
    " answered like any other.",
    status_code=202,
    refusals=(
        refusals.EmailUnchanged,
        refusals.EmailTaken,
        refusals.EmailNotAscii,
        refusals.PasswordWrong,
        refusals.PasswordNeeded,
        StepUpRequired,
        refusals.LoginLocked,
        NotFound,
    ),
)
async def change_email(
    body: EmailChangeRequest,
    caller: Caller,
    request: Request,
    language: CallerLanguage,
    wired: Wired,
) -> EmailChangeAnswer:
    """Store the change, and mail the links or hand them out."""
    if not wired.settings.smtputf8:
        names.require_ascii_local(body.email)
    await require_themselves(body.password, caller, request, wired)
    if wired.settings.mails_links:
        return await _ask_by_mail(body.email, caller, request, language, wired)
    async with wired.database.unit_of_work() as uow:
        change, links, owner = await emails.ask(
            uow, caller.user, body.email, origin_of(request), _lifetime(wired)
        )
        if owner is not None:
            raise refusals.EmailTaken
    shown = [_shown(link, wired) for link in links]
    return EmailChangeAnswer(pending=PendingEmail.of(change), links=shown)


@router.delete(
    "/v1/auth/email/change",
    access="user",
    operation_id="cancel_email_change",
    summary="Cancel a change of one's e-mail address",
    refusals=(NotFound,),
)
async def cancel_email_change(caller: Caller, wired: Wired) -> None:
    """Cancel it; its links no longer work."""
    async with wired.database.unit_of_work() as uow:
        await emails.cancel(uow, caller.user)


@router.get(
    "/v1/auth/email/confirm",
    access="public",
    operation_id="show_email_confirmation",
    summary="Show the page behind a link that confirms an e-mail address",
    response_class=HTMLResponse,
)
async def show_email_confirmation(
    token: Annotated[LinkToken, Query()], language: CallerLanguage
) -> HTMLResponse:
    """Show the page; opening it changes nothing."""
    return pages.email_page(token, language)


@router.post(
    "/v1/auth/email/confirm",
    access="public",
    operation_id="confirm_email",
    summary="Confirm a change of e-mail address by token",
    refusals=_REFUSALS,
)
async def confirm_email(
    body: EmailConfirmation, language: CallerLanguage, wired: Wired, origin: CallerOrigin
) -> EmailConfirmed:
    """Confirm with the token of either link; the second changes the address."""
    change = await _confirm(body.token, language, origin, wired)
    return EmailConfirmed(is_changed=change.is_confirmed)


@router.post(
    "/v1/auth/email/confirm/page",
    access="public",
    operation_id="confirm_email_by_page",
    summary="Confirm a change of e-mail address, as the page's button does",
    response_class=HTMLResponse,
    responses=pages.shown_with(*_REFUSALS),
)
async def confirm_email_by_page(
    form: Annotated[LinkForm, Form()],
    language: CallerLanguage,
    wired: Wired,
    origin: CallerOrigin,
) -> HTMLResponse:
    """Confirm, and show the result as a page."""
    try:
        change = await _confirm(form.token, language, origin, wired)
    except _REFUSALS as refusal:
        return pages.refused_page(refusal, language)
    done = "email_changed" if change.is_confirmed else "email_half_confirmed"
    return pages.done_page(done, language)


async def _ask_by_mail(
    email: str, caller: Identity, request: Request, language: Language, wired: Wiring
) -> EmailChangeAnswer:
    mailing, origin = Mailing(wired.settings.public_url, language), origin_of(request)
    async with wired.database.unit_of_work() as uow:
        change = await emails.ask_by_mail(
            uow, caller.user, email, mailing, origin, _lifetime(wired)
        )
    return EmailChangeAnswer(pending=PendingEmail.of(change))


async def _confirm(token: str, language: Language, origin: Origin, wired: Wiring) -> EmailChange:
    mailing = Mailing(wired.settings.public_url, language)
    async with wired.database.unit_of_work() as uow:
        return await emails.confirm(uow, token, mailing, origin)


def _lifetime(wired: Wiring) -> timedelta:
    return timedelta(hours=wired.settings.activation_hours)


def _shown(link: MadeLink, wired: Wiring) -> EmailLink:
    url = url_of(wired.settings.public_url, link.purpose, link.token)
    address = "new" if link.purpose is Purpose.NEW_EMAIL else "old"
    return EmailLink(address=address, url=url, token=link.token)
