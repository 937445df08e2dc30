"""Which of asyncpg's errors mean that a connection was lost."""

from typing import Any

import asyncpg
import pytest

from kit.db.losses import ConnectionLostError, is_loss


class Driver:
    """A connection that is open, closed, or taken back by its pool: then no question is allowed."""

    def __init__(self, *, is_closed: bool = False, is_taken_back: bool = False) -> None:
        self._is_closed = is_closed
        self._is_taken_back = is_taken_back

    def is_closed(self) -> bool:
        self._require_borrowed()
        return self._is_closed

    def terminate(self) -> None:
        self._require_borrowed()
        self._is_closed = True

    def _require_borrowed(self) -> None:
        if self._is_taken_back:
            raise asyncpg.InterfaceError("released back to the pool")


def loses(error: Exception, **state: Any) -> bool:
    return is_loss(Driver(**state), error)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        ConnectionLostError(is_undone=True),
        asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"),
        asyncpg.AdminShutdownError("terminated"),
        asyncpg.CrashShutdownError("crashed"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.IdleSessionTimeoutError("idle"),
        asyncpg.IdleInTransactionSessionTimeoutError("idle in a transaction"),
    ],
)
def test_some_errors_mean_a_loss_whatever_the_connection_says(error: Exception) -> None:
    assert loses(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.DataError("a wrong argument"),
    ],
)
def test_an_error_of_the_work_is_no_loss_though_the_connection_has_ended(error: Exception) -> None:
    assert not loses(error, is_closed=True)


def test_an_interface_error_is_a_loss_where_the_connection_has_ended() -> None:
    error = asyncpg.InterfaceError("connection is closed, or in use")
    assert not loses(error)
    assert loses(error, is_closed=True)
    assert loses(error, is_taken_back=True)


def test_a_connection_whose_answer_can_not_be_read_is_lost_and_closed() -> None:
    driver = Driver()
    assert is_loss(driver, asyncpg.InternalClientError("confused"))
    assert driver.is_closed()
    assert loses(asyncpg.InternalClientError("confused"), is_taken_back=True)
