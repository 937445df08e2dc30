"""A front end of somebody else's logs a person in, through the gateway, as a browser would."""

import json
from pathlib import Path

import httpx
import pytest
from deploy.stack import Stack
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.integration.auth.front_end import AUTHORIZE, CLIENTS, FrontEnd, registered, told_at

from testkit import browser
from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually
from testkit.servers import serving_app

METADATA = "/.well-known/oauth-authorization-server"
ME = "/v1/auth/me"


@pytest.fixture
async def front_end(stack: Stack, http: httpx.AsyncClient, keeper: Keeper) -> FrontEnd:
    made = await registered(http, keeper.person.headers)
    made.server = stack.gateway_url
    return made


async def status_with(http: httpx.AsyncClient, token: str) -> int:
    answer = await http.get(ME, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_a_person_logs_in_elsewhere_pays_and_takes_it_back(
    http: httpx.AsyncClient, front_end: FrontEnd, alice: Person, bob: Person
) -> None:
    said = (await http.get(METADATA)).json()
    assert said["issuer"] == front_end.server
    assert said["authorization_endpoint"] == front_end.server + AUTHORIZE
    page = await front_end.page("ru")
    assert "Ledger for Shops" in page.text
    answer = await front_end.submit(page, username=alice.username, password=PASSWORD)
    told = told_at(answer, front_end.redirect_uri)
    assert (told["state"], told["iss"]) == (front_end.state, said["issuer"])
    tokens = (await front_end.exchange(told["code"])).json()

    there = Person(alice.username, alice.user_id, http)
    there.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    await there.top_up("100.00")
    payment = await there.create(bob, "10.00")
    assert (await there.pay(payment["id"], wait=10)).status_code == 200

    listed = (await alice.get("/v1/auth/sessions")).json()["items"]
    [session] = [one for one in listed if one["client_id"] == front_end.client_id]
    path = f"/v1/auth/sessions/{session['id']}"
    assert (await http.delete(path, headers=alice.headers)).status_code == 204
    await eventually(
        lambda: status_with(http, tokens["access_token"]), lambda status: status == 401, within=2
    )
    assert (await front_end.refresh(tokens["refresh_token"])).status_code == 400


async def there_with(front_end: FrontEnd, person: Person, scope: str) -> Person:
    """Return a person as the front end acts for them."""
    page = await front_end.page(scope=scope)
    answer = await front_end.submit(page, username=person.username, password=PASSWORD)
    code = told_at(answer, front_end.redirect_uri)["code"]
    tokens = (await front_end.exchange(code)).json()
    there = Person(person.username, person.user_id, person.http)
    there.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return there


async def test_a_client_moves_money_only_where_its_user_allowed_it(
    front_end: FrontEnd, alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    paying = await there_with(front_end, alice, "payments:read payments:write")
    payment = await paying.create(bob, "10.00")
    assert (await paying.pay(payment["id"], wait=10)).status_code == 200
    looking = await there_with(front_end, alice, "payments:read")
    assert (await looking.get("/v1/payments")).json()["items"][0]["id"] == payment["id"]
    for path in ("/v1/payments", f"/v1/payments/{payment['id']}/pay", "/v1/wallets/top-up"):
        answer = await looking.post(path, {"amount": "10.00", "currency": "RUB"})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_fresh_login_at_a_client_is_none_of_its_user(
    front_end: FrontEnd, keeper: Keeper, alice: Person
) -> None:
    boss = await there_with(front_end, keeper.person, "profile:read payments:write")
    path = f"/v1/users/{alice.user_id}"
    answer = await boss.http.patch(path, json={"is_active": False}, headers=boss.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    key = {"name": "Mine", "scopes": ["payments:write"]}
    answer = await boss.post("/v1/auth/api-keys", key)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_for_keys")
    assert (await boss.get("/v1/auth/me")).json()["username"] == keeper.person.username
    # The same, logged in by themselves, may.
    assert (await keeper.person.post("/v1/auth/api-keys", key)).status_code == 201


async def test_a_code_that_is_replayed_ends_what_it_began(
    http: httpx.AsyncClient, front_end: FrontEnd, alice: Person
) -> None:
    code = await front_end.logged_in(alice.username, PASSWORD)
    tokens = (await front_end.exchange(code)).json()
    assert await status_with(http, tokens["access_token"]) == 200
    replayed = await front_end.exchange(code)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    await eventually(
        lambda: status_with(http, tokens["access_token"]), lambda status: status == 401, within=2
    )


@pytest.mark.check(31)
async def test_nobody_is_led_away_and_no_other_site_logs_anybody_in(
    http: httpx.AsyncClient, front_end: FrontEnd, alice: Person
) -> None:
    for uri in ("https://evil.example/", f"{front_end.redirect_uri}?next=//evil.example"):
        page = await front_end.page(redirect_uri=uri)
        assert (page.status_code, "location" in page.headers) == (400, False)
    page = await front_end.page()
    front_end.server = "https://evil.example"
    answer = await front_end.submit(page, username=alice.username, password=PASSWORD)
    assert (answer.status_code, "location" in answer.headers) == (403, False)


async def test_only_administrators_register_front_ends(
    http: httpx.AsyncClient, alice: Person
) -> None:
    body = {"name": "Mine", "redirect_uris": ["https://evil.example/cb"]}
    assert (await http.post(CLIENTS, json=body)).status_code == 401
    assert (await alice.post(CLIENTS, body)).status_code == 403


FILL = """
document.querySelector("[name=username]").value = %s;
document.querySelector("[name=password]").value = %s;
setTimeout(() => document.querySelector("button[value=allow]").click());
"""


@pytest.mark.skipif(not browser.is_installed(), reason="there is no Chromium here")
async def test_a_browser_is_led_from_the_page_to_the_client(
    http: httpx.AsyncClient, keeper: Keeper, alice: Person, tmp_path: Path
) -> None:
    """A browser says its Origin, and follows from a form only where `form-action` lets it."""
    arrived: list[httpx.QueryParams] = []

    async def callback(request: Request) -> PlainTextResponse:
        arrived.append(httpx.QueryParams(request.url.query))
        assert "referer" not in request.headers
        return PlainTextResponse("Welcome back.")

    async def codes() -> list[str]:
        return [told["code"] for told in arrived]

    app = await registered(
        http, keeper.person.headers, redirect_uri="http://127.0.0.1/cb", is_public=True
    )
    async with serving_app(Starlette(routes=[Route("/cb", callback)])) as port:
        app.redirect_uri = f"http://127.0.0.1:{port}/cb"
        url = str(http.build_request("GET", AUTHORIZE, params=app.query).url)
        async with browser.page(url, tmp_path) as page:
            await eventually(lambda: page.run("document.forms.length"), bool, within=30)
            await page.run(FILL % (json.dumps(alice.username), json.dumps(PASSWORD)))
            [code] = await eventually(codes, bool, within=30)
    assert (await app.exchange(code)).status_code == 200
