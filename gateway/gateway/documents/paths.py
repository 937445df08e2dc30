"""Asks services for the paths of their operations, by which metrics name requests."""

import asyncio
from typing import Final

import orjson

from gateway.forwarding.upstream import Upstream
from gateway.refusals import UpstreamTimeout, UpstreamUnavailable
from gateway.routing.templates import RouteTemplates
from kit.tasks import backoff

# A service that was upgraded may have others.
AGAIN_AFTER_SECONDS: Final = 300.0
ASK_AGAIN_SECONDS: Final = 5.0

_OK: Final = 200


async def keep_learned(templates: RouteTemplates, upstream: Upstream) -> None:
    """Have the templates of a service known, for ever."""
    delays = backoff(most=ASK_AGAIN_SECONDS)  # it may start later than we do
    while True:
        if await _learn(templates, upstream):
            delays = backoff(most=ASK_AGAIN_SECONDS)
            await asyncio.sleep(AGAIN_AFTER_SECONDS)
        else:
            await asyncio.sleep(next(delays))


async def _learn(templates: RouteTemplates, upstream: Upstream) -> bool:
    head = b"GET /openapi/paths.json HTTP/1.1\r\n%b\r\n" % upstream.host_line
    try:
        status, _, body = await upstream.fetch(head)
        paths = orjson.loads(body) if status == _OK else None
    except (UpstreamUnavailable, UpstreamTimeout, ValueError):
        return False
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return False
    templates.learn(upstream.name, paths)
    return True
