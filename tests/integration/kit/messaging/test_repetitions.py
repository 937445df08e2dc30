"""What is asked or answered again and again is one letter, however often it can not be handled."""

import pytest

from testkit.clock import FakeClock
from testkit.toys import Work, delivery, encoded, work

from .effects import Effects


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
