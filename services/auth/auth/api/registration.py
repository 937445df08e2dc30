"""Registering and activating."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from auth import refusals
from auth.domain.users import ORDINARY, Status
from auth.repository import NewUser
from auth.schemas import (
    ActivateAnswer,
    ActivateRequest,
    ActivationLink,
    LinkToken,
    RegisterAnswer,
    RegisterRequest,
    ResendAnswer,
    ResendRequest,
    UserAnswer,
)
from auth.service import registration
from auth.service.registration import Activation
from auth.service.sessions import check_password
from auth.wiring import Wired, Wiring
from kit.ids import new_id
from kit.web.routes import Router

router = Router(tags=["registration"])


@router.post(
    "/v1/auth/register",
    access="public",
    operation_id="register",
    summary="Register a new user",
    status_code=201,
    refusals=(refusals.UsernameTaken, refusals.EmailTaken),
)
async def register(body: RegisterRequest, wired: Wired) -> RegisterAnswer:
    """Make a user, pending until the link of the answer is opened (or active at once)."""
    needs_link = wired.settings.activation == "link"
    new = NewUser(
        id=new_id(),
        username=body.username,
        email=body.email,
        full_name=body.full_name,
        password_hash=await wired.hasher.hash(body.password),
        status=Status.PENDING if needs_link else Status.ACTIVE,
        roles=ORDINARY,
    )
    now = wired.clock.now()
    async with wired.database.unit_of_work() as uow:
        user = await registration.register(uow, new, now)
        activation = needs_link and await registration.make_activation(
            uow, user, lifetime=_lifetime(wired), now=now
        )
    link = _link(activation, wired) if activation else None
    return RegisterAnswer(user=UserAnswer.of(user), activation=link)


@router.get(
    "/v1/auth/activate",
    access="public",
    operation_id="activate_by_link",
    summary="Activate by opening the link",
    refusals=(refusals.ActivationTokenInvalid, refusals.UserDisabled),
)
async def activate_by_link(token: Annotated[LinkToken, Query()], wired: Wired) -> ActivateAnswer:
    """Activate: the link was handed out in an answer, so nothing but its owner opens it."""
    return await _activate(token, wired)


@router.post(
    "/v1/auth/activate",
    access="public",
    operation_id="activate",
    summary="Activate by token",
    refusals=(refusals.ActivationTokenInvalid, refusals.UserDisabled),
)
async def activate(body: ActivateRequest, wired: Wired) -> ActivateAnswer:
    """Activate with the token out of the link."""
    return await _activate(body.token, wired)


@router.post(
    "/v1/auth/activation/resend",
    access="public",
    operation_id="resend_activation",
    summary="Get another activation link",
    refusals=(
        refusals.InvalidCredentials,
        refusals.UserDisabled,
        refusals.UserAlreadyActive,
    ),
)
async def resend_activation(body: ResendRequest, wired: Wired) -> ResendAnswer:
    """Make another link; the password keeps strangers from getting it in the answer."""
    found = await check_password(wired.database, wired.hasher, body.username, body.password)
    async with wired.database.unit_of_work() as uow:
        activation = await registration.renew_activation(
            uow, found.user, lifetime=_lifetime(wired), now=wired.clock.now()
        )
    return ResendAnswer(activation=_link(activation, wired))


async def _activate(token: str, wired: Wiring) -> ActivateAnswer:
    async with wired.database.unit_of_work() as uow:
        user = await registration.activate(uow, token, wired.clock.now())
    return ActivateAnswer(user=UserAnswer.of(user))


def _lifetime(wired: Wiring) -> timedelta:
    return timedelta(hours=wired.settings.activation_hours)


def _link(activation: Activation, wired: Wiring) -> ActivationLink:
    # The host is a setting, never the request's: a forged Host header must not enter a link.
    query = urlencode({"token": activation.token})
    return ActivationLink(
        url=f"{wired.settings.public_url}/v1/auth/activate?{query}",
        token=activation.token,
        expires_at=activation.expires_at,
    )
