"""kit.messaging.relay: how long an idle relay waits for a wake-up before it looks again."""

from typing import Any, cast

import pytest

from kit.clock import SystemClock
from kit.db.database import Database
from kit.messaging.relay import TROUBLED_POLL_SECONDS, Relay
from testkit.broker import MemoryBroker

FIRST, LAST = 1.0, 5.0


class EndError(Exception):
    """Ends a relay, which has no end of its own."""


class WakeUps:
    """Says of each wait whether it is ended by a wake-up, and writes down its limit."""

    def __init__(self, *answers: bool) -> None:
        self.limits: list[float] = []
        self._answers = list(answers)

    async def wait(self, seconds: float) -> bool:
        self.limits.append(seconds)
        if not self._answers:
            raise EndError
        return self._answers.pop(0)


class Steps:
    """A drain that has something to do in the steps that are said."""

    def __init__(self, *steps: bool) -> None:
        self._steps = list(steps)

    async def step(self) -> bool:
        return self._steps.pop(0) if self._steps else False


async def limits(steps: Steps, wake_ups: WakeUps, *blocked: str) -> list[float]:
    database = Database(None, "kit", SystemClock())
    database.wake_up = cast("Any", wake_ups)
    relay = Relay(database, MemoryBroker(), "", polls=(FIRST, LAST))
    relay._undeliverable.block(blocked, 0.0)
    with pytest.raises(EndError):
        await relay._drain(cast("Any", steps))
    return wake_ups.limits


async def test_an_idle_relay_looks_twice_as_late_each_time_up_to_a_limit() -> None:
    assert await limits(Steps(), WakeUps(*[False] * 4)) == [1, 2, 4, 5, 5]


async def test_a_relay_that_was_woken_looks_soon_again() -> None:
    found = await limits(Steps(), WakeUps(False, False, True, False))
    assert found == [1, 2, 4, 1, 2]


async def test_a_relay_that_found_something_looks_soon_again() -> None:
    steps = Steps(True, False, False, True, False)
    assert await limits(steps, WakeUps(*[False] * 3)) == [1, 2, 1, 2]


async def test_a_relay_that_could_not_deliver_something_looks_often() -> None:
    found = await limits(Steps(), WakeUps(*[False] * 4), "one")
    assert found == [TROUBLED_POLL_SECONDS] * 5
