"""The token endpoint as standard OAuth 2 clients meet it (RFC 6749)."""

import asyncio
import base64
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from oauthlib.oauth2 import (
    BackendApplicationClient,
    InvalidClientError,
    InvalidGrantError,
    LegacyApplicationClient,
)
from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]
from tests.integration.auth.world import PASSWORD, Login, World, login_of

from testkit.servers import serving_app

URL = "/v1/auth/token"
ALICE = {"grant_type": "password", "username": "alice", "password": PASSWORD}
SERVICE = {"grant_type": "client_credentials", "client_id": "svc:payments"}


async def ask(world: World, headers: Any = None, **form: str) -> httpx.Response:
    return await world.http.post(URL, data=form, headers=headers)


def secret_of(world: World) -> str:
    return world.wiring.settings.payments_client_secret.get_secret_value()


@pytest.mark.parametrize(
    ("form", "status", "error", "code"),
    [
        ({**ALICE, "password": "wrong one"}, 400, "invalid_grant", "invalid_credentials"),
        ({**ALICE, "username": "nobody"}, 400, "invalid_grant", "invalid_credentials"),
        ({**ALICE, "username": "pending"}, 400, "invalid_grant", "user_pending"),
        ({**ALICE, "username": "disabled"}, 400, "invalid_grant", "user_disabled"),
        ({**ALICE, "username": "locked"}, 400, "invalid_grant", "login_locked"),
        ({**ALICE, "scope": "openid"}, 400, "invalid_scope", "invalid_scope"),
        ({**ALICE, "password": ""}, 400, "invalid_request", "validation_failed"),
        ({**ALICE, "username": "x" * 300}, 400, "invalid_grant", "invalid_credentials"),
        ({**ALICE, "password": "x" * 300}, 400, "invalid_grant", "invalid_credentials"),
        ({**ALICE, "scope": "x" * 600}, 400, "invalid_scope", "invalid_scope"),
        ({"grant_type": "x" * 70}, 400, "unsupported_grant_type", "unsupported_grant_type"),
        ({**SERVICE, "client_secret": "x" * 600}, 401, "invalid_client", "invalid_client"),
        ({**SERVICE, "client_id": "x" * 70}, 401, "invalid_client", "invalid_client"),
        *(
            (
                {"grant_type": "refresh_token", "refresh_token": token},
                *(400, "invalid_grant", "refresh_token_invalid"),
            )
            for token in ("x", "x" * 600, "rt_" + "я" * 60, "a.b.c", " ")
        ),
        ({"grant_type": "password"}, 400, "invalid_request", "validation_failed"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request", "validation_failed"),
        (
            {"grant_type": "refresh_token", "refresh_token": "rt_x"},
            400,
            "invalid_grant",
            "refresh_token_invalid",
        ),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type", "unsupported_grant_type"),
        (SERVICE, 401, "invalid_client", "invalid_client"),
        ({**SERVICE, "client_secret": "wrong"}, 401, "invalid_client", "invalid_client"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client", "invalid_client"),
    ],
)
async def test_it_refuses_in_the_words_of_the_rfc_and_in_our_own(
    world: World, form: dict[str, str], status: int, error: str, code: str
) -> None:
    await world.register("pending")
    await world.arrive("alice")
    admin = await world.admin()
    disabled = await world.arrive("disabled")
    path = f"/v1/users/{disabled['id']}"
    await world.http.patch(path, json={"is_active": False}, headers=admin.headers)
    if form.get("username") == "locked":
        await asyncio.gather(*(ask(world, **{**form, "password": "wrong"}) for _ in range(10)))
    answer = await ask(world, {"Accept-Language": "ru"}, **form)
    said = answer.json()
    assert (answer.status_code, said["error"]) == (status, error)
    assert (said["code"], said["status"]) == (code, status)
    assert said["type"] == f"urn:saldo:problem:{code}"
    assert said["error_description"].isascii()
    assert not {'"', "\\"} & set(said["error_description"])
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (code == "login_locked")


async def test_what_is_no_form_is_an_invalid_request(world: World) -> None:
    answer = await world.http.post(
        URL, content=b"grant_type=password&grant_type=password", headers=FORM
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = await world.http.post(URL, json=ALICE)
    assert (answer.status_code, answer.json()["error"]) == (415, "invalid_request")
    answer = await world.http.post(URL)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["code"] == "validation_failed"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_other_operations_do_not_speak_oauth(world: World) -> None:
    answer = await world.post("/v1/auth/login", {"username": "nobody", "password": PASSWORD})
    assert answer.status_code == 401
    assert "error" not in answer.json()


async def test_a_refresh_token_is_exchanged_and_rotates(world: World) -> None:
    await world.arrive("alice")
    first = await ask(world, **ALICE)
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["pragma"] == "no-cache"
    token = first.json()["refresh_token"]
    second = await ask(world, grant_type="refresh_token", refresh_token=token, scope="")
    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != token
    assert await world.status_with(login_of(second)) == 200
    world.clock.advance(60)
    stolen = await ask(world, grant_type="refresh_token", refresh_token=token)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    await world.dies(login_of(second))


async def test_authlib_gets_refreshes_and_is_refused(world: World) -> None:
    await world.arrive("alice")
    transport = httpx.ASGITransport(app=world.service.web)
    options: Any = {"transport": transport, "base_url": "http://auth"}
    async with AsyncOAuth2Client(token_endpoint=URL, **options) as client:
        token = await client.fetch_token(URL, username="alice", password=PASSWORD)
        login = Login(token["access_token"], token["refresh_token"])
        assert await world.status_with(login) == 200
        renewed = await client.refresh_token(URL)
        assert renewed["refresh_token"] != token["refresh_token"]
        assert (await client.get("/v1/auth/me")).status_code == 200
        with pytest.raises(OAuthError) as refused:
            await client.fetch_token(URL, username="alice", password="wrong one")
        assert refused.value.error == "invalid_grant"
    secret = secret_of(world)
    for how in ("client_secret_basic", "client_secret_post"):
        async with AsyncOAuth2Client(
            "svc:payments", secret, token_endpoint_auth_method=how, **options
        ) as service:
            token = await service.fetch_token(URL, grant_type="client_credentials")
            assert (await world.tokens.verify(token["access_token"])).service == "payments"


async def test_requests_oauthlib_gets_refreshes_and_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    await world.arrive("alice")
    async with serving_app(world.service.web) as port:
        url = f"http://127.0.0.1:{port}{URL}"
        await asyncio.to_thread(_with_requests, url, secret_of(world))


def _with_requests(url: str, secret: str) -> None:
    with OAuth2Session(client=LegacyApplicationClient("app")) as session:
        token = session.fetch_token(url, username="alice", password=PASSWORD)
        renewed = session.refresh_token(url)
        assert renewed["refresh_token"] != token["refresh_token"]
        with pytest.raises(InvalidGrantError):
            session.fetch_token(url, username="alice", password="wrong one")
    with OAuth2Session(client=BackendApplicationClient("svc:payments")) as session:
        assert session.fetch_token(url, client_secret=secret)["access_token"]
        with pytest.raises(InvalidClientError):
            session.fetch_token(url, client_secret="wrong")


async def test_a_client_of_a_basic_header_is_told_how_to_authenticate(world: World) -> None:
    pair = base64.b64encode(b"svc:payments:wrong").decode()
    headers = {"Authorization": f"Basic {pair}"}
    answer = await ask(world, headers, grant_type="client_credentials")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="saldo"'
