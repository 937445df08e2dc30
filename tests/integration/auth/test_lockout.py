"""Ten wrong passwords for one name from one address lock it from there, whoever has it or not."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.auth.mailed import last_token
from tests.integration.auth.world import PASSWORD, World, code

from auth.domain.audit import Origin
from auth.domain.lockout import FAILURES, LOCK, WINDOW
from auth.repository import Logins, logins
from auth.service.sessions import count_failure
from contracts.auth import UserLocked
from testkit.pump import sent

BAD = "wrong password"
HERE, THERE = "198.51.100.7", "203.0.113.9"
ADDRESS = "alice@example.com"
LOCKED = (429, "login_locked")
WRONG = (401, "invalid_credentials")


@pytest.fixture
async def alice(world: World) -> dict[str, Any]:
    return await world.arrive("alice", email=ADDRESS)


async def knock(
    world: World, name: str = "alice", password: str = BAD, address: str = HERE
) -> httpx.Response:
    body = {"username": name, "password": password}
    return await world.post("/v1/auth/login", body, headers={"X-Forwarded-For": address})


async def lock(world: World, name: str = "alice", address: str = HERE) -> None:
    for _ in range(FAILURES):
        assert code(await knock(world, name, address=address)) == WRONG


async def told(world: World) -> list[UserLocked]:
    """Return what auth tells of locks, oldest first."""
    found = [envelope.message for envelope in await sent(world.database, UserLocked)]
    return [message for message in found if isinstance(message, UserLocked)]


@pytest.mark.check(26)
async def test_the_right_password_and_a_wrong_one_are_answered_alike_while_it_is_locked(
    world: World, alice: dict[str, Any]
) -> None:
    await lock(world)
    answers = [await knock(world, password=password) for password in (PASSWORD, BAD)]
    assert [code(answer) for answer in answers] == [LOCKED, LOCKED]
    assert {answer.headers["retry-after"] for answer in answers} == {"900"}
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


@pytest.mark.check(26)
async def test_a_name_that_nobody_has_is_locked_like_any_other(
    world: World, alice: dict[str, Any]
) -> None:
    costs, bodies = [], []
    for name in ("alice", "nobody"):
        before = world.database.statements
        await lock(world, name)
        answer = await knock(world, name)
        costs.append(world.database.statements - before)
        assert code(answer) == LOCKED
        bodies.append({**answer.json(), "instance": None, "request_id": None})
    assert bodies[0] == bodies[1]
    # The one statement more is the message to whom it concerns.
    assert costs[0] - costs[1] == 1


async def test_a_lock_of_one_name_does_not_tell_which_address_has_the_same_account(
    world: World, alice: dict[str, Any]
) -> None:
    await lock(world)
    for name in (ADDRESS, "nobody@example.com"):
        assert code(await knock(world, name)) == WRONG
    for name in ("alice", "ALICE", "\uff21lice"):
        assert code(await knock(world, name, PASSWORD)) == LOCKED


@pytest.mark.check(26)
async def test_other_accounts_and_other_addresses_are_not_locked(
    world: World, alice: dict[str, Any]
) -> None:
    await world.arrive("bob")
    await lock(world)
    assert (await knock(world, "bob", PASSWORD)).status_code == 200
    assert (await knock(world, "alice", PASSWORD, THERE)).status_code == 200
    assert code(await knock(world, "alice", PASSWORD)) == LOCKED


@pytest.mark.check(27)
async def test_a_lock_is_told_once_and_without_a_word_of_where_or_what(
    world: World, alice: dict[str, Any]
) -> None:
    await lock(world)
    for _ in range(3):
        await knock(world)
    [event] = await told(world)
    assert (event.user_id, event.until) == (UUID(alice["id"]), world.clock.now() + LOCK)
    assert set(event.model_dump()) == {"lock_id", "user_id", "until"}
    world.clock.advance(LOCK.total_seconds())
    await lock(world)
    assert len({event.lock_id for event in await told(world)}) == 2


async def test_attempts_that_come_together_are_counted_one_by_one_and_tell_once(
    world: World, alice: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(knock(world) for _ in range(FAILURES * 2)))
    assert {code(answer) for answer in answers} <= {WRONG, LOCKED}
    assert code(await knock(world, password=PASSWORD)) == LOCKED
    assert len(await told(world)) == 1


async def test_the_lock_ends_by_itself(world: World, alice: dict[str, Any]) -> None:
    await lock(world)
    world.clock.advance(LOCK.total_seconds() - 1)
    answer = await knock(world, password=PASSWORD)
    assert (code(answer), answer.headers["retry-after"]) == (LOCKED, "1")
    world.clock.advance(1)
    assert (await knock(world, password=PASSWORD)).status_code == 200


async def test_the_right_password_and_time_begin_the_count_anew(
    world: World, alice: dict[str, Any]
) -> None:
    for forgetting in ("success", "time"):
        for _ in range(FAILURES - 1):
            assert code(await knock(world)) == WRONG
        if forgetting == "success":
            assert (await knock(world, password=PASSWORD)).status_code == 200
        else:
            world.clock.advance(WINDOW.total_seconds())
    for _ in range(FAILURES - 1):
        assert code(await knock(world)) == WRONG
    assert (await knock(world, password=PASSWORD)).status_code == 200


@pytest.mark.check(27)
async def test_a_new_password_lifts_the_lock(world: World, alice: dict[str, Any]) -> None:
    await lock(world)
    await world.post("/v1/auth/password/forgot", {"email": ADDRESS})
    body = {"token": await last_token(world), "password": "another-horse-battery"}
    assert (await world.post("/v1/auth/password/reset", body)).status_code == 204
    assert (await knock(world, password="another-horse-battery")).status_code == 200


@pytest.mark.check(27)
async def test_an_administrator_lifts_the_lock(world: World, alice: dict[str, Any]) -> None:
    admin = await world.admin()
    await lock(world)
    answer = await world.http.patch(
        f"/v1/users/{alice['id']}", json={"is_active": True}, headers=admin.headers
    )
    assert answer.status_code == 200
    assert (await knock(world, password=PASSWORD)).status_code == 200


async def test_asking_for_another_link_is_no_way_around_it(world: World) -> None:
    await world.register("carol")
    body = {"username": "carol", "password": BAD}
    headers = {"X-Forwarded-For": HERE}
    for _ in range(FAILURES):
        answer = await world.post("/v1/auth/activation/resend", body, headers=headers)
        assert code(answer) == WRONG
    body["password"] = PASSWORD
    answer = await world.post("/v1/auth/activation/resend", body, headers=headers)
    assert code(answer) == LOCKED


async def test_a_lock_and_its_event_are_stored_together_or_not_at_all(
    world: World, alice: dict[str, Any]
) -> None:
    for _ in range(FAILURES - 1):
        await knock(world)
    async with world.database.read() as connection:
        found = await Logins(connection).find("alice", HERE)

    async def count_and_break_off() -> None:
        async with world.database.unit_of_work() as uow:
            await count_failure(uow, found.failures, Origin(HERE), world.clock.now())
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await count_and_break_off()
    assert await told(world) == []
    assert code(await knock(world)) == WRONG
    assert len(await told(world)) == 1


async def test_what_is_over_is_forgotten_and_no_name_is_kept(world: World) -> None:
    for name in range(5):
        await knock(world, f"nobody-{name}")
    async with world.database.read() as connection:
        kept = str([dict(row) for row in await connection.fetch("SELECT * FROM login_failure")])
    assert "nobody" not in kept
    assert HERE not in kept
    world.clock.advance(WINDOW.total_seconds())
    await knock(world, "nobody-5")
    assert await world.count("SELECT count(*) FROM login_failure") == 1


async def test_a_login_is_looked_up_by_indexes(world: World) -> None:
    async with world.database.unit_of_work() as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        plan = str(await uow.fetch(f"EXPLAIN {logins._FIND}", "alice", b"-" * 32))
    for index in ("username_key", "email_key", "pk_login_failure"):
        assert index in plan
    assert "Seq Scan" not in plan
