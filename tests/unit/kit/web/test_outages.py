"""kit.web.outages: outages and faults."""

import socket

import asyncpg
import httpx
import pytest
from asyncpg.exceptions import InterfaceError

from kit.refusals import InternalError, NotFound, Unavailable
from kit.web.outages import refusal_of


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        socket.gaierror(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CrashShutdownError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.QueryCanceledError(),
        asyncpg.SerializationError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.DiskFullError(),
        InterfaceError("cannot call Connection.fetch(): connection is closed"),
        InterfaceError("pool is closing"),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
    ],
)
def test_an_outage_is_a_503_to_try_again(error: Exception) -> None:
    refusal = refusal_of(error)

    assert isinstance(refusal, Unavailable)
    assert refusal.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        asyncpg.UniqueViolationError(),
        asyncpg.UndefinedTableError(),
        asyncpg.DataError(),
        InterfaceError("the server expects 2 arguments"),
        httpx.HTTPStatusError(
            "x", request=httpx.Request("GET", "x:"), response=httpx.Response(500)
        ),
    ],
)
def test_a_fault_of_ours_is_a_500(error: Exception) -> None:
    assert isinstance(refusal_of(error), InternalError)


def test_a_refusal_is_itself() -> None:
    refusal = NotFound()
    assert refusal_of(refusal) is refusal
