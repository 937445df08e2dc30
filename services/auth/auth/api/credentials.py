"""Checking a name and a password that came with a request."""

from fastapi import Request

from auth.domain.lockout import Failures
from auth.refusals import InvalidCredentials
from auth.service.sessions import Attempt, Credentials, check_password, count_failure
from auth.wiring import Wiring


async def checked(name: str, password: str, request: Request, wired: Wiring) -> Credentials:
    """Return whose password this is; a wrong one is counted, then refused.

    Raises:
        InvalidCredentials: unknown name or wrong password.
        LoginLocked: there were too many wrong ones.
        Unavailable: too many are waiting to be hashed.
    """
    now = wired.clock.now()
    attempt = Attempt(name, password, _address(request))
    outcome = await check_password(wired.database, wired.hasher, attempt, now)
    if isinstance(outcome, Failures):
        async with wired.database.unit_of_work() as uow:
            await count_failure(uow, outcome, now)
        raise InvalidCredentials
    return outcome


def _address(request: Request) -> str:
    """Return where a request came from: the gateway says it, and drops what others have said."""
    told = request.headers.get("x-forwarded-for")
    if told is not None:
        return told
    return "" if request.client is None else request.client.host
