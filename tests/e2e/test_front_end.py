"""A front end of somebody else's logs a person in, through the gateway, as a browser would."""

import httpx
import pytest
from deploy.stack import Stack
from tests.integration.auth.front_end import AUTHORIZE, CLIENTS, FrontEnd, registered, told_at

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually

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
