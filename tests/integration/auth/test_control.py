"""What an administrator does about a user's logins: unlock, log out, find."""

from typing import Any

import pytest
from tests.integration.auth.world import Json, Login, World, code

from auth.domain.lockout import LockoutRules, LockoutScope
from kit.ids import new_id

FAILURES = LockoutRules().backoff(LockoutScope.LOGIN).free


async def lock(world: World, name: str = "alice") -> None:
    for _ in range(FAILURES):
        await world.post("/v1/auth/login", {"username": name, "password": "wrong password"})
    answer = await world.post("/v1/auth/login", {"username": name, "password": "wrong password"})
    assert code(answer) == (429, "login_locked")


async def post(world: World, admin: Login, user: Json, verb: str) -> Any:
    return await world.post(f"/v1/users/{user['id']}/{verb}", headers=admin.headers)


async def names(world: World, admin: Login, **query: Any) -> list[str]:
    answer = await world.http.get("/v1/users", params=query, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return sorted(item["username"] for item in answer.json()["items"])


async def events(world: World, login: Login) -> list[tuple[str, str]]:
    answer = await world.http.get("/v1/auth/events", headers=login.headers)
    return [(one["kind"], one["by"]) for one in answer.json()["items"]]


async def test_who_is_unlocked_logs_in_at_once(world: World) -> None:
    alice, admin = await world.arrive("alice"), await world.admin()
    await lock(world)
    answer = await post(world, admin, alice, "unlock")
    assert (answer.status_code, answer.content) == (204, b"")
    login = await world.log_in("alice")
    assert ("user_unlocked", "administrator") in await events(world, login)
    query = {"action": "unlock_user"}
    log = await world.http.get("/v1/auth/audit", params=query, headers=admin.headers)
    (act,) = log.json()["items"]
    assert act["subject_id"] == alice["id"]


async def test_who_is_logged_out_is_so_everywhere_and_may_log_in_again(world: World) -> None:
    alice, admin = await world.arrive("alice"), await world.admin()
    first, second = await world.log_in("alice"), await world.log_in("alice")
    assert (await post(world, admin, alice, "logout")).status_code == 204
    for login in (first, second):
        await world.dies(login)
        assert code(await world.refresh(login.refresh_token)) == (401, "refresh_token_invalid")
    again = await world.log_in("alice")
    assert await world.status_with(again) == 200
    assert (await events(world, again))[1] == ("session_revoked", "administrator")
    assert await world.status_with(admin) == 200


@pytest.mark.parametrize("verb", ["unlock", "logout"])
async def test_it_is_for_administrators_and_about_somebody_who_is_there(
    world: World, verb: str
) -> None:
    alice, admin = await world.arrive("alice"), await world.admin()
    login = await world.log_in("alice")
    assert code(await post(world, login, alice, verb)) == (403, "forbidden")
    assert code(await post(world, admin, {"id": new_id()}, verb)) == (404, "not_found")
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE user_account SET status = 'deleted', username = NULL, username_key = NULL,"
            " password_hash = NULL WHERE id::text = $1",
            alice["id"],
        )
    assert code(await post(world, admin, alice, verb)) == (404, "not_found")


async def test_users_are_found_by_role_and_by_lock(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    admin = await world.admin()
    await lock(world)
    assert await names(world, admin, role="admin") == ["root-admin"]
    assert await names(world, admin, role="user") == ["alice", "bobby", "root-admin"]
    assert await names(world, admin, is_locked=True) == ["alice"]
    assert await names(world, admin, is_locked=False) == ["bobby", "root-admin"]
    assert await names(world, admin, role="admin", is_locked=True) == []
    world.clock.advance(15 * 60)
    assert await names(world, await world.log_in("root-admin"), is_locked=True) == []
