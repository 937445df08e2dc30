"""Tells outages of what a service needs (503, try again) from its bugs (500)."""

import asyncpg
import httpx
import structlog
from asyncpg.exceptions import InterfaceError
from starlette.exceptions import HTTPException

from kit.refusals import (
    Forbidden,
    InternalError,
    NotFound,
    Refusal,
    RequestRefused,
    Unavailable,
)

_OUTAGES: tuple[type[Exception], ...] = (
    OSError,  # includes ConnectionError and TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, starting up, cancelled
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.TransactionRollbackError,  # serialisation, deadlock: the same request may work now
    asyncpg.ReadOnlySQLTransactionError,  # connected to what has become a standby
    httpx.TransportError,
)

log = structlog.get_logger(__name__)


def refusal_of(error: Exception) -> Refusal:
    """Return the refusal that answers an error; log what the caller should not see."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException) and error.status_code < InternalError.status:
        return _of_framework(error)
    if isinstance(error, _OUTAGES) or _connection_was_lost(error):
        log.warning("unavailable", exc_info=error)
        return Unavailable()
    log.error("unhandled", exc_info=error)
    return InternalError()


def _connection_was_lost(error: Exception) -> bool:
    """Tell a connection closed by the server from a wrong call of asyncpg's.

    asyncpg has one class for both.
    """
    return isinstance(error, InterfaceError) and "clos" in str(error)


def _of_framework(error: HTTPException) -> Refusal:
    headers = dict(error.headers or {})
    known = {NotFound.status: NotFound, Forbidden.status: Forbidden}.get(error.status_code)
    if known is not None:
        return known(headers=headers)
    return RequestRefused(status=error.status_code, headers=headers)
