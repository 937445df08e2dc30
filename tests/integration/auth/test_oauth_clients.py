"""Administrators register OAuth clients, change them, and take them away."""

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.auth.front_end import CLIENTS, HOME, FrontEnd, registered
from tests.integration.auth.world import PASSWORD, Login, World, code, login_of

from kit.ids import new_id

BODY = {"name": "Ledger for Shops", "redirect_uris": [HOME]}


@pytest.fixture
async def admin(world: World) -> Login:
    return await world.admin()


async def logged_in(world: World, front_end: FrontEnd) -> Login:
    granted = await front_end.logged_in("alice", PASSWORD)
    return login_of(await front_end.exchange(granted))


async def test_a_client_is_registered_and_its_secret_shown_once(world: World, admin: Login) -> None:
    made = await world.post(CLIENTS, BODY, headers=admin.headers)
    assert made.status_code == 201, made.text
    shown = made.json()
    secret = shown.pop("client_secret")
    assert secret.startswith("cs_")
    assert len(secret) == 46
    path = f"{CLIENTS}/{shown['client_id']}"
    found = await world.http.get(path, headers=admin.headers)
    assert found.json() == shown
    assert (shown["is_public"], shown["is_active"], shown["disabled_at"]) == (False, True, None)
    listed = await world.http.get(CLIENTS, headers=admin.headers)
    assert listed.json()["items"] == [shown]
    async with world.database.read() as connection:
        rows = await connection.fetch("SELECT * FROM client")
    assert secret not in repr([dict(row) for row in rows])


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"redirect_uris": ["http://app.example/callback"]}, "redirect_uri_invalid"),
        ({"redirect_uris": [HOME, "com.example.app:/cb"]}, "redirect_uri_invalid"),
        ({"name": "a\u202eb"}, "client_name_invalid"),
        ({"name": " "}, "client_name_invalid"),
        ({"redirect_uris": []}, "validation_failed"),
        ({"redirect_uris": [HOME] * 11}, "validation_failed"),
        ({"redirect_uris": HOME}, "validation_failed"),
        ({"name": "x" * 61}, "validation_failed"),
        ({"secret": "mine"}, "validation_failed"),
        ({"scopes": []}, "validation_failed"),
        ({"scopes": ["orders:read", "orders:read"]}, "validation_failed"),
        ({"scopes": ["users:write"]}, "validation_failed"),
        ({"is_active": False}, "validation_failed"),
    ],
)
async def test_what_could_mislead_people_is_not_registered(
    world: World, admin: Login, changes: dict[str, Any], refusal: str
) -> None:
    answer = await world.post(CLIENTS, BODY | changes, headers=admin.headers)
    assert code(answer) == (422, refusal)
    assert await world.count("SELECT count(*) FROM client") == 0


