"""Turns: few of one user at once, all of them in the end, and nobody waits for ever."""

import asyncio

import pytest

from kit.ids import new_id
from kit.refusals import Unavailable
from kit.turns import Turns


async def test_a_user_has_few_turns_at_once_and_others_have_their_own() -> None:
    turns, user = Turns(2), new_id()
    at_work, most = 0, 0

    async def work() -> None:
        nonlocal at_work, most
        async with turns.of(user):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            at_work -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (at_work, most) == (0, 2)
    async with turns.of(user), turns.of(user), turns.of(new_id()):
        pass


async def test_whoever_gets_no_turn_in_time_is_told_so_and_takes_none() -> None:
    turns, user = Turns(1, wait_seconds=0.01), new_id()
    async with turns.of(user):
        with pytest.raises(Unavailable):
            async with turns.of(user):
                pytest.fail("there is one turn, and it is taken")
    async with turns.of(user):
        pass


async def test_a_turn_ends_with_what_fails_in_it() -> None:
    turns, user = Turns(1, wait_seconds=0.01), new_id()
    for _ in range(3):
        with pytest.raises(ValueError, match="failed"):
            async with turns.of(user):
                raise ValueError("failed")
