"""Hashing off the event loop, behind a bounded queue."""

import asyncio
from collections.abc import Iterator

import pytest

from auth.crypto.hashing import PasswordHasher
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


async def test_above_the_queue_it_is_unavailable_at_once_and_recovers() -> None:
    hasher = PasswordHasher(queue=1)
    outcomes = await asyncio.gather(
        *(hasher.hash("some password") for _ in range(50)), return_exceptions=True
    )
    assert any(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert any(isinstance(outcome, str) for outcome in outcomes)
    assert await hasher.hash("some password")
    hasher.close()


async def test_the_event_loop_runs_on_while_passwords_are_hashed(hasher: PasswordHasher) -> None:
    hashing = asyncio.gather(*(hasher.hash("some password") for _ in range(8)))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100
    await hashing
