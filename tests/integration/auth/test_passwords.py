"""Forgotten passwords, over HTTP, on a real database."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.integration.auth.front_end import registered, sealed_in
from tests.integration.auth.mailed import last_token, last_url, orders
from tests.integration.auth.world import PASSWORD, World, code

from contracts.notifications import SendPasswordReset

ADDRESS = "alice@example.com"
NEW = "another-horse-battery"
FORGOT = "/v1/auth/password/forgot"
RESET = "/v1/auth/password/reset"
PAGE = "/v1/auth/password/reset/page"


@pytest.fixture
async def alice(world: World) -> dict[str, Any]:
    return await world.arrive("alice", email="Alice@example.com")


async def forgotten(world: World) -> str:
    """Ask for a link and return its token."""
    answer = await world.post(FORGOT, {"email": ADDRESS})
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    return await last_token(world)


async def logs_in(world: World, password: str) -> bool:
    answer = await world.post("/v1/auth/login", {"username": "alice", "password": password})
    return answer.status_code == 200


async def test_the_link_is_mailed_to_the_public_address(
    world: World, alice: dict[str, Any]
) -> None:
    headers = {"Accept-Language": "en", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    await world.post(FORGOT, {"email": "ALICE@EXAMPLE.COM"}, headers=headers)
    [order] = await orders(world)
    assert isinstance(order, SendPasswordReset)
    assert (order.user_id, order.language) == (UUID(alice["id"]), "en")
    assert order.url.startswith("http://localhost:8000/v1/auth/password/reset?token=")
    token = await last_token(world)
    assert len(token) == 43
    rows = "SELECT count(*) FROM link WHERE position($1::bytea IN token_hash) > 0"
    assert await world.count(rows, token.encode()) == 0


@pytest.mark.check(25)
async def test_known_and_unknown_addresses_differ_in_nothing(
    world: World, alice: dict[str, Any]
) -> None:
    answers, costs = [], []
    for email in (ADDRESS, "nobody@example.com"):
        before = world.database.statements
        answers.append(await world.post(FORGOT, {"email": email}))
        costs.append(world.database.statements - before)
    known, unknown = answers
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert set(known.headers) == set(unknown.headers)
    assert costs[0] == costs[1]
    ordered = [one for one in await orders(world) if isinstance(one, SendPasswordReset)]
    assert len(ordered) == 2
    assert str(ordered[0].user_id) == alice["id"]
    assert len(ordered[0].url) == len(ordered[1].url)
    known_ids = await world.count(
        "SELECT count(*) FROM user_account WHERE id = $1", ordered[1].user_id
    )
    assert known_ids == 0


async def test_a_disabled_user_is_as_good_as_unknown(world: World, alice: dict[str, Any]) -> None:
    admin = await world.admin()
    change = {"is_active": False}
    path = f"/v1/users/{alice['id']}"
    assert (await world.http.patch(path, json=change, headers=admin.headers)).status_code == 200
    token = await forgotten(world)
    answer = await world.post(RESET, {"token": token, "password": NEW})
    assert code(answer) == (400, "reset_token_invalid")


async def test_a_user_disabled_after_the_mail_cannot_reset(
    world: World, alice: dict[str, Any]
) -> None:
    token = await forgotten(world)
    admin = await world.admin()
    path = f"/v1/users/{alice['id']}"
    await world.http.patch(path, json={"is_active": False}, headers=admin.headers)
    answer = await world.post(RESET, {"token": token, "password": NEW})
    assert code(answer) == (403, "user_disabled")
    page = await world.http.post(PAGE, data={"token": token, "password": NEW})
    assert page.status_code == 403


@pytest.mark.check(20)
async def test_a_new_password_ends_all_sessions_and_the_old_password(
    world: World, alice: dict[str, Any]
) -> None:
    first, second = await world.log_in("alice"), await world.log_in("alice")
    answer = await world.post(RESET, {"token": await forgotten(world), "password": NEW})
    assert answer.status_code == 204
    for login in (first, second):
        await world.dies(login)
        assert code(await world.refresh(login.refresh_token)) == (401, "refresh_token_invalid")
    assert not await logs_in(world, PASSWORD)
    assert await world.status_with(await world.log_in("alice", NEW)) == 200


@pytest.mark.check(20)
async def test_a_link_sets_a_password_once(world: World, alice: dict[str, Any]) -> None:
    token = await forgotten(world)
    assert (await world.post(RESET, {"token": token, "password": NEW})).status_code == 204
    again = await world.post(RESET, {"token": token, "password": "third-horse-battery"})
    assert code(again) == (400, "reset_token_invalid")
    assert await logs_in(world, NEW)


@pytest.mark.check(20)
async def test_an_older_link_is_dead_after_a_newer_one(world: World, alice: dict[str, Any]) -> None:
    old = await forgotten(world)
    world.clock.advance(5 * 60)
    new = await forgotten(world)
    answer = await world.post(RESET, {"token": old, "password": NEW})
    assert code(answer) == (400, "reset_token_invalid")
    assert (await world.post(RESET, {"token": new, "password": NEW})).status_code == 204


async def test_nobody_kills_anothers_link_by_asking_again_and_again(
    world: World, alice: dict[str, Any]
) -> None:
    token = await forgotten(world)
    again = [world.post(FORGOT, {"email": ADDRESS}) for _ in range(5)]
    assert {(one.status_code, one.text) for one in await asyncio.gather(*again)} == {
        (202, '{"accepted":true}')
    }
    world.clock.advance(5 * 60 - 1)
    await forgotten(world)
    ordered = [one for one in await orders(world) if isinstance(one, SendPasswordReset)]
    assert [str(one.user_id) for one in ordered].count(alice["id"]) == 1
    assert (await world.post(RESET, {"token": token, "password": NEW})).status_code == 204


async def test_of_many_who_ask_at_once_one_is_mailed(world: World, alice: dict[str, Any]) -> None:
    await asyncio.gather(*(world.post(FORGOT, {"email": ADDRESS}) for _ in range(8)))
    ordered = [one for one in await orders(world) if isinstance(one, SendPasswordReset)]
    assert len(ordered) == 8
    assert [str(one.user_id) for one in ordered].count(alice["id"]) == 1


async def test_a_used_link_keeps_nobody_from_asking_for_another(
    world: World, alice: dict[str, Any]
) -> None:
    for password in (NEW, "third-horse-battery"):
        token = await forgotten(world)
        answer = await world.post(RESET, {"token": token, "password": password})
        assert answer.status_code == 204


async def test_a_link_dies_when_its_time_is_over(world: World, alice: dict[str, Any]) -> None:
    token = await forgotten(world)
    world.clock.advance(3600)
    answer = await world.post(RESET, {"token": token, "password": NEW})
    assert code(answer) == (400, "reset_token_invalid")
    assert await logs_in(world, PASSWORD)


async def test_a_token_of_another_purpose_sets_no_password(world: World) -> None:
    token = (await world.register("alice", email=ADDRESS))["activation"]["token"]
    answer = await world.post(RESET, {"token": token, "password": NEW})
    assert code(answer) == (400, "reset_token_invalid")


@pytest.mark.parametrize("token", ["x", "A" * 43, "'; DROP TABLE link --"])
async def test_an_unknown_token_sets_no_password(world: World, token: str) -> None:
    answer = await world.post(RESET, {"token": token, "password": NEW})
    assert code(answer) == (400, "reset_token_invalid")


@pytest.mark.parametrize(
    ("password", "fault"), [("short", "too_short"), ("password1234", "password_too_common")]
)
async def test_a_bad_password_leaves_the_link_alive(
    world: World, alice: dict[str, Any], password: str, fault: str
) -> None:
    token = await forgotten(world)
    refused = await world.post(RESET, {"token": token, "password": password})
    assert code(refused) == (422, "validation_failed")
    assert refused.json()["errors"][0]["code"] == fault
    assert (await world.post(RESET, {"token": token, "password": NEW})).status_code == 204


async def test_the_page_behind_the_link_changes_nothing(
    world: World, alice: dict[str, Any]
) -> None:
    token = await forgotten(world)
    for _ in range(5):
        page = await world.http.get((await last_url(world)).removeprefix("http://localhost:8000"))
        assert page.status_code == 200
        assert (await world.http.head(RESET, params={"token": token})).status_code == 200
    assert f'name="token" value="{token}"' in page.text
    assert 'type="password"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert await logs_in(world, PASSWORD)


async def test_the_form_sets_the_password_and_asks_again_for_a_bad_one(
    world: World, alice: dict[str, Any]
) -> None:
    token = await forgotten(world)
    headers = {"Accept-Language": "ru"}
    refused = await world.http.post(
        PAGE, data={"token": token, "password": "short"}, headers=headers
    )
    assert refused.status_code == 422
    assert 'type="password"' in refused.text
    assert "short" not in refused.text
    done = await world.http.post(PAGE, data={"token": token, "password": NEW}, headers=headers)
    assert done.status_code == 200
    assert "Новый пароль сохранён" in done.text
    assert await logs_in(world, NEW)
    again = await world.http.post(PAGE, data={"token": token, "password": NEW}, headers=headers)
    assert again.status_code == 400
    assert "Запросите новую" in again.text


@pytest.mark.parametrize("email", ["alice", "a@b.example\r\nBcc: c@d.example", "", None])
async def test_what_is_no_address_is_refused(world: World, email: str | None) -> None:
    assert code(await world.post(FORGOT, {"email": email})) == (422, "validation_failed")
    assert await orders(world) == []


async def waiting(world: World) -> dict[str, Any]:
    """Return what every operation with a password in it is asked with, but for that."""
    login = await world.log_in("alice")
    sealed = sealed_in(await (await registered(world.http, (await world.admin()).headers)).page())
    return {
        "POST /v1/auth/register": {"json": {"username": "carol"}},
        "POST /v1/auth/login": {"json": {"username": "alice"}},
        "POST /v1/auth/activation/resend": {"json": {"username": "alice"}},
        "POST /v1/auth/token": {"data": {"grant_type": "password", "username": "alice"}},
        "POST /v1/auth/authorize": {
            "data": {"request": sealed, "decision": "allow", "username": "alice"}
        },
        "POST /v1/auth/password/reset": {"json": {"token": await forgotten(world)}},
        "POST /v1/auth/password/reset/page": {"data": {"token": await forgotten(world)}},
        "POST /v1/auth/password/change": {
            "json": {"current_password": PASSWORD},
            "headers": login.headers,
        },
        "POST /v1/auth/email/change": {
            "json": {"email": "new@example.com"},
            "headers": login.headers,
        },
        "POST /v1/auth/step-up": {"json": {}, "headers": login.headers},
        "DELETE /v1/auth/me": {"json": {}, "headers": login.headers},
    }


@pytest.mark.check(29)
@pytest.mark.usefixtures("alice")
async def test_a_huge_password_is_refused_everywhere_before_anything_is_hashed(
    world: World,
) -> None:
    asked = await waiting(world)
    before = world.wiring.hasher.hashes
    for operation, request in asked.items():
        method, path = operation.split()
        field = "new_password" if path.endswith("/change") and "password" in path else "password"
        body = "json" if "json" in request else "data"
        filled = request | {body: request[body] | {field: "x" * 10_240}}
        answer = await world.http.request(method, path, **filled)
        assert answer.status_code in (400, 401, 422), operation
        assert world.wiring.hasher.hashes == before, operation


@pytest.mark.check(29)
@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("password", ["seven77", "PassWord123", "x" * 257])
async def test_no_way_to_a_new_password_takes_a_bad_one(world: World, password: str) -> None:
    login, token = await world.log_in("alice"), await forgotten(world)
    change = {"current_password": PASSWORD, "new_password": password}
    answer = await world.post("/v1/auth/password/change", change, headers=login.headers)
    assert code(answer) == (422, "validation_failed")
    answer = await world.post(RESET, {"token": token, "password": password})
    assert code(answer) == (422, "validation_failed")
    page = await world.http.post(f"{RESET}/page", data={"token": token, "password": password})
    assert page.status_code == 422
    assert await world.status_with(await world.log_in("alice")) == 200
