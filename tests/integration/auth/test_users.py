"""Administration of users."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.auth.world import PASSWORD, Json, Login, World, code

from contracts.auth import UserChanged
from kit.ids import new_id
from testkit.pump import sent


async def patch(world: World, user_id: str, body: Json, login: Login) -> httpx.Response:
    return await world.http.patch(f"/v1/users/{user_id}", json=body, headers=login.headers)


async def names(world: World, login: Login, **query: Any) -> list[str]:
    answer = await world.http.get("/v1/users", params=query, headers=login.headers)
    assert answer.status_code == 200, answer.text
    return [item["username"] for item in answer.json()["items"]]


async def own_id(world: World, login: Login) -> str:
    answer = await world.http.get("/v1/auth/me", headers=login.headers)
    found: str = answer.json()["id"]
    return found


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/users"), ("GET", "/v1/users/{id}"), ("PATCH", "/v1/users/{id}")],
)
async def test_administration_is_for_administrators(world: World, method: str, path: str) -> None:
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    address = path.format(id=user["id"])
    body = {"roles": ["admin"]} if method == "PATCH" else None
    nobody = await world.http.request(method, address, json=body)
    assert code(nobody) == (401, "not_authenticated")
    answer = await world.http.request(method, address, json=body, headers=login.headers)
    assert code(answer) == (403, "forbidden")
    assert (await world.http.get("/v1/auth/me", headers=login.headers)).json()["roles"] == ["user"]


async def test_users_are_listed_newest_first_in_pages(world: World) -> None:
    admin = await world.admin()
    for number in range(5):
        world.clock.advance(1)
        await world.register(f"user-{number}")
    first = await world.http.get("/v1/users", params={"limit": 4}, headers=admin.headers)
    page = first.json()
    assert [item["username"] for item in page["items"]] == [f"user-{n}" for n in (4, 3, 2, 1)]
    assert await names(world, admin, limit=4, cursor=page["next_cursor"]) == [
        "user-0",
        "root-admin",
    ]
    other_filters = await world.http.get(
        "/v1/users",
        params={"cursor": page["next_cursor"], "status": "active"},
        headers=admin.headers,
    )
    assert code(other_filters) == (400, "cursor_invalid")


async def test_several_users_come_in_one_call(world: World) -> None:
    admin = await world.admin()
    for number in range(3):
        world.clock.advance(1)
        await world.register(f"user-{number}")
    listed = await world.http.get("/v1/users", headers=admin.headers)
    newest, _, oldest, _ = [item["id"] for item in listed.json()["items"]]
    unknown = "0197a1e1-2c3d-7e4f-9051-6b7c8d9e0f10"
    assert await names(world, admin, id=f"{oldest},{newest},{unknown}") == ["user-2", "user-0"]
    assert await names(world, admin, id=f"{oldest},{newest}", search="user-2") == ["user-2"]
    for malformed in ("", "x", f"{oldest},"):
        answer = await world.http.get("/v1/users", params={"id": malformed}, headers=admin.headers)
        assert code(answer) == (422, "validation_failed")


async def test_a_list_of_equal_times_still_meets_at_its_pages(world: World) -> None:
    admin = await world.admin()
    for number in range(5):
        await world.register(f"user-{number}")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        answer = await world.http.get(
            "/v1/users", params={"limit": 2, **cursor}, headers=admin.headers
        )
        seen += [item["username"] for item in answer.json()["items"]]
        cursor = {"cursor": answer.json()["next_cursor"]}
    assert sorted(seen) == ["root-admin", *(f"user-{n}" for n in range(5))]


@pytest.mark.check(39)
async def test_search_is_literal_and_folds_case(world: World) -> None:
    admin = await world.admin()
    await world.register("alice", email="liddell@example.com", full_name="Алиса Лидделл")
    await world.register("per%cent_")
    assert await names(world, admin, search="LIC") == ["alice"]
    assert await names(world, admin, search="liddell@") == ["alice"]
    assert await names(world, admin, search="аЛИСА") == ["alice"]
    assert await names(world, admin, search="%") == ["per%cent_"]
    assert await names(world, admin, search="_") == ["per%cent_"]
    assert await names(world, admin, search="'; DROP TABLE user_account --") == []
    assert await names(world, admin, search="alice\nliddell") in ([], ["alice"])


async def test_users_are_narrowed_by_when_they_registered(world: World) -> None:
    await world.arrive("alice")
    world.clock.advance(60)
    later = world.clock.now().isoformat()
    await world.arrive("bobby")
    admin = await world.admin()
    assert await names(world, admin, to=later) == ["alice"]
    assert "alice" not in await names(world, admin, **{"from": later})
    assert "bobby" in await names(world, admin, **{"from": later})


async def test_users_are_filtered_by_status_and_the_deleted_are_left_out(world: World) -> None:
    admin = await world.admin()
    await world.register("pending-one")
    gone = await world.arrive("gone-one")
    login = await world.log_in("gone-one")
    await world.http.delete("/v1/auth/me", headers=login.headers)
    assert await names(world, admin, status="pending") == ["pending-one"]
    assert await names(world, admin, status="active") == ["root-admin"]
    assert await names(world, admin, status="deleted") == [None]
    assert await names(world, admin) == ["pending-one", "root-admin"]
    wrong = await world.http.get("/v1/users", params={"status": "x"}, headers=admin.headers)
    assert code(wrong) == (422, "validation_failed")
    seen = await world.http.get(f"/v1/users/{gone['id']}", headers=admin.headers)
    assert seen.status_code == 200


@pytest.mark.check(8)
async def test_disabling_ends_everything_within_a_second(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    answer = await patch(world, user["id"], {"is_active": False}, admin)
    assert (answer.json()["status"], answer.json()["is_active"]) == ("disabled", False)
    await world.dies(login)
    assert code(await world.refresh(login.refresh_token)) == (401, "refresh_token_invalid")
    refused = await world.post("/v1/auth/login", {"username": "alice", "password": PASSWORD})
    assert code(refused) == (403, "user_disabled")


async def test_enabling_opens_the_door_but_revives_no_session(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    await patch(world, user["id"], {"is_active": False}, admin)
    await patch(world, user["id"], {"is_active": True}, admin)
    assert await world.status_with(login) == 401
    assert code(await world.refresh(login.refresh_token)) == (401, "refresh_token_invalid")
    assert await world.status_with(await world.log_in("alice")) == 200


async def test_an_admin_activates_a_pending_user_and_the_link_is_then_harmless(
    world: World,
) -> None:
    admin = await world.admin()
    registered = await world.register("alice")
    answer = await patch(world, registered["user"]["id"], {"is_active": True}, admin)
    assert answer.json()["status"] == "active"
    token = registered["activation"]["token"]
    used = await world.post("/v1/auth/activate", {"token": token})
    assert used.status_code == 200
    assert used.json()["user"] == answer.json()


async def test_the_link_of_a_disabled_user_activates_nobody(world: World) -> None:
    admin = await world.admin()
    registered = await world.register("alice")
    await patch(world, registered["user"]["id"], {"is_active": False}, admin)
    token = registered["activation"]["token"]
    used = await world.post("/v1/auth/activate", {"token": token})
    assert code(used) == (403, "user_disabled")


@pytest.mark.check(8)
async def test_a_role_taken_away_kills_the_old_access_token(world: World) -> None:
    admin = await world.admin()
    second = await world.admin("second-admin")
    answer = await patch(world, await own_id(world, second), {"roles": ["user"]}, admin)
    assert answer.json()["roles"] == ["user"]
    await world.dies(second)
    renewed = await world.refresh(second.refresh_token)
    claims = await world.tokens.verify(renewed.json()["access_token"])
    assert claims.roles == {"user"}


@pytest.mark.check(9)
@pytest.mark.parametrize("body", [{"is_active": False}, {"roles": ["user"]}, {"roles": []}])
async def test_the_last_admin_stays(world: World, body: Json) -> None:
    admin = await world.admin()
    answer = await patch(world, await own_id(world, admin), body, admin)
    assert code(answer) == (409, "last_admin")
    deleted = await world.http.delete("/v1/auth/me", headers=admin.headers)
    assert code(deleted) == (409, "last_admin")
    assert await names(world, admin) == ["root-admin"]


@pytest.mark.check(9)
async def test_two_admins_who_demote_each_other_at_once_leave_one(world: World) -> None:
    for turn in range(5):
        one, other = [await world.admin(f"admin-{turn}-{n}") for n in range(2)]
        ids = [await own_id(world, login) for login in (one, other)]
        await world.database_keeps_only(ids)
        answers = await asyncio.gather(
            patch(world, ids[1], {"roles": ["user"]}, one),
            patch(world, ids[0], {"is_active": False}, other),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        left = "SELECT count(*) FROM user_account WHERE status = 'active' AND 'admin' = ANY(roles)"
        assert await world.count(left) == 1


async def test_a_change_is_told_once_with_roles_and_no_change_is_not(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    await patch(world, user["id"], {"roles": ["admin"]}, admin)
    await patch(world, user["id"], {"roles": ["user", "admin"], "is_active": True}, admin)
    told = [e for e in await sent(world.database, UserChanged) if e.subject == user["id"]]
    assert [envelope.sequence for envelope in told] == [2, 3]
    assert isinstance(told[-1].message, UserChanged)
    assert told[-1].message.roles == ("admin", "user")


@pytest.mark.check(6)
@pytest.mark.parametrize(
    "body",
    [
        {"roles": ["root"]},
        {"roles": ["service"]},
        {"roles": "admin"},
        {"is_active": "no"},
        {"is_active": 0},
        {"username": "other"},
        {"password": "some password"},
        {"status": "active"},
    ],
)
async def test_nothing_else_about_a_user_can_be_changed(world: World, body: Json) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    answer = await patch(world, user["id"], body, admin)
    assert code(answer) == (422, "validation_failed")
    seen = await world.http.get(f"/v1/users/{user['id']}", headers=admin.headers)
    assert seen.json() == user


async def test_a_user_who_is_not_there_is_not_found(world: World) -> None:
    admin = await world.admin()
    for user_id in (str(new_id()), "1", "not-an-id"):
        assert code(await patch(world, user_id, {"is_active": True}, admin)) == (404, "not_found")
        seen = await world.http.get(f"/v1/users/{user_id}", headers=admin.headers)
        assert code(seen) == (404, "not_found")


async def test_a_deleted_user_stays_deleted(world: World) -> None:
    admin = await world.admin()
    user = await world.arrive("alice")
    login = await world.log_in("alice")
    await world.http.delete("/v1/auth/me", headers=login.headers)
    answer = await patch(world, user["id"], {"is_active": True}, admin)
    assert code(answer) == (404, "not_found")


async def service_headers(world: World) -> dict[str, str]:
    token = world.wiring.signer.for_service(
        "svc:payments", world.wiring.settings.access_token_lifetime, world.clock.now()
    )
    return {"Authorization": f"Bearer {token}"}


async def test_a_service_finds_a_user_by_name_and_by_id(world: World) -> None:
    user = await world.arrive("Alice", email="alice@example.com")
    headers = await service_headers(world)
    for query in ({"username": "aLICE"}, {"id": user["id"]}):
        answer = await world.http.get("/internal/users", params=query, headers=headers)
        assert answer.json() == {
            "user_id": user["id"],
            "number": user["number"],
            "username": "Alice",
            "status": "active",
        }


async def test_a_service_is_told_of_nobody_by_address_and_of_no_stranger(world: World) -> None:
    await world.arrive("alice", email="alice@example.com")
    headers = await service_headers(world)
    for query in ({"username": "alice@example.com"}, {"username": "x"}, {"id": str(new_id())}):
        answer = await world.http.get("/internal/users", params=query, headers=headers)
        assert code(answer) == (404, "not_found")


async def test_a_service_asks_for_exactly_one(world: World) -> None:
    headers = await service_headers(world)
    for query in ({}, {"username": "alice", "id": str(new_id())}):
        answer = await world.http.get("/internal/users", params=query, headers=headers)
        assert code(answer) == (422, "validation_failed")


async def test_a_service_is_told_how_people_are_reached(world: World) -> None:
    headers = await service_headers(world)
    alice = await world.arrive("alice", email="Alice@Example.com")
    bob = (await world.register("bobby"))["user"]
    gone = await world.arrive("carol", email="carol@example.com")
    leaving = await world.log_in("carol")
    assert (await world.http.delete("/v1/auth/me", headers=leaving.headers)).status_code == 204
    ids = [alice["id"], bob["id"], gone["id"], str(new_id())]
    query = {"id": ",".join(ids)}
    answer = await world.http.get("/internal/contacts", params=query, headers=headers)
    en = {"language": "en", "pending_email": None}
    assert sorted(answer.json()["items"], key=lambda one: one["username"]) == [
        {"user_id": alice["id"], "email": "Alice@Example.com", "username": "alice", **en},
        {"user_id": bob["id"], "email": None, "username": "bobby", **en},
    ]


@pytest.mark.parametrize("ids", ["", "x", ",", ",".join(str(new_id()) for _ in range(101))])
async def test_a_service_asks_for_one_to_a_hundred_people(world: World, ids: str) -> None:
    headers = await service_headers(world)
    answer = await world.http.get("/internal/contacts", params={"id": ids}, headers=headers)
    assert code(answer) == (422, "validation_failed")
