"""What happens to a user's security is kept, for administrators and for the user themselves."""

from typing import Any

import pytest
from tests.integration.auth.mailed import last_token
from tests.integration.auth.world import PASSWORD, Json, Login, World, code, login_of

from auth.domain.audit import Kind
from auth.domain.lockout import LockoutRules, LockoutScope

FAILURES = LockoutRules().backoff(LockoutScope.LOGIN).free
ELSEWHERE = "203.0.113.7"


async def events(world: World, login: Login, **query: Any) -> list[Json]:
    """Return one's own events, oldest first."""
    answer = await world.http.get("/v1/auth/events", params=query, headers=login.headers)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items[::-1]


async def log_of(world: World, admin: Login, **query: Any) -> list[Json]:
    answer = await world.http.get("/v1/auth/audit", params=query, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def fail(world: World, name: str, address: str = ELSEWHERE) -> None:
    body = {"username": name, "password": "wrong password"}
    await world.post("/v1/auth/login", body, headers={"X-Forwarded-For": address})


async def test_the_story_of_a_user_is_kept_in_order(world: World) -> None:
    await world.arrive("alice", email="alice@example.com")
    await fail(world, "alice")
    login = await world.log_in("alice")
    other = await world.log_in("alice")
    world.clock.advance(3600)
    refreshed = login_of(await world.refresh(login.refresh_token))
    listed = await world.http.get("/v1/auth/sessions", headers=refreshed.headers)
    (second,) = [one["id"] for one in listed.json()["items"] if not one["is_current"]]
    await world.http.delete(f"/v1/auth/sessions/{second}", headers=refreshed.headers)
    await world.post("/v1/auth/logout", {"scope": "others"}, headers=refreshed.headers)
    await world.post("/v1/auth/password/forgot", {"email": "alice@example.com"})
    token = await last_token(world)
    await world.post("/v1/auth/password/reset", {"token": token, "password": PASSWORD + "2"})
    again = await world.log_in("alice", PASSWORD + "2")
    assert [(one["kind"], one["by"]) for one in await events(world, again)] == [
        ("registered", "user"),
        ("activated", "user"),
        ("login_failed", "unknown"),
        ("login_ok", "user"),
        ("login_ok", "user"),
        ("refresh", "user"),
        ("session_revoked", "user"),
        ("logout", "user"),
        ("password_reset", "user"),
        ("login_ok", "user"),
    ]
    assert other.access_token


async def test_an_event_says_where_from_and_by_what_and_nothing_secret(world: World) -> None:
    user = await world.arrive("alice")
    await fail(world, "alice")
    login = await world.log_in("alice")
    registered, _, failed, logged_in = await events(world, login)
    assert failed["address"] == ELSEWHERE
    assert (failed["subject_kind"], failed["subject_id"]) == ("user", user["id"])
    assert (logged_in["device"], logged_in["details"]) == ("python-httpx", {"amr": "pwd"})
    assert logged_in["subject_kind"] == "session"
    assert set(registered) == {
        *("id", "at", "kind", "by", "subject_kind", "subject_id", "device", "address", "details"),
    }


async def test_what_an_administrator_did_is_told_without_who_it_was(world: World) -> None:
    user = await world.arrive("alice")
    admin = await world.admin()
    path = f"/v1/users/{user['id']}"
    for change in ({"is_active": False}, {"is_active": True}, {"roles": ["user", "admin"]}):
        await world.http.patch(path, json=change, headers=admin.headers)
    alice = await world.log_in("alice")
    theirs = [one for one in await events(world, alice) if one["by"] == "administrator"]
    assert [one["kind"] for one in theirs] == ["user_disabled", "user_enabled", "roles_changed"]
    assert theirs[2]["details"] == {"roles": "admin user"}
    assert {(one["address"], one["device"]) for one in theirs} == {(None, None)}
    (kept,) = await log_of(world, admin, action="roles_changed", owner_id=user["id"])
    (me,) = await log_of(world, admin, action="login_ok", owner_id=kept["actor_id"])
    assert (me["owner_id"], kept["address"]) == (kept["actor_id"], "127.0.0.1")


@pytest.mark.check(27)
async def test_an_unknown_name_fails_and_locks_in_the_log_and_is_not_in_it(world: World) -> None:
    admin = await world.admin()
    for _ in range(FAILURES):
        await fail(world, "nobody-here")
    failed = await log_of(world, admin, action="login_failed", address=ELSEWHERE)
    assert len(failed) == FAILURES
    assert {(one["actor_id"], one["owner_id"], one["subject_id"]) for one in failed} == {
        (None, None, None)
    }
    (locked,) = await log_of(world, admin, action="login_locked")
    assert locked["address"] == ELSEWHERE
    assert "nobody-here" not in str([failed, locked])
    assert await log_of(world, admin, address="198.51.100.1") == []


async def test_refreshes_are_kept_once_an_hour_and_for_each_new_address(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    for seconds, address in (
        (60, None),
        (60, None),
        (3600, None),
        (60, ELSEWHERE),
        (60, ELSEWHERE),
    ):
        world.clock.advance(seconds)
        headers = {} if address is None else {"X-Forwarded-For": address}
        answer = await world.post(
            "/v1/auth/refresh", {"refresh_token": login.refresh_token}, headers=headers
        )
        login = login_of(answer)
    found = await events(world, login, kind="refresh")
    assert [one["address"] for one in found] == ["127.0.0.1", ELSEWHERE]
    (session,) = (await world.http.get("/v1/auth/sessions", headers=login.headers)).json()["items"]
    assert session["address"] == ELSEWHERE


@pytest.mark.check(19)
async def test_a_copied_refresh_token_is_told_to_its_user(world: World) -> None:
    await world.arrive("alice")
    copied = await world.log_in("alice")
    login = login_of(await world.refresh(copied.refresh_token))
    await world.refresh(login.refresh_token)
    world.clock.advance(60)
    assert code(await world.refresh(copied.refresh_token)) == (401, "refresh_token_invalid")
    again = await world.log_in("alice")
    (reused,) = await events(world, again, kind="refresh_reused")
    assert (reused["by"], reused["subject_kind"]) == ("unknown", "session")


async def test_events_are_ones_own_and_narrowed_by_kind_and_time_and_paged(world: World) -> None:
    await world.arrive("alice")
    await world.arrive("bobby")
    await world.log_in("bobby")
    world.clock.advance(60)
    later = world.clock.now().isoformat()
    login = await world.log_in("alice")
    assert [one["kind"] for one in await events(world, login)] == [
        *("registered", "activated", "login_ok")
    ]
    assert [one["kind"] for one in await events(world, login, **{"from": later})] == ["login_ok"]
    assert [one["kind"] for one in await events(world, login, kind="activated")] == ["activated"]
    first = await world.http.get("/v1/auth/events", params={"limit": 2}, headers=login.headers)
    query = {"limit": 2, "cursor": first.json()["next_cursor"]}
    rest = await world.http.get("/v1/auth/events", params=query, headers=login.headers)
    assert [one["kind"] for one in rest.json()["items"]] == ["registered"]
    refused = await world.http.get(
        "/v1/auth/events", params={"kind": "get_user"}, headers=login.headers
    )
    assert code(refused) == (422, "validation_failed")


async def test_who_is_deleted_leaves_no_address_in_the_log(world: World) -> None:
    user = await world.arrive("alice")
    await fail(world, "alice")
    login = await world.log_in("alice")
    admin = await world.admin()
    path = f"/v1/users/{user['id']}"
    await world.http.patch(path, json={"roles": ["user", "admin"]}, headers=admin.headers)
    login = await world.log_in("alice")
    gone = await world.http.request(
        "DELETE", "/v1/auth/me", json={"password": PASSWORD}, headers=login.headers
    )
    assert gone.status_code == 204, gone.text
    left = await log_of(world, admin, owner_id=user["id"])
    assert {one["action"] for one in left} >= {"registered", "login_ok", "login_failed"}
    places = {(one["actor_id"] == user["id"], one["address"]) for one in left}
    assert places >= {(True, None), (False, None), (False, "127.0.0.1")}
    assert (True, "127.0.0.1") not in places
    assert (False, ELSEWHERE) not in places


@pytest.mark.parametrize("kind", [Kind.REGISTERED, Kind.ROLES_CHANGED])
async def test_what_the_command_line_did_is_kept(world: World, kind: Kind) -> None:
    await world.arrive("alice")
    admin = await world.admin("alice" if kind is Kind.ROLES_CHANGED else "root-admin")
    (kept,) = await events(world, admin, kind=kind)
    assert kept["address"] == "command line"
