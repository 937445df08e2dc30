"""What is asked or answered again and again is one letter, however often it can not be handled.

And what comes again meets its handler again only where that knows it, and nobody else waits for it.
"""

import pytest
from asyncpg import UniqueViolationError

from kit.db.unit_of_work import UnitOfWork
from kit.messaging import dead_letters
from kit.messaging.consumer import SUSPECT_ATTEMPTS
from kit.messaging.dead_letter_collector import DeadLetterCollector
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.toys import Work, delivery, encoded, work

from .effects import QUEUE, Effects


def sent(effects: Effects, command: Work, subject: str = "saga") -> bytes:
    """Return one more sending of a command: an event of its own."""
    clock = effects.database.clock
    assert isinstance(clock, FakeClock)
    return encoded(command, subject, clock=clock)


async def test_a_command_that_is_sent_again_while_it_is_parked_is_one_letter(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("bug")
    command = work("bug")
    for _ in range(30):
        await effects.consumer().handle([delivery(sent(effects, command))])
        clock.advance(60)
        await effects.retries().retry_due()
    assert len(await effects.letters()) == 1
    effects.repair()
    await effects.consumer().handle([delivery(sent(effects, command))])
    assert await effects.texts() == ["bug"]


async def test_another_question_of_the_same_key_waits_behind_it_as_its_own_letter(
    effects: Effects,
) -> None:
    effects.fail_on("bug")
    first, second = work("bug"), work("other")
    for command in (first, second, first, second):
        await effects.consumer().handle([delivery(sent(effects, command))])
    reasons = [letter["reason"] for letter in await effects.letters()]
    assert reasons == ["handler_failed", "behind_parked"]


@pytest.mark.parametrize("packed", [True, False])
async def test_what_nobody_understands_is_one_letter_too(effects: Effects, *, packed: bool) -> None:
    command = work("bug")
    bodies = [sent(effects, command).replace(b"kit.work.v1", b"kit.dance.v9") for _ in range(3)]
    for pack in [bodies] if packed else [[body] for body in bodies]:
        await effects.consumer().handle([delivery(*pack)])
    [letter] = await effects.letters()
    assert (letter["reason"], letter["state"]) == ("unknown_command", "dead")


async def inbox_rows(effects: Effects) -> int:
    async with effects.database.read() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM inbox")
    return count


async def test_handlers_that_know_a_repeat_get_it_again_and_are_noted_nowhere(
    effects: Effects,
) -> None:
    consumer = effects.consumer(is_repeatable=True)
    one, two = (sent(effects, work(text)) for text in "ab")
    await consumer.handle([delivery(one, two, one)])
    assert await effects.texts() == ["a", "b"]  # twice in one batch is still once
    await consumer.handle([delivery(one)])
    assert await effects.texts() == ["a", "b", "a"]
    assert await inbox_rows(effects) == 0


@pytest.mark.parametrize("is_repeatable", [True, False])
async def test_what_another_worker_has_just_done_is_looked_at_again_together(
    effects: Effects, *, is_repeatable: bool
) -> None:
    async def find_it_in_the_way(_: UnitOfWork) -> None:
        effects.repair()
        raise UniqueViolationError("its row is there")

    effects.troubles["b"] = find_it_in_the_way
    consumer = effects.consumer(is_repeatable=is_repeatable)
    await consumer.handle([delivery(*(sent(effects, work(text)) for text in "ab"))])
    assert await effects.texts() == ["a", "b"]
    assert effects.batches == ([2, 2] if is_repeatable else [2, 1, 1])


@pytest.mark.parametrize("state", ["parked", "dead", "discarded"])
async def test_what_has_a_letter_is_handled_by_nobody_else(
    effects: Effects, clock: FakeClock, state: str
) -> None:
    effects.fail_on("bug")
    consumer, body = effects.consumer(is_repeatable=True), sent(effects, work("bug"))
    await consumer.handle([delivery(body)])
    if state == "dead":
        for _ in range(dead_letters.MAX_ATTEMPTS):
            clock.advance(600)
            await effects.retries().retry_due()
    [letter] = await effects.letters()
    if state == "discarded":
        async with effects.database.unit_of_work() as uow:
            assert await dead_letters.discard(uow, letter["id"], "somebody") == 1  # type: ignore[arg-type]
    effects.repair()
    for attempts in (0, SUSPECT_ATTEMPTS):  # together with others, and alone
        await consumer.handle([delivery(body, attempts=attempts)])
    assert await effects.texts() == []
    assert await effects.states() == [("handler_failed", state)]


async def test_letters_are_looked_for_first_while_one_may_be_in_the_way(
    effects: Effects, clock: FakeClock
) -> None:
    consumer = effects.consumer(is_repeatable=True)

    async def statements(body: bytes) -> int:
        before = effects.database.statements
        await consumer.handle([delivery(body)])
        return effects.database.statements - before

    first = await statements(sent(effects, work("first")))
    fewest = await statements(sent(effects, work("second")))
    assert first == fewest + 1  # what was before is not known
    early = sent(effects, work("early"))
    effects.fail_on("bug")
    failing = effects.consumer(is_repeatable=True)  # another worker
    await failing.handle([delivery(sent(effects, work("bug"), subject="other"))])
    handled = len(effects.batches)
    assert await statements(early) > fewest  # it was found before COMMIT, and looked at again
    assert len(effects.batches) == handled + 2
    assert await statements(early) == fewest + 1  # one is parked
    for _ in range(dead_letters.MAX_ATTEMPTS):
        clock.advance(600)
        await effects.retries().retry_due()
    assert await effects.states() == [("handler_failed", "dead")]
    assert await statements(early) == fewest + 1  # it may be of this one
    for _ in range(2):
        await statements(sent(effects, work("late")))
    assert await statements(sent(effects, work("last"))) == fewest
    assert await effects.texts() == [*("first", "second"), *["early"] * 3, *["late"] * 2, "last"]


async def test_what_another_worker_parks_meanwhile_is_seen_before_commit(
    effects: Effects,
) -> None:
    consumer = effects.consumer(is_repeatable=True)
    await consumer.handle([delivery(sent(effects, work("before")))])
    bug, behind = sent(effects, work("bug")), sent(effects, work("behind"))

    async def park(_: UnitOfWork) -> None:
        effects.fail_on("bug")
        await effects.consumer(is_repeatable=True).handle([delivery(bug)])

    effects.troubles["behind"] = park
    await consumer.handle([delivery(behind)])
    assert await effects.texts() == ["before"]
    assert await effects.states() == [
        ("handler_failed", "parked"),
        ("behind_parked", "parked"),
    ]


async def test_what_waits_behind_a_letter_waits_there_once(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("bug")
    consumer = effects.consumer(is_repeatable=True)
    bodies = [sent(effects, work(text)) for text in ("bug", "next")]
    for attempts in (0, 1, SUSPECT_ATTEMPTS):
        await consumer.handle([delivery(*bodies, attempts=attempts)])
        await consumer.handle([delivery(bodies[1], attempts=attempts)])
    assert [letter["reason"] for letter in await effects.letters()] == [
        "handler_failed",
        "behind_parked",
    ]
    effects.repair()
    for _ in bodies:
        clock.advance(600)
        await effects.retries().retry_due()
    await consumer.handle([delivery(*bodies, attempts=SUSPECT_ATTEMPTS)])
    assert await effects.texts() == ["bug", "next"]


async def test_what_of_a_suspect_pack_had_its_effect_is_no_letter_when_the_broker_gives_up(
    effects: Effects,
) -> None:
    effects.fail_on("killer", KeyboardInterrupt())
    bodies = [sent(effects, work(text), text) for text in ("a", "killer", "b")]
    consumer = effects.consumer(is_repeatable=True)
    with pytest.raises(KeyboardInterrupt):
        await consumer.handle([delivery(*bodies, attempts=SUSPECT_ATTEMPTS)])
    graveyard = DeadLetterCollector(effects.database, MemoryBroker(), "kit.dead")
    await graveyard.take_in(delivery(*bodies, routing_key=QUEUE))
    assert await effects.texts() == ["a"]
    assert [letter["key"] for letter in await effects.letters()] == ["killer", "b"]
