"""Makes HTTP clients for calls to other services, never inside a unit of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from pydantic import SecretStr

from kit import context
from kit.db.unit_of_work import a_unit_of_work_is_open
from kit.tokens.service_client import ServiceToken
from kit.trust import TRUST

LIMITS: Final = httpx.Limits(max_connections=256, max_keepalive_connections=64)
TIMEOUT: Final = httpx.Timeout(2.0, connect=1.0)


class RemoteCallInUnitOfWorkError(Exception):
    """A remote call inside a unit of work would hold its locks and its connection."""


def http_client() -> httpx.AsyncClient:
    """Return a client without redirects or proxy settings; close it after use."""
    return httpx.AsyncClient(
        limits=LIMITS,
        timeout=TIMEOUT,
        trust_env=False,
        verify=TRUST,
        event_hooks={"request": [_stay_outside, _pass_trace_on]},
    )


@asynccontextmanager
async def calling_as(
    service: str, auth_url: str, secret: SecretStr
) -> AsyncIterator[tuple[httpx.AsyncClient, ServiceToken]]:
    """Open a client for calls to other services, with the service's own token."""
    async with (
        http_client() as client,
        ServiceToken(client, auth_url, service, secret).fetched_ahead() as token,
    ):
        yield client, token


async def _stay_outside(request: httpx.Request) -> None:
    if a_unit_of_work_is_open():
        raise RemoteCallInUnitOfWorkError(request.url.path)


async def _pass_trace_on(request: httpx.Request) -> None:
    work = context.current()
    if work.request_id is not None:
        request.headers["x-request-id"] = work.request_id
    if work.traceparent is not None:
        request.headers["traceparent"] = work.traceparent
