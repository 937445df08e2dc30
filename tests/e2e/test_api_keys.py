"""API keys on the real stack: made, used, bounded, rotated, and revoked within a second."""

import asyncio
from typing import Any

import httpx
from deploy.stack import Stack

from testkit.people import Person, eventually

KEYS = "/v1/auth/api-keys"
ALL = ["payments:read", "payments:write", "wallets:read"]


async def make(person: Person, **more: Any) -> dict[str, Any]:
    answer = await person.post(KEYS, {"name": "A program", "scopes": ALL} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def program(owner: Person, key: str) -> Person:
    """Return the program that acts as a person by a key."""
    acting = Person(owner.username, owner.user_id, owner.http)
    acting.token, acting.headers = key, {"Authorization": f"Bearer {key}"}
    return acting


async def test_a_program_pays_by_its_key_and_does_nothing_else(alice: Person, bob: Person) -> None:
    await alice.top_up("10.00")
    shop = program(alice, (await make(alice))["key"])
    payment = await shop.create(bob, "3.00")
    assert (await shop.pay(payment["id"], wait=10)).json()["status"] == "paid"
    assert (await shop.wallet())["balance"]["amount"] == "7.00"
    for method, path, code in (
        ("POST", "/v1/wallets/top-up", "scope_missing"),
        ("GET", "/v1/finance/accounts", "scope_missing"),
        ("GET", "/v1/webhook-endpoints", "scope_missing"),
        ("GET", KEYS, "not_for_keys"),
        ("GET", "/v1/auth/sessions", "not_for_keys"),
        ("GET", "/v1/me", "scope_missing"),
        ("GET", "/v1/users", "forbidden"),
        ("GET", "/v1/ledger/accounts", "forbidden"),
    ):
        answer = await shop.http.request(method, path, headers=shop.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, code), path


async def test_a_revoked_key_is_refused_within_a_second_everywhere(
    stack: Stack, alice: Person
) -> None:
    made = await make(alice)
    shop = program(alice, made["key"])
    assert (await shop.get("/v1/payments")).status_code == 200
    token = await exchanged(stack, made["key"])
    async with httpx.AsyncClient(base_url=stack.url_of("payments")) as payments:
        headers = {"Authorization": f"Bearer {token}"}
        assert (await payments.get("/v1/payments", headers=headers)).status_code == 200
        revoked = await alice.http.delete(f"{KEYS}/{made['id']}", headers=alice.headers)
        assert revoked.status_code == 204
        await eventually(
            lambda: payments.get("/v1/payments", headers=headers),
            lambda answer: answer.status_code == 401,
            within=1.0,
        )
    refused = await eventually(
        lambda: shop.get("/v1/payments"), lambda answer: answer.status_code == 401, within=1.0
    )
    assert refused.json()["code"] == "api_key_invalid"


async def exchanged(stack: Stack, key: str) -> str:
    """Return a key's access token, as the gateway gets it."""
    async with httpx.AsyncClient(base_url=stack.url_of("auth")) as auth:
        form = {
            "grant_type": "client_credentials",
            "client_id": "svc:gateway",
            "client_secret": stack.env_of("gateway")["GATEWAY_CLIENT_SECRET"],
        }
        own = (await auth.post("/v1/auth/token", data=form)).json()["access_token"]
        answer = await auth.post(
            "/internal/api-keys/exchange",
            json={"key": key, "address": "127.0.0.1"},
            headers={"Authorization": f"Bearer {own}"},
        )
    token: str = answer.json()["access_token"]
    return token


async def test_a_key_is_refused_from_another_address(alice: Person) -> None:
    made = await make(alice, addresses=["203.0.113.0/24"])
    answer = await program(alice, made["key"]).get("/v1/payments")
    assert (answer.status_code, answer.json()["code"]) == (403, "address_refused")
    here = {"addresses": ["127.0.0.0/8", "::1"]}
    where = f"{KEYS}/{made['id']}"
    changed = await alice.http.patch(where, json=here, headers=alice.headers)
    assert changed.status_code == 200
    assert (await program(alice, made["key"]).get("/v1/payments")).status_code == 200


async def test_a_rotated_key_works_by_both_secrets(alice: Person) -> None:
    made = await make(alice)
    rotated = (await alice.post(f"{KEYS}/{made['id']}/rotate", {"overlap_seconds": 60})).json()
    for key in (made["key"], rotated["key"]):
        assert (await program(alice, key).get("/v1/payments")).status_code == 200


async def test_a_key_pays_no_more_in_a_day_than_its_owner_lets_it(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    made = await make(alice, amount_per_day={"amount": "10.00", "currency": "RUB"})
    shop = program(alice, made["key"])
    payments = [await alice.create(bob, "3.00") for _ in range(8)]
    answers = await asyncio.gather(*(shop.pay(one["id"]) for one in payments))
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [403] * 5
    assert {one.json()["code"] for one in answers if one.status_code == 403} == {
        "key_limit_exceeded"
    }
