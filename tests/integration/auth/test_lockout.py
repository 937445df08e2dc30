"""Wrong passwords make others wait: by name and place, by name, by place, and altogether."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.auth.mailed import last_token
from tests.integration.auth.world import PASSWORD, World, code

from auth.domain.audit import Origin
from auth.domain.lockout import FAILURES, LOCK, PLACE_KEPT, LockoutRules, counts_of
from auth.loops import purge
from auth.repository import Logins, logins
from auth.service.sessions import count_failure
from auth.settings import Settings
from contracts.auth import UserLocked
from testkit.databases import Cluster
from testkit.pump import sent

BAD = "wrong password"
HERE, THERE = "198.51.100.7", "203.0.113.9"
ADDRESS = "alice@example.com"
LOCKED = (429, "login_locked")
MANY = """WITH many AS (SELECT number FROM generate_series(1, 2000) AS number),
    places AS (INSERT INTO known_place (user_id, key, last_at)
        SELECT gen_random_uuid(), sha256(int4send(number)), now() FROM many)
    INSERT INTO login_failure (key, scope, count, ends_at)
    SELECT sha256(int4send(number)), 'name', 1, now() + interval '1 day' FROM many"""
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
    assert set(event.__struct_fields__) == {"lock_id", "user_id", "until"}
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
            world.clock.advance(LOCK.total_seconds())
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
        found = await Logins(connection).find("alice", HERE, world.clock.now(), LockoutRules())

    async def count_and_break_off() -> None:
        async with world.database.unit_of_work() as uow:
            await count_failure(uow, found.failures, Origin(HERE), world.clock.now())
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await count_and_break_off()
    assert await told(world) == []
    assert code(await knock(world)) == WRONG
    assert len(await told(world)) == 1


def addresses(count: int) -> list[str]:
    """Return so many addresses of as many networks."""
    return [f"198.18.{number // 250}.{number % 250 + 1}" for number in range(count)]


async def attack(world: World, name: str, count: int) -> list[tuple[int, str]]:
    """Try a wrong password from each of so many addresses, one in each second."""
    answers = []
    for address in addresses(count):
        answers.append(code(await knock(world, name, address=address)))
        world.clock.advance(1)
    return answers


async def test_a_thousand_addresses_get_nowhere_with_one_name_and_do_not_lock_its_owner_out(
    world: World, alice: dict[str, Any]
) -> None:
    assert (await knock(world, password=PASSWORD)).status_code == 200
    within = int(LOCK.total_seconds())
    answers = await attack(world, "alice", within)
    assert answers.count(WRONG) <= 30
    assert answers.count(WRONG) + answers.count(LOCKED) == within
    # The right password is answered like a wrong one, except where its owner has been before.
    assert code(await knock(world, password=PASSWORD, address=THERE)) == LOCKED
    assert (await knock(world, password=PASSWORD)).status_code == 200
    # A new place waits no longer than the longest wait.
    world.clock.advance(LOCK.total_seconds())
    assert (await knock(world, password=PASSWORD, address=THERE)).status_code == 200


async def test_many_attempts_at_once_are_answered_like_as_many_in_turn(
    world: World, alice: dict[str, Any]
) -> None:
    attempts = (knock(world, address=address) for address in addresses(120))
    answers = [code(answer) for answer in await asyncio.gather(*attempts)]
    assert set(answers) == {WRONG, LOCKED}
    # As many as are free, and those that were being counted meanwhile.
    assert answers.count(WRONG) <= 30


async def test_names_that_nobody_has_wait_as_long_from_everywhere(
    world: World, alice: dict[str, Any]
) -> None:
    waits = []
    for name in ("alice", "nobody"):
        await attack(world, name, 60)
        refused = await knock(world, name, PASSWORD, THERE)
        waits.append((code(refused), refused.headers["retry-after"]))
    assert waits[0] == waits[1]


async def test_the_owner_is_told_once_of_an_attack_from_many_places(
    world: World, alice: dict[str, Any]
) -> None:
    await attack(world, "alice", 200)
    [event] = await told(world)
    assert event.user_id == UUID(alice["id"])


async def test_a_new_password_is_possible_under_attack_and_its_place_is_known(
    world: World, alice: dict[str, Any]
) -> None:
    assert (await knock(world, password=PASSWORD)).status_code == 200
    await attack(world, "alice", 60)
    await world.post("/v1/auth/password/forgot", {"email": ADDRESS})
    new = "another-horse-battery"
    body = {"token": await last_token(world), "password": new}
    from_there = {"X-Forwarded-For": THERE}
    answer = await world.post("/v1/auth/password/reset", body, headers=from_there)
    assert answer.status_code == 204
    await attack(world, "alice", 60)
    assert (await knock(world, password=new, address=THERE)).status_code == 200
    # Where the owner was before the reset may be where the thief is.
    assert code(await knock(world, password=new)) == LOCKED


async def test_one_address_with_many_names_waits_longer_and_longer_and_others_do_not(
    world: World, alice: dict[str, Any]
) -> None:
    await world.arrive("bobby")
    assert (await knock(world, "bobby", PASSWORD)).status_code == 200
    free = LockoutRules().of_place
    for number in range(free):
        assert code(await knock(world, f"name-{number}")) == WRONG
    waits = []
    for _ in range(3):
        waits.append((await knock(world, "alice", PASSWORD)).headers["retry-after"])
        world.clock.advance(int(waits[-1]))
        assert code(await knock(world, "nobody")) == WRONG
    assert waits == ["1", "2", "4"]
    assert (await knock(world, "alice", PASSWORD, THERE)).status_code == 200
    assert (await knock(world, "bobby", PASSWORD)).status_code == 200


async def test_ipv6_addresses_of_one_network_are_one_place(
    world: World, alice: dict[str, Any]
) -> None:
    for number in range(FAILURES):
        assert code(await knock(world, address=f"2001:db8:1:2::{number:x}")) == WRONG
    assert code(await knock(world, address="2001:db8:1:2:ffff::1")) == LOCKED
    assert code(await knock(world, address="2001:db8:1:3::1")) == WRONG


async def test_what_is_over_is_forgotten_and_no_name_is_kept(world: World) -> None:
    for name in range(5):
        await knock(world, f"nobody-{name}")
    async with world.database.read() as connection:
        kept = str([dict(row) for row in await connection.fetch("SELECT * FROM login_failure")])
    assert "nobody" not in kept
    assert HERE not in kept
    for over, left in ((LOCK, 6), (timedelta(hours=1), 5), (timedelta(days=1), 0)):
        world.clock.advance(over.total_seconds())
        await purge.purge_once(world.database)
        assert await world.count("SELECT count(*) FROM login_failure") == left


class TestEverybody:
    """Failures in the whole system, within a minute."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"ENVIRONMENT": "test", "failures_per_minute": 10})

    @pytest.mark.usefixtures("alice")
    async def test_unknown_places_wait_for_the_next_minute_and_known_ones_do_not(
        self, world: World
    ) -> None:
        assert (await knock(world, password=PASSWORD)).status_code == 200
        for number, address in enumerate(addresses(10)):
            assert code(await knock(world, f"name-{number}", address=address)) == WRONG
        refused = await knock(world, password=PASSWORD, address=THERE)
        assert (code(refused), refused.headers["retry-after"]) == (LOCKED, "60")
        assert (await knock(world, password=PASSWORD)).status_code == 200
        world.clock.advance(60)
        assert (await knock(world, password=PASSWORD, address=THERE)).status_code == 200


async def test_a_login_is_looked_up_by_indexes(world: World, cluster: Cluster) -> None:
    now = world.clock.now()
    keys = [one.key for one in counts_of("alice", HERE, now, LockoutRules())]
    async with world.database.unit_of_work() as uow:
        await uow.execute(MANY)  # of a few rows any index is as good
    await cluster.as_superuser("ANALYZE auth.login_failure, auth.known_place")
    async with world.database.unit_of_work() as uow:
        await uow.execute("SET LOCAL enable_seqscan = off")
        asked = ("alice", keys[0], now - PLACE_KEPT, keys, now)
        plan = str(await uow.fetch(f"EXPLAIN {logins._FIND}", *asked))
    for index in ("username_key", "email_key", "pk_login_failure", "pk_known_place"):
        assert index in plan
    assert "Seq Scan" not in plan
