"""Tells whether a connection to PostgreSQL was lost, whatever asyncpg calls that.

A backend can be terminated, the server can stop or fail over, a proxy can drop the socket; asyncpg
then raises one of a dozen errors, depending on the moment at which it notices.
"""

from contextlib import suppress
from typing import Final

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError

# Errors that may mean a lost connection; `is_loss` says whether they do.
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
    """The connection was lost.

    `is_undone` says that what was under way on it has surely had no effect.
    """

    def __init__(self, *, is_undone: bool) -> None:
        super().__init__("the connection to PostgreSQL was lost")
        self.is_undone = is_undone


def is_loss(driver: asyncpg.Connection, error: Exception) -> bool:
    """Tell whether an error of a statement means that its connection was lost.

    asyncpg raises one class both for a connection closed by the server and for wrong calls; the
    connection itself tells them apart. An InternalClientError means that the driver could not read
    an answer: the connection can't be used any more, and is closed.
    """
    if isinstance(error, InternalClientError):
        with suppress(InterfaceError):  # the pool has already taken it back
            driver.terminate()
        return True
    if isinstance(error, InterfaceError):
        return has_ended(driver)
    return isinstance(error, SUSPECTS)


def has_ended(driver: asyncpg.Connection) -> bool:
    """Tell whether a connection is known to have ended."""
    try:
        return bool(driver.is_closed())
    except InterfaceError:  # the pool takes back a connection that has ended
        return True
