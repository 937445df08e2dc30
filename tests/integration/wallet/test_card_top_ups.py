from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.wallet.world import World

from kit.ids import new_id

TOKEN = "http://127.0.0.1:8101/v1/auth/token"
CHARGES = "http://127.0.0.1:8103/internal/charges"
PAGE = "https://cards.test/card_1"
CARD = {"amount": "150.00", "method": "card", "return_url": "https://shop.example/thanks"}


@pytest.fixture
def outside() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        router.post(TOKEN).respond(json={"access_token": "wallets-own", "expires_in": 300})
        router.post(CHARGES).respond(202, json={"next_action": {"type": "redirect", "url": PAGE}})
        yield router


async def ask(world: World, owner: UUID, body: dict[str, Any], **headers: str) -> httpx.Response:
    token = {"Authorization": f"Bearer {world.mint.user(owner)}"}
    return await world.http.post("/v1/wallets/top-up", json=body, headers={**token, **headers})


async def test_topping_up_by_card_says_where_to_go(world: World, outside: respx.MockRouter) -> None:
    owner = new_id()
    answer = await ask(world, owner, CARD)
    assert answer.status_code == 202, answer.text
    assert answer.json()["next_action"] == {"type": "redirect", "url": PAGE}
    [call] = outside.calls[-1:]
    assert call.request.headers["authorization"] == "Bearer wallets-own"
    assert answer.json()["wallet_id"] in call.request.content.decode()
    assert str(owner) in call.request.content.decode()


async def test_a_repeated_request_is_the_same_charge(
    world: World, outside: respx.MockRouter
) -> None:
    owner, key = new_id(), {"Idempotency-Key": "once"}
    outside.post(CHARGES).respond(503)
    failed = await ask(world, owner, CARD, **key)
    assert (failed.status_code, failed.json()["code"]) == (503, "unavailable")
    first_call = outside.calls[-1].request.content
    outside.post(CHARGES).respond(202, json={"next_action": None})
    again = await ask(world, owner, CARD, **key)
    assert (again.status_code, again.json()["next_action"]) == (202, None)
    assert outside.calls[-1].request.content == first_call


@pytest.mark.parametrize(
    "return_url", [None, "", "/thanks", "javascript:alert(1)", "https://a@b.example", "http://[b"]
)
async def test_a_way_back_is_needed(
    world: World, outside: respx.MockRouter, return_url: str | None
) -> None:
    answer = await ask(world, new_id(), {**CARD, "return_url": return_url})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/return_url")
    assert not [one for one in outside.calls if one.request.url != TOKEN]


async def test_another_users_wallet_is_missing(world: World, outside: respx.MockRouter) -> None:
    other = await world.fund(new_id(), "1.00")
    answer = await ask(world, new_id(), {**CARD, "wallet_id": str(other)})
    assert answer.status_code == 404
    assert not [one for one in outside.calls if one.request.url != TOKEN]


async def test_a_wallet_of_another_currency_is_refused(
    world: World, outside: respx.MockRouter
) -> None:
    owner = new_id()
    wallet_id = await world.fund(owner, "1.00")
    answer = await ask(world, owner, {**CARD, "wallet_id": str(wallet_id), "currency": "EUR"})
    assert (answer.status_code, answer.json()["code"]) == (422, "currency_mismatch")
    assert not [one for one in outside.calls if one.request.url != TOKEN]


@pytest.mark.parametrize(
    ("status", "code"), [(422, "card_amount_too_small"), (429, "too_many_open_charges")]
)
async def test_what_payments_refuses_is_refused_in_the_callers_language(
    world: World, outside: respx.MockRouter, status: int, code: str
) -> None:
    said = {"code": code, "detail": "Картой можно оплатить не менее «1.00» RUB."}
    outside.post(CHARGES).respond(status, json=said)
    answer = await ask(world, new_id(), CARD, **{"Accept-Language": "ru"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"] == said["detail"]
    assert outside.calls[-1].request.headers["accept-language"] == "ru"


async def test_an_owner_who_is_deleted_meanwhile_has_a_closed_wallet(
    world: World, outside: respx.MockRouter
) -> None:
    outside.post(CHARGES).respond(403, json={"code": "payer_not_active", "detail": "x"})
    answer = await ask(world, new_id(), CARD)
    assert (answer.status_code, answer.json()["code"]) == (409, "wallet_closed")


@pytest.mark.parametrize("body", [{"code": "charge_not_found", "detail": "x"}, {}])
async def test_what_payments_does_not_say_to_people_is_an_outage(
    world: World, outside: respx.MockRouter, body: dict[str, str]
) -> None:
    outside.post(CHARGES).respond(404, json=body)
    assert (await ask(world, new_id(), CARD)).status_code == 503


@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_a_card_that_was_refused_is_charged_anew_by_the_same_key(
    world: World, outside: respx.MockRouter, status: str
) -> None:
    owner, key = new_id(), {"Idempotency-Key": "once"}
    first = await ask(world, owner, CARD, **key)
    again = await ask(world, owner, CARD, **key)
    assert again.json()["charge_id"] == first.json()["charge_id"]

    def answer(request: httpx.Request) -> httpx.Response:
        is_first = first.json()["charge_id"] in request.content.decode()
        action = None if is_first else {"type": "redirect", "url": PAGE}
        known = {"status": status if is_first else "pending", "next_action": action}
        return httpx.Response(202, json=known)

    outside.post(CHARGES).mock(side_effect=answer)
    anew = await ask(world, owner, {**CARD, "amount": "150"}, **key)
    assert anew.status_code == 202
    assert anew.json()["charge_id"] != first.json()["charge_id"]
    assert anew.json()["next_action"]["url"] == PAGE
    repeated = await ask(world, owner, CARD, **key)
    assert repeated.json()["charge_id"] == anew.json()["charge_id"]
