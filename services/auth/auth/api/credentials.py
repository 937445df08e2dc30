"""Checks the name and password of a request."""

from fastapi import Request

from auth.api.origins import origin_of
from auth.domain.lockout import Failures
from auth.refusals import InvalidCredentials
from auth.service.sessions import Credentials, LoginAttempt, check_password, count_failure
from auth.wiring import Wiring


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
