"""Hashing off the event loop, behind a bounded queue."""

import asyncio
from collections.abc import Iterator

import pytest

from auth.crypto.hashing import PasswordHasher, give_back
from kit.refusals import Unavailable


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(queue=64)
    yield made
    made.close()


async def test_a_hash_is_argon2id_with_the_chosen_cost(hasher: PasswordHasher) -> None:
    assert (await hasher.hash("密码пароль🔑 ")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_right_password_alone_verifies(hasher: PasswordHasher) -> None:
    hashed = await hasher.hash("密码пароль🔑 ")
    assert await hasher.verify("密码пароль🔑 ", hashed)
    assert not await hasher.verify("密码пароль🔑", hashed)


async def test_nobody_has_no_right_password(hasher: PasswordHasher) -> None:
    assert not await hasher.verify("anything at all", None)


@pytest.mark.check(33)
async def test_above_the_queue_it_is_unavailable_at_once_and_recovers() -> None:
    hasher = PasswordHasher(queue=1)
    outcomes = await asyncio.gather(
        *(hasher.hash("some password") for _ in range(50)), return_exceptions=True
    )
    assert any(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert any(isinstance(outcome, str) for outcome in outcomes)
    assert await hasher.hash("some password")
    hasher.close()


@pytest.mark.check(33)
async def test_the_event_loop_runs_on_while_passwords_are_hashed(hasher: PasswordHasher) -> None:
    hashing = asyncio.gather(*(hasher.hash("some password") for _ in range(8)))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100
    await hashing


async def test_memory_is_given_back_when_there_was_no_work_for_a_while() -> None:
    given_back = asyncio.Event()
    hasher = PasswordHasher(queue=64, idle_seconds=0.0, give_back=given_back.set)
    await hasher.hash("some password")
    async with asyncio.timeout(30):
        await given_back.wait()
    hasher.close()


async def test_work_puts_it_off_and_closing_calls_it_off() -> None:
    hasher = PasswordHasher(queue=64, idle_seconds=3600)
    await hasher.hash("some password")
    first = hasher._rest
    await hasher.hash("some password")
    second = hasher._rest
    assert first is not None
    assert second is not None
    assert (first.cancelled(), second.cancelled()) == (True, False)
    hasher.close()
    assert second.cancelled()


async def test_hashing_goes_on_after_memory_was_given_back(hasher: PasswordHasher) -> None:
    await hasher.hash("some password")
    give_back()
    assert await hasher.hash("some password")
