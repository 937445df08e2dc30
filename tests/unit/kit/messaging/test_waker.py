"""kit.messaging.relay: a wake-up is passed on to the relay's process, or kept until it can be."""

import asyncio

import pytest

from kit.clock import SystemClock
from kit.db.database import Database
from kit.messaging.relay import _pass_on

AN_HOUR = 3600.0


class Session:
    """The connection that wake-ups are passed on by; it may be lost."""

    def __init__(self, *, is_lost: bool = False) -> None:
        self.statements: list[str] = []
        self._is_lost = is_lost

    async def execute(self, statement: str) -> None:
        self.statements.append(statement.partition("(")[0])
        await asyncio.sleep(0)
        if self._is_lost:
            raise ConnectionResetError


@pytest.fixture
def database() -> Database:
    return Database(None, "kit", SystemClock())


async def pass_on(database: Database, session: Session, *, is_woken: bool) -> None:
    if is_woken:
        database.wake_up.set()
    await _pass_on(database, session, AN_HOUR if is_woken else 0)


async def test_a_wake_up_is_passed_on_once_and_a_silence_tries_the_connection(
    database: Database,
) -> None:
    session = Session()
    await pass_on(database, session, is_woken=True)
    await pass_on(database, session, is_woken=False)
    assert session.statements == ["SELECT pg_notify", "SELECT 1"]
    assert not await database.wake_up.wait(0)


@pytest.mark.parametrize("is_woken", [True, False])
async def test_a_lost_connection_keeps_the_wake_up_that_reached_nobody_and_makes_none(
    database: Database, *, is_woken: bool
) -> None:
    with pytest.raises(ConnectionResetError):
        await pass_on(database, Session(is_lost=True), is_woken=is_woken)
    assert await database.wake_up.wait(0) is is_woken