async def test_clients_have_pages_and_a_range(world: World, admin: Login) -> None:
    for number in range(3):
        await world.post(CLIENTS, BODY | {"name": f"App {number}"}, headers=admin.headers)
        world.clock.advance(1)
    now = world.clock.now().isoformat()
    ask: Any = {"url": CLIENTS, "headers": admin.headers}
    first = (await world.http.get(**ask, params={"limit": 2})).json()
    rest = (await world.http.get(**ask, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    names = [one["name"] for one in first["items"] + rest["items"]]
    assert (names, rest["next_cursor"]) == (["App 2", "App 1", "App 0"], None)
    assert (await world.http.get(**ask, params={"from": now})).json()["items"] == []
    wrong = await world.http.get(**ask, params={"cursor": "x"})
    assert code(wrong) == (400, "cursor_invalid")


async def test_only_what_is_given_changes(world: World, admin: Login) -> None:
    front_end = await registered(world.http, admin.headers)
    path = f"{CLIENTS}/{front_end.client_id}"
    twice = {"redirect_uris": ["https://new.example/cb"] * 2}
    changed = await world.http.patch(path, json=twice, headers=admin.headers)
    assert changed.json()["redirect_uris"] == ["https://new.example/cb"]
    changed = await world.http.patch(path, json={"name": "Other"}, headers=admin.headers)
    assert changed.json()["redirect_uris"] == ["https://new.example/cb"]
    assert changed.json()["name"] == "Other"
    assert (await front_end.page()).status_code == 400
    front_end.redirect_uri = "https://new.example/cb"
    assert "Other" in (await front_end.page()).text


async def test_switched_off_its_sessions_end_and_on_again_it_logs_in(
    world: World, admin: Login
) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, admin.headers)
    other = await registered(world.http, admin.headers)
    login, spared = await logged_in(world, front_end), await logged_in(world, other)
    path = f"{CLIENTS}/{front_end.client_id}"
    for _ in range(2):
        off = await world.http.patch(path, json={"is_active": False}, headers=admin.headers)
        assert (off.status_code, off.json()["is_active"]) == (200, False)
    await world.dies(login)
    assert await world.status_with(spared) == 200
    assert (await front_end.refresh(login.refresh_token)).json()["error"] == "invalid_client"
    on = await world.http.patch(path, json={"is_active": True}, headers=admin.headers)
    assert (on.json()["is_active"], on.json()["disabled_at"]) == (True, None)
    assert (await front_end.refresh(login.refresh_token)).json()["error"] == "invalid_grant"
    assert await world.status_with(await logged_in(world, front_end)) == 200


async def test_deleted_it_is_gone_with_its_sessions(world: World, admin: Login) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, admin.headers)
    login = await logged_in(world, front_end)
    path = f"{CLIENTS}/{front_end.client_id}"
    assert (await world.http.delete(path, headers=admin.headers)).status_code == 204
    await world.dies(login)
    assert (await front_end.page()).status_code == 400
    assert (await world.http.get(CLIENTS, headers=admin.headers)).json()["items"] == []
    for method in ("GET", "DELETE"):
        answer = await world.http.request(method, path, headers=admin.headers)
        assert code(answer) == (404, "not_found")
    for answer in (
        await world.http.patch(path, json={"is_active": True}, headers=admin.headers),
        await world.post(f"{path}/rotate-secret", headers=admin.headers),
        await world.http.get(f"{CLIENTS}/{new_id()}", headers=admin.headers),
    ):
        assert code(answer) == (404, "not_found")


async def test_a_new_secret_takes_the_place_of_the_old_one(world: World, admin: Login) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, admin.headers)
    login = await logged_in(world, front_end)
    path = f"{CLIENTS}/{front_end.client_id}/rotate-secret"
    made = await world.post(path, headers=admin.headers)
    assert made.status_code == 200, made.text
    assert (await front_end.refresh(login.refresh_token)).status_code == 401
    front_end.secret = made.json()["client_secret"]
    assert (await front_end.refresh(login.refresh_token)).status_code == 200


async def test_the_secret_before_works_on_for_an_overlap(world: World, admin: Login) -> None:
    await world.arrive("alice")
    front_end = await registered(world.http, admin.headers)
    login = await logged_in(world, front_end)
    path = f"{CLIENTS}/{front_end.client_id}"
    overlap = {"overlap_seconds": 3600}
    made = await world.post(f"{path}/rotate-secret", overlap, headers=admin.headers)
    until = (world.clock.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert made.json()["old_secret_until"] == until
    assert (await front_end.refresh(login.refresh_token)).status_code == 200
    world.clock.advance(3600)
    answer = await front_end.refresh(login.refresh_token)
    assert answer.json()["error"] == "invalid_client"
    front_end.secret = made.json()["client_secret"]
    assert "scope" in (await front_end.exchange(await granted_to(front_end))).json()


async def granted_to(front_end: FrontEnd) -> str:
    return await front_end.logged_in("alice", PASSWORD)


async def test_a_public_client_has_no_secret_to_replace(world: World, admin: Login) -> None:
    front_end = await registered(world.http, admin.headers, is_public=True)
    path = f"{CLIENTS}/{front_end.client_id}/rotate-secret"
    assert code(await world.post(path, headers=admin.headers)) == (409, "client_is_public")


async def test_what_is_done_to_clients_is_in_the_log(world: World, admin: Login) -> None:
    front_end = await registered(world.http, admin.headers)
    path = f"{CLIENTS}/{front_end.client_id}"
    await world.http.patch(path, json={"name": "Other"}, headers=admin.headers)
    await world.post(f"{path}/rotate-secret", headers=admin.headers)
    await world.http.delete(path, headers=admin.headers)
    log = await world.http.get(
        "/v1/auth/audit", params={"subject_id": front_end.client_id}, headers=admin.headers
    )
    acts = [one["action"] for one in log.json()["items"]]
    assert acts == ["delete_client", "rotate_client_secret", "change_client", "create_client"]
    assert "cs_" not in log.text
