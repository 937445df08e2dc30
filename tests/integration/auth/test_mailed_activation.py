"""Activation where links are mailed: nothing is handed out, and only a button activates."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.auth.mailed import last_token, last_url, orders
from tests.integration.auth.world import PASSWORD, World, code

from auth.settings import Settings
from contracts.auth import UserRegistered
from contracts.notifications import SendActivation, SendAlreadyRegistered
from testkit.pump import sent

ALICE = {"username": "alice", "email": "alice@example.com", "password": PASSWORD}
PAGE = "/v1/auth/activate/page"


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"ENVIRONMENT": "test", "activation_delivery": "email"})


async def register(world: World, **changes: Any) -> httpx.Response:
    headers = {"Accept-Language": "ru", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    return await world.post("/v1/auth/register", {**ALICE, **changes}, headers=headers)


async def status(world: World, login: str = "alice") -> tuple[int, str]:
    return code(await world.post("/v1/auth/login", {"username": login, "password": PASSWORD}))


async def test_the_link_is_mailed_and_not_handed_out(world: World) -> None:
    answer = await register(world)
    assert answer.status_code == 201
    assert answer.json()["activation"] is None
    [order] = await orders(world)
    assert isinstance(order, SendActivation)
    assert str(order.user_id) == answer.json()["user"]["id"]
    assert order.language == "ru"
    assert order.url.startswith("http://localhost:8000/v1/auth/activate?token=")
    assert (await last_token(world)) not in answer.text


@pytest.mark.check(30)
async def test_opening_the_link_shows_a_page_and_changes_nothing(world: World) -> None:
    await register(world)
    token = await last_token(world)
    for _ in range(5):
        page = await world.http.get("/v1/auth/activate", params={"token": token})
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        head = await world.http.head("/v1/auth/activate", params={"token": token})
        assert (head.status_code, head.content) == (200, b"")
    assert await status(world) == (403, "user_pending")
    assert f'action="{PAGE}"' in page.text
    assert f'name="token" value="{token}"' in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "form-action 'self'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.check(30)
async def test_the_button_activates_once(world: World) -> None:
    await register(world)
    form = {"token": await last_token(world)}
    done = await world.http.post(PAGE, data=form, headers={"Accept-Language": "ru"})
    assert done.status_code == 200
    assert "Учётная запись активна" in done.text
    assert await world.status_with(await world.log_in("alice")) == 200
    again = await world.http.post(PAGE, data=form)
    assert again.status_code == 400
    assert "already used, or too old" in again.text


async def test_the_token_activates_by_the_api_as_well(world: World) -> None:
    await register(world)
    answer = await world.post("/v1/auth/activate", {"token": await last_token(world)})
    assert answer.json()["user"]["status"] == "active"


@pytest.mark.check(30)
async def test_a_late_link_activates_nobody(world: World) -> None:
    await register(world)
    form = {"token": await last_token(world)}
    world.clock.advance(48 * 3600)
    assert (await world.http.post(PAGE, data=form)).status_code == 400
    assert await status(world) == (403, "user_pending")


@pytest.mark.check(30)
async def test_a_token_of_another_purpose_activates_nobody(world: World) -> None:
    await register(world)
    await world.post("/v1/auth/password/forgot", {"email": "alice@example.com"})
    answer = await world.post("/v1/auth/activate", {"token": await last_token(world)})
    assert code(answer) == (400, "activation_token_invalid")


@pytest.mark.parametrize("token", ['"><script>alert(1)</script>', "{style}", "a" * 128])
async def test_a_token_can_do_nothing_to_the_page(world: World, token: str) -> None:
    page = await world.http.get("/v1/auth/activate", params={"token": token})
    assert page.status_code == 200
    assert "<script" not in page.text


async def test_a_used_address_is_answered_like_a_new_one_and_its_owner_is_told(
    world: World,
) -> None:
    first = (await register(world)).json()["user"]
    other = await register(world, username="mallory", email="ALICE@example.com")
    fresh = await register(world, username="bobby", email="bob@example.com")
    assert (other.status_code, other.json()["activation"]) == (201, None)
    told = [one for one in await orders(world) if isinstance(one, SendAlreadyRegistered)]
    assert [(one.user_id, one.language) for one in told] == [(UUID(first["id"]), "ru")]
    bodies = [answer.json()["user"] for answer in (other, fresh)]
    shape = [
        {name: type(value) for name, value in body.items()} | {"status": body["status"]}
        for body in bodies
    ]
    assert shape[0] == shape[1]
    assert bodies[0]["email"] == "ALICE@example.com"
    assert first["number"] < bodies[0]["number"] < bodies[1]["number"]
    assert set(other.headers) == set(fresh.headers)
    assert await world.count("SELECT count(*) FROM user_account") == 2
    told = [envelope.message for envelope in await sent(world.database, UserRegistered)]
    assert [one.has_email for one in told if isinstance(one, UserRegistered)] == [True, True]


async def test_a_used_username_is_refused_as_it_is_public(world: World) -> None:
    await register(world)
    assert code(await register(world, email="new@example.com")) == (409, "username_taken")
    assert code(await register(world)) == (409, "username_taken")
    assert len(await orders(world)) == 1


async def test_whoever_gives_no_address_cannot_be_mailed(world: World) -> None:
    answer = await world.post("/v1/auth/register", {"username": "alice", "password": PASSWORD})
    assert code(answer) == (422, "email_missing")
    assert answer.json()["errors"][0]["pointer"] == "/email"


@pytest.mark.check(32)
@pytest.mark.parametrize("email", ["a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example"])
async def test_an_address_that_would_break_out_of_a_header_is_refused(
    world: World, email: str
) -> None:
    assert code(await register(world, email=email)) == (422, "validation_failed")
    assert await orders(world) == []


async def test_another_link_is_mailed_too_and_the_older_one_is_dead(world: World) -> None:
    await register(world)
    old = await last_token(world)
    answer = await world.post("/v1/auth/activation/resend", {**_login("alice")})
    assert (answer.status_code, answer.json()) == (200, {"activation": None})
    assert await last_url(world) != old
    refused = await world.post("/v1/auth/activate", {"token": old})
    assert code(refused) == (400, "activation_token_invalid")
    answer = await world.post("/v1/auth/activate", {"token": await last_token(world)})
    assert answer.status_code == 200


def _login(username: str) -> dict[str, str]:
    return {"username": username, "password": PASSWORD}
