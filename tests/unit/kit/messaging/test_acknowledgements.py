import asyncio
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from kit.messaging.acknowledgements import MOST_MESSAGES, Acknowledgements
from kit.messaging.broker import BrokerUnavailableError
from testkit.conditions import until

HOUR = 3600.0
A_MOMENT = 0.01


class Told:
    """A subscription that writes down what it is told, or is gone."""

    def __init__(self) -> None:
        self.tags: list[int] = []
        self.is_gone = False
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def ack_through(self, tag: int) -> None:
        await self.may_go.wait()
        if self.is_gone:
            raise BrokerUnavailableError("gone")
        self.tags.append(tag)


def of(told: Told, seconds: float = HOUR) -> Acknowledgements:
    return Acknowledgements(cast("Any", told), seconds=seconds)


async def test_what_is_handled_within_a_moment_is_acknowledged_at_once() -> None:
    told = Told()
    acknowledgements = of(told, A_MOMENT)
    for tag in (1, 2, 5):
        await acknowledgements.ack_through(tag)
    assert told.tags == []
    await until(lambda: told.tags == [5])
    await acknowledgements.ack_through(6)
    await until(lambda: told.tags == [5, 6])
    await acknowledgements.end()
    assert told.tags == [5, 6]


async def test_so_many_are_acknowledged_without_a_wait() -> None:
    told = Told()
    acknowledgements = of(told)
    await acknowledgements.ack_through(MOST_MESSAGES - 1)
    assert told.tags == []
    await acknowledgements.ack_through(MOST_MESSAGES)
    await acknowledgements.ack_through(MOST_MESSAGES + 1)
    assert told.tags == [MOST_MESSAGES]
    await acknowledgements.end()


async def test_what_is_left_at_the_end_is_acknowledged_then() -> None:
    told = Told()
    await of(told).end()
    assert told.tags == []
    acknowledgements = of(told)
    await acknowledgements.ack_through(3)
    await acknowledgements.end()
    assert told.tags == [3]


async def test_a_broker_that_is_gone_is_told_of_to_whoever_hands_over_much() -> None:
    told = Told()
    told.is_gone = True
    acknowledgements = of(told, A_MOMENT)
    with capture_logs() as logs:
        await acknowledgements.ack_through(1)
        await until(lambda: acknowledgements._soon is None)
        with pytest.raises(BrokerUnavailableError):
            await acknowledgements.ack_through(1 + MOST_MESSAGES)
        await acknowledgements.ack_through(2 + MOST_MESSAGES)
        await acknowledgements.end()
    assert told.tags == []
    assert logs == []


async def test_one_that_waits_is_not_overtaken() -> None:
    told = Told()
    told.may_go.clear()
    acknowledgements = of(told, A_MOMENT)
    await acknowledgements.ack_through(1)
    await until(lambda: acknowledgements._soon is None)
    told.may_go.set()
    await acknowledgements.ack_through(1 + MOST_MESSAGES)  # before the first is woken
    assert told.tags == [1, 1 + MOST_MESSAGES]
