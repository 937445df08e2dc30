"""Two who want one name at the same moment: one has it, whoever asked first."""

import asyncio
from dataclasses import replace
from uuid import UUID

import httpx
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.world import World, code

from auth.repository import Users
from testkit.conditions import until

NAME = "wanted-by-two"


async def is_waiting_for_a_lock(world: World) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return await world.count(f"{waiting} AND datname = current_database()") > 0


async def hold(world: World, user_id: UUID, is_held: asyncio.Event) -> None:
    """Give somebody the name, and commit once another waits for that."""
    async with world.database.unit_of_work() as uow:
        user = await Users(uow).lock(user_id)
        await Users(uow).save(replace(user, username=NAME), world.clock.now())
        is_held.set()
        await until(lambda: is_waiting_for_a_lock(world))


async def test_a_name_that_another_takes_between_look_and_change_is_taken(world: World) -> None:
    bob_id = UUID((await world.arrive("bob"))["id"])
    await world.arrive("alice")
    alice = await world.log_in("alice")

    is_held = asyncio.Event()

    async def change() -> httpx.Response:
        await is_held.wait()
        return await world.http.patch("/v1/auth/me", json={"username": NAME}, headers=alice.headers)

    async with asyncio.TaskGroup() as group:
        changing = group.create_task(change())  # it sees the name free, and waits for ours
        await hold(world, bob_id, is_held)
    assert code(changing.result()) == (409, "username_taken")
    assert (await world.http.get("/v1/auth/me", headers=alice.headers)).json()["username"] == (
        "alice"
    )


async def test_a_password_changed_during_a_login_ends_it_before_the_second_factor(
    world: World,
) -> None:
    alice = await Guarded.arrive(world)
    old = await world.credentials("alice")
    async with asyncio.TaskGroup() as group, world.database.unit_of_work() as uow:
        await Users(uow).change_password(
            old.user.id, old.password_hash, "another", world.clock.now()
        )
        login = group.create_task(alice.try_password())  # right still, as nothing is committed
        await until(lambda: is_waiting_for_a_lock(world))
    assert code(login.result()) == (401, "invalid_credentials")
    assert await world.count("SELECT count(*) FROM challenge") == 0


async def test_of_many_who_change_to_one_name_at_once_one_has_it(world: World) -> None:
    people = ["ann", "ben", "cat", "dan", "eve"]
    for name in people:
        await world.arrive(name)
    logins = [await world.log_in(name) for name in people]
    answers = await asyncio.gather(
        *(
            world.http.patch("/v1/auth/me", json={"username": NAME}, headers=login.headers)
            for login in logins
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert {code(answer) for answer in refused} == {(409, "username_taken")}
    named = "SELECT count(*) FROM user_account WHERE username = $1"
    assert await world.count(named, NAME) == 1
