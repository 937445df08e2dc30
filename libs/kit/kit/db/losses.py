"""Owns telling that a connection to PostgreSQL was ended under us, whatever asyncpg calls that.

A backend can be terminated, the server can stop or fail over, a proxy can drop the socket; asyncpg
then raises one of a dozen errors, by the moment in which it notices.
"""

from contextlib import suppress
from typing import Final

import asyncpg
from asyncpg.exceptions import DataError, InterfaceError, InternalClientError

# What can mean that the connection has gone; `is_loss` says whether it does.
SUSPECTS: Final = (
    ConnectionError,
    InterfaceError,
    InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


class ConnectionLostError(ConnectionError):
    """The connection has ended; `is_undone`: what was under way on it has surely no effect."""

    def __init__(self, *, is_undone: bool) -> None:
        super().__init__("the connection to PostgreSQL was lost")
        self.is_undone = is_undone


def is_loss(driver: asyncpg.Connection, error: Exception) -> bool:
    """Tell whether an error of a statement means that its connection has gone.

    asyncpg has one class for "closed under us" and for wrong calls; the connection itself tells
    them apart. Its being confused about what the server sends is the moment of a broken answer,
    after which the connection is of no more use, and is closed.
    """
    if isinstance(error, DataError):
        return False
    if isinstance(error, InternalClientError):
        with suppress(InterfaceError):  # the pool has taken it back already
            driver.terminate()
        return True
    if isinstance(error, InterfaceError):
        try:
            return bool(driver.is_closed())
        except InterfaceError:  # taken back by the pool, as it does with what has ended
            return True
    return isinstance(error, SUSPECTS)
