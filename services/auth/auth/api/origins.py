"""Finds where a request came from, for the audit log and the list of sessions."""

from typing import Annotated

from fastapi import Depends, Request

from auth.domain.audit import USER_AGENT_LONGEST, Origin
from kit import context
from kit.web.address import address_of


def origin_of(request: Request) -> Origin:
    """Return a request's address, as the gateway tells it, its client and its id."""
    user_agent = request.headers.get("user-agent")
    return Origin(
        address=address_of(request),
        user_agent=user_agent and user_agent[:USER_AGENT_LONGEST],
        request_id=context.current().request_id,
    )


async def _origin(request: Request) -> Origin:
    return origin_of(request)  # not handed to a thread, as what is not async would be


CallerOrigin = Annotated[Origin, Depends(_origin)]
