"""API keys that work with some wallets only: other wallets of the owner are as missing."""

from typing import Any
from uuid import UUID

import httpx
from tests.integration.wallet.world import World, code

from kit.ids import new_id


async def ask(world: World, owner: UUID, wallets: list[UUID], *what: str, **more: Any) -> Any:
    """Ask by a key of the owner that works with these wallets."""
    token = world.mint.user(
        owner,
        scope="wallets:read wallets:write",
        wallet_ids=[str(one) for one in wallets],
        auth_time=0,
        amr=["key"],
    )
    answer: httpx.Response = await world.http.request(
        *what, headers={"Authorization": f"Bearer {token}"}, **more
    )
    return answer


async def test_a_key_sees_its_wallets_and_answers_for_others_as_missing(world: World) -> None:
    alice = world.caller()
    mine = UUID((await alice.top_up("5.00"))["id"])
    other = UUID((await alice.top_up("7.00", currency="USD"))["id"])
    key = (world, alice.user_id, [mine, new_id()])
    assert (await ask(*key, "GET", f"/v1/wallets/{mine}")).status_code == 200
    for path in ("", "/entries", "/balance", "/statement"):
        assert (await ask(*key, "GET", f"/v1/wallets/{mine}{path}")).status_code == 200
        for hidden in (other, new_id()):
            answer = await ask(*key, "GET", f"/v1/wallets/{hidden}{path}")
            assert code(answer) == (404, "not_found")
    for query, found in (({}, [mine]), ({"id": f"{mine},{other}"}, [mine]), ({"id": other}, [])):
        answer = await ask(*key, "GET", "/v1/wallets", params=query)
        assert [one["id"] for one in answer.json()["items"]] == [str(one) for one in found]


async def test_a_key_finds_the_default_wallet_only_within_its_bounds(world: World) -> None:
    alice = world.caller()
    mine = UUID((await alice.top_up("5.00"))["id"])
    within = await ask(world, alice.user_id, [mine], "GET", "/v1/wallets/me")
    assert within.json()["id"] == str(mine)
    for currency in ("RUB", "USD"):
        answer = await ask(
            world, alice.user_id, [new_id()], "GET", f"/v1/wallets/me?currency={currency}"
        )
        assert code(answer) == (404, "not_found")
    assert len(await world.rows("SELECT 1 FROM account WHERE owner_id = $1", alice.user_id)) == 1


async def test_a_key_fills_only_its_wallets_and_opens_none(world: World) -> None:
    alice = world.caller()
    mine = UUID((await alice.top_up("5.00"))["id"])
    other = (await alice.post("/v1/wallets", {"currency": "RUB", "name": "Other"})).json()["id"]
    key = (world, alice.user_id, [mine])
    for named in ({}, {"wallet_id": other}):
        body = {"amount": "1.00", "currency": "RUB", **named}
        answer = await ask(*key, "POST", "/v1/wallets/top-up", json=body)
        assert code(answer) == (404, "not_found")
    body = {"amount": "1.00", "currency": "RUB", "wallet_id": str(mine)}
    assert (await ask(*key, "POST", "/v1/wallets/top-up", json=body)).status_code == 201
    opened = await ask(*key, "POST", "/v1/wallets", json={"currency": "EUR", "name": "New"})
    assert code(opened) == (403, "key_bounded")


async def test_a_transfer_is_seen_by_a_key_of_its_wallet_alone(world: World) -> None:
    alice = world.caller()
    body = {"amount": "1.00", "currency": "RUB"}
    done = (await alice.post("/v1/wallets/top-up", body)).json()
    path = f"/v1/transfers/{done['transfer_id']}"
    mine = UUID(done["wallet"]["id"])
    assert (await ask(world, alice.user_id, [mine], "GET", path)).status_code == 200
    assert code(await ask(world, alice.user_id, [new_id()], "GET", path)) == (404, "not_found")
