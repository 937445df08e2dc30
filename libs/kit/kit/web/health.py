"""Answers `/health/live`, `/health/ready` and `/metrics` in every service.

Does not know what a service needs: the runtime registers checks on `app.state.readiness`.
"""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from kit.web import metrics
from kit.web.answers import Answer
from kit.web.readiness import UNAVAILABLE, readiness
from kit.web.routes import Router

HealthCheck = Callable[[], Awaitable[None]]

# Without these a service still reads, and takes what it is asked: messages wait in the outbox.
DISPENSABLE = frozenset({"rabbitmq"})

log = structlog.get_logger(__name__)

router = Router(tags=["health"])


@router.get(
    "/health/live",
    access="public",
    operation_id="get_liveness",
    summary="The process answers",
    include_in_schema=False,
)
async def get_liveness() -> Response:
    """Answer 200 whenever the event loop runs."""
    return Answer(200, body=b'{"status":"live"}')


@router.get(
    "/health/ready",
    access="public",
    operation_id="get_readiness",
    summary="All that the service leans on answers",
    include_in_schema=False,
)
async def get_readiness(request: Request) -> Response:
    """Answer 200, or 503 where a check failed that the service can't do without.

    The log says why the check failed.
    """
    checks: dict[str, HealthCheck] = request.app.state.readiness
    limit_seconds: float = request.app.state.readiness_seconds
    outcomes = await asyncio.gather(
        *(_passes(name, check, limit_seconds) for name, check in checks.items())
    )
    results = dict(zip(checks, outcomes, strict=True))
    status = readiness(results, DISPENSABLE)
    document = {
        "status": status,
        "checks": {name: "ok" if passed else "failed" for name, passed in results.items()},
    }
    return Answer(503 if status == UNAVAILABLE else 200, body=orjson.dumps(document))


@router.get(
    "/metrics",
    access="public",
    operation_id="get_metrics",
    summary="Figures for Prometheus",
    include_in_schema=False,
)
async def get_metrics() -> Response:
    """Answer in Prometheus' text format; the gateway does not route this."""
    return metrics.exposition()


async def _passes(name: str, check: HealthCheck, limit_seconds: float) -> bool:
    try:
        async with asyncio.timeout(limit_seconds):
            await check()
    except Exception as error:  # noqa: BLE001 (after any error the check has not passed)
        log.warning("not_ready", check=name, error=type(error).__name__)
        return False
    return True
