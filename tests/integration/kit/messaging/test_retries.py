"""Retries go on for ever, know what caused what, and write down why they fail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import dead_letters
from kit.messaging.retries import Retries
from testkit.clock import FakeClock
from testkit.conditions import running, until
from testkit.pump import sent
from testkit.toys import Sung, ToyTold, delivery, encoded, event_id, work

from .effects import QUEUE, Effects


def command(text: str, clock: FakeClock) -> bytes:
    return encoded(work(text), text, clock=clock)


async def park(effects: Effects, clock: FakeClock, text: str) -> bytes:
    body = command(text, clock)
    effects.fail_on(text)
    await effects.consumer().handle([delivery(body)])
    effects.repair()
    clock.advance(2)
    return body


async def test_what_is_due_later_is_found_later(effects: Effects, clock: FakeClock) -> None:
    """Although it looks once an hour only, where nothing was committed and nothing is due."""
    retries = Retries(effects.database, effects.consumer().reader, polls=(0.01, 3600))

    async def is_done(*texts: str) -> bool:
        return await effects.texts() == list(texts)

    async with running(retries.run()):
        await park(effects, clock, "one")
        await until(lambda: is_done("one"))
        await park(effects, clock, "two")
        await until(lambda: is_done("one", "two"))


async def test_what_another_worker_is_at_is_not_looked_at_again_at_once(
    effects: Effects, clock: FakeClock
) -> None:
    letter_id = event_id(await park(effects, clock, "one"))
    async with effects.database.unit_of_work() as other:
        assert await dead_letters.lock(other, QUEUE, letter_id)
        assert await effects.retries().retry_due() == 0
    assert await effects.retries().retry_due() == 1


async def test_what_a_retry_emits_is_caused_by_the_message_that_is_tried_again(
    effects: Effects, clock: FakeClock
) -> None:
    body = await park(effects, clock, "one")
    await effects.retries().retry_due()
    (told,) = await sent(effects.database, ToyTold)
    assert told.causation_id == str(event_id(body))


async def test_a_batch_of_several_is_the_cause_of_nothing_and_one_alone_is(
    effects: Effects, clock: FakeClock
) -> None:
    several, alone = [command(text, clock) for text in "ab"], command("c", clock)
    await effects.consumer().handle([delivery(*several)])
    await effects.consumer().handle([delivery(alone)])
    told = await sent(effects.database, ToyTold)
    assert [one.causation_id for one in told] == [None, None, str(event_id(alone))]


async def test_a_letter_says_why_it_failed_last(effects: Effects, clock: FakeClock) -> None:
    await park(effects, clock, "one")
    effects.fail_on("one", ValueError("another reason"))
    await effects.retries().retry_due()
    (letter,) = await effects.letters()
    assert letter["error"] == "ValueError('another reason')"


async def test_a_letter_behind_another_has_no_error_of_its_own(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("one")
    for text in ("one", "two"):
        body = encoded(work(text), "same", clock=clock)
        await effects.consumer().handle([delivery(body)])
    _, behind = await effects.letters()
    assert (behind["reason"], behind["error"]) == ("behind_parked", "")


async def test_a_letter_that_can_not_be_decoded_says_why(
    effects: Effects, clock: FakeClock
) -> None:
    stranger = encoded(Sung(text="la"), clock=clock)
    for body in (b"garbage", stranger):
        await effects.consumer().handle([delivery(body)])
    letters = await effects.letters()
    async with effects.database.unit_of_work() as uow:
        for one in letters:
            await dead_letters.replay(uow, cast("UUID", one["id"]), "an operator", anyway=True)
    await effects.retries().retry_due()
    garbage, strange = [one["error"] for one in await effects.letters()]
    assert "JSON is malformed: invalid character" in str(garbage)
    assert strange == f"nobody handles {Sung.type}"


async def test_a_letter_that_is_dead_is_an_error_in_the_log_and_any_other_retry_a_warning(
    effects: Effects, clock: FakeClock
) -> None:
    await park(effects, clock, "one")
    effects.fail_on("one")
    with capture_logs() as logged:
        for _ in range(dead_letters.MAX_ATTEMPTS):
            await effects.retries().retry_due()
            clock.advance(301)
    levels = [(one["event"], one["log_level"]) for one in logged]
    retried = [("retry_failed", "warning")] * (dead_letters.MAX_ATTEMPTS - 1)
    assert levels == [*retried, ("letter_dead", "error")]


async def test_a_retry_whose_error_only_looks_like_an_outage_counts(
    effects: Effects, clock: FakeClock
) -> None:
    await park(effects, clock, "one")
    effects.fail_on("one", OSError("no such file"))
    assert await effects.retries().retry_due() == 1
    (letter,) = await effects.letters()
    assert letter["attempts"] == 1


class FailingOnce:
    """A database whose first unit of work can not begin."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_failed = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        if not self._has_failed:
            self._has_failed = True
            raise ZeroDivisionError
        async with self._database.unit_of_work() as uow:
            yield uow


async def test_an_error_before_the_letter_is_found_is_no_failure_of_the_letter(
    effects: Effects, clock: FakeClock
) -> None:
    await park(effects, clock, "one")
    database = cast("Database", FailingOnce(effects.database))
    with pytest.raises(ZeroDivisionError):
        await Retries(database, effects.consumer().reader).retry_due()
    (letter,) = await effects.letters()
    assert letter["attempts"] == 0
