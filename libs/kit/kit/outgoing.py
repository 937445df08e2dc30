"""Makes HTTP clients for calls to other services, never inside a unit of work."""

from typing import Final

import httpx

from kit import context
from kit.db.unit_of_work import a_unit_of_work_is_open

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
        event_hooks={"request": [_stay_outside, _pass_trace_on]},
    )


async def _stay_outside(request: httpx.Request) -> None:
    if a_unit_of_work_is_open():
        raise RemoteCallInUnitOfWorkError(request.url.path)


async def _pass_trace_on(request: httpx.Request) -> None:
    work = context.current()
    if work.request_id is not None:
        request.headers["x-request-id"] = work.request_id
    if work.traceparent is not None:
        request.headers["traceparent"] = work.traceparent
