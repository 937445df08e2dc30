"""Checks the name and password of a request."""

from datetime import datetime

from fastapi import Request

from auth.api.origins import origin_of
from auth.domain.lockout import Failures
from auth.domain.users import UserStatus
from auth.refusals import InvalidCredentials, PasswordNeeded, PasswordWrong
from auth.repository import Users
from auth.service.sessions import Credentials, LoginAttempt, check_password, count_failure
from auth.wiring import Wiring
from kit.refusals import NotFound
from kit.web.identity import Identity
from kit.web.step_up import lacking, require_recent


async def checked(name: str, password: str, request: Request, wired: Wiring) -> Credentials:
    """Return the user with this password; count a wrong one and refuse.

    Raises:
        InvalidCredentials: unknown name or wrong password.
        LoginLocked: there were too many wrong passwords.
        Unavailable: too many passwords are waiting to be hashed.
    """
    now = wired.database.clock.now()
    origin = origin_of(request)
    attempt = LoginAttempt(name, password, origin.address)
    rules = wired.settings.lockout_rules
    outcome = await check_password(wired.database, wired.hasher, attempt, rules, now)
    if isinstance(outcome, Failures):
        async with wired.database.unit_of_work() as uow:
            await count_failure(uow, outcome, origin, now)
        raise InvalidCredentials
    return outcome


async def confirmed(
    password: str, caller: Identity, request: Request, wired: Wiring
) -> Credentials:
    """Check the caller's own password, as at a login.

    Raises:
        PasswordWrong, LoginLocked, NotFound: as their names say.
        Unavailable: too many passwords are waiting to be hashed.
    """
    async with wired.database.read() as connection:
        user = await Users(connection).get(caller.user)
    if user is None or user.status is UserStatus.DELETED:
        raise NotFound
    try:
        return await checked(user.username or user.email or "", password, request, wired)
    except InvalidCredentials:
        raise PasswordWrong from None


def require_factor(caller: Identity, now: datetime) -> None:
    """Refuse whoever has a second factor and did not give it lately.

    A password is asked for beside it, never in its place: it alone would let its thief in.

    Raises:
        StepUpRequired: as its name says.
    """
    if caller.has_factor:
        require_recent(caller, now)


async def require_themselves(
    password: str | None, caller: Identity, request: Request, wired: Wiring
) -> None:
    """Check the caller's own password; without one, require a fresh login.

    Raises:
        StepUpRequired: the caller's second factor was not given lately.
        PasswordNeeded: there is no password, and the login is too old.
        PasswordWrong, LoginLocked, NotFound: as their names say.
    """
    now = wired.database.clock.now()
    require_factor(caller, now)
    if password is not None:
        await confirmed(password, caller, request, wired)
    elif lacking(caller, now) is not None:
        raise PasswordNeeded
