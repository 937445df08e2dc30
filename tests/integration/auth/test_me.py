"""What callers see and change about themselves."""

from dataclasses import replace
from typing import Any

import pytest
from tests.integration.auth.world import HERE, PASSWORD, Json, Login, World, code

from auth.service.sessions import open_session
from contracts.auth import UserChanged
from kit.ids import new_id
from testkit.pump import sent


async def change(world: World, login: Login, body: Json) -> Any:
    return await world.http.patch("/v1/auth/me", json=body, headers=login.headers)


async def test_me_is_the_user_as_registered(world: World) -> None:
    user = await world.arrive("alice", email="alice@example.com", full_name="Alice")
    login = await world.log_in("alice")
    answer = await world.http.get("/v1/auth/me", headers=login.headers)
    assert answer.json() == {**user, "pending_email": None}
    assert answer.headers["cache-control"] == "no-store"


async def test_nobody_is_not_authenticated(world: World) -> None:
    answer = await world.http.get("/v1/auth/me")
    assert code(answer) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_names_can_be_changed_and_what_is_left_out_stays(world: World) -> None:
    await world.arrive("alice", full_name="Alice")
    login = await world.log_in("alice")
    renamed = await change(world, login, {"username": "Alison"})
    assert renamed.status_code == 200, renamed.text
    assert (renamed.json()["username"], renamed.json()["full_name"]) == ("Alison", "Alice")
    cleared = await change(world, login, {"full_name": None})
    assert (cleared.json()["username"], cleared.json()["full_name"]) == ("Alison", None)
    same = await change(world, login, {})
    assert same.json() == cleared.json()
    told = [envelope.sequence for envelope in await sent(world.database, UserChanged)]
    assert told == [2, 3, 4]
    assert await world.status_with(await world.log_in("ALISON")) == 200
    old = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(old) == (401, "invalid_credentials")


async def test_the_case_of_ones_own_username_can_be_changed(world: World) -> None:
    await world.arrive("alice")
    answer = await change(world, await world.log_in("alice"), {"username": "ALICE"})
    assert answer.json()["username"] == "ALICE"


async def test_a_username_of_somebody_else_is_taken_in_any_case(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    answer = await change(world, await world.log_in("bobby"), {"username": "ALICE"})
    assert code(answer) == (409, "username_taken")


@pytest.mark.check(6)
@pytest.mark.parametrize(
    ("body", "pointer", "fault"),
    [
        ({"username": None}, "/username", "username_needed"),
        ({"username": "a@b"}, "/username", "username_invalid"),
        ({"email": "new@example.com"}, "/email", "unknown_field"),
        ({"roles": ["admin"]}, "/roles", "unknown_field"),
        ({"status": "active"}, "/status", "unknown_field"),
        ({"is_active": True}, "/is_active", "unknown_field"),
        ({"number": 1}, "/number", "unknown_field"),
        ({"password": "new password"}, "/password", "unknown_field"),
    ],
)
async def test_nothing_else_about_oneself_can_be_changed(
    world: World, body: Json, pointer: str, fault: str
) -> None:
    before = await world.arrive("alice")
    login = await world.log_in("alice")
    answer = await change(world, login, body)
    assert code(answer) == (422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, fault)]
    answer = await world.http.get("/v1/auth/me", headers=login.headers)
    assert answer.json() == {**before, "pending_email": None}


async def test_deleting_oneself_forgets_the_person_and_ends_every_session(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice", email="alice@example.com", full_name="Alice")
    here, there = await world.log_in("alice"), await world.log_in("alice")
    answer = await world.http.delete("/v1/auth/me", headers=here.headers)
    assert answer.status_code == 204
    await world.dies(here)
    await world.dies(there)
    assert code(await world.refresh(there.refresh_token)) == (401, "refresh_token_invalid")
    login = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(login) == (401, "invalid_credentials")
    seen = await world.http.get(f"/v1/users/{user['id']}", headers=admin.headers)
    assert (seen.json()["status"], seen.json()["number"]) == ("deleted", user["number"])
    assert [seen.json()[name] for name in ("username", "email", "full_name")] == [None] * 3
    told = (await sent(world.database, UserChanged))[-1]
    assert isinstance(told.message, UserChanged)
    assert (told.message.status, told.message.username) == ("deleted", None)
    assert told.message.has_email is False
    traces = await world.count(
        """SELECT count(*) FROM user_account u WHERE u.status = 'deleted'
        AND (u::text ~* 'alice' OR u.password_hash IS NOT NULL)"""
    )
    assert traces == 0


async def test_a_token_of_somebody_who_is_not_there_finds_nobody(world: World) -> None:
    await world.arrive("alice")
    credentials = await world.credentials("alice")
    stranger = replace(credentials.user, id=new_id())
    async with world.database.unit_of_work() as uow:
        session, _ = await open_session(
            uow,
            credentials,
            origin=HERE,
            rules=world.wiring.settings.session_rules,
            now=world.clock.now(),
        )
    token = world.wiring.signer.for_user(stranger, session, world.clock.now())
    login = Login(token, "")
    for method in ("GET", "PATCH", "DELETE"):
        body: Json | None = {} if method == "PATCH" else None
        answer = await world.http.request(method, "/v1/auth/me", json=body, headers=login.headers)
        assert code(answer) == (404, "not_found")
