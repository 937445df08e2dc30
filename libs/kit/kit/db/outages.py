"""Tells outages of PostgreSQL from errors of the code that used it."""

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError

from kit.db.database import Database
from kit.db.losses import ConnectionLostError

_CERTAIN = (
    ConnectionLostError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.ReadOnlySQLTransactionError,  # a standby that was promoted too late, or not at all
)
# These may mean a lost connection, or a wrong argument, a missing file, a slow statement. The
# driver raises its InternalClientError also where a backend ended under a statement.
_DOUBTFUL = (OSError, TimeoutError, InterfaceError, InternalClientError)

CONFLICTS = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,  # a lock_timeout
)


async def is_outage(database: Database, error: Exception) -> bool:
    """Tell whether an error means that PostgreSQL can't be used now.

    Where the error does not say it, PostgreSQL is asked.
    """
    if isinstance(error, _CERTAIN):
        return True
    if not isinstance(error, _DOUBTFUL):
        return False
    try:
        await database.ping()
    except (*_CERTAIN, *_DOUBTFUL):
        return True
    return False
