"""Services to pay for, and what the outside checks do to payments, on the real stack."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from testkit.people import Person

VERIFIERS = {"one": 0.10, "two": 0.25}
PAYMENTS, AT_ONCE = 300, 50


@pytest.fixture(autouse=True)
async def _verifiers_as_published(http: httpx.AsyncClient) -> AsyncIterator[None]:
    await _behave(http)
    yield
    await _behave(http)


async def _behave(http: httpx.AsyncClient, **modes: str) -> None:
    """Set both verification services: to their published rates, or to a mode without failures."""
    for name, rate in VERIFIERS.items():
        body = {"mode": modes[name]} if name in modes else {"failure_rate": rate}
        answer = await http.put(f"/sandbox/verify/{name}", json=body)
        assert answer.status_code == 200, answer.text


async def _offer(owner: Person, **more: Any) -> dict[str, Any]:
    answer = await owner.post("/v1/services", {"name": f"Phone of {owner.username}", **more})
    assert answer.status_code == 201, answer.text
    offered: dict[str, Any] = answer.json()
    return offered


async def _order(payer: Person, service: dict[str, Any], **more: Any) -> httpx.Response:
    return await payer.post("/v1/payments", {"payee": {"service_id": service["id"]}, **more})


async def test_a_service_is_offered_found_without_a_token_and_paid(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    service = await _offer(bob, price="590.00", description="By number")
    for path in ("/v1/services", "/v1/services/list", "/v1/services/list/"):
        found = await http.get(path, params={"search": bob.username})
        assert (found.status_code, found.json()["items"]) == (200, [service])
    await alice.top_up("1000.00")
    payment = (await _order(alice, service)).json()
    assert payment["service"] == {"id": service["id"], "name": service["name"]}
    paid = await alice.pay(payment["id"], wait=20)
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert (await alice.wallet())["balance"]["amount"] == "410.00"
    assert (await bob.wallet())["balance"]["amount"] == "590.00"


async def test_only_its_owner_changes_a_service_and_while_it_is_not_active_nobody_pays_it(
    alice: Person, bob: Person
) -> None:
    service = await _offer(bob, price="5.00")
    payment = (await _order(alice, service)).json()
    path = f"/v1/services/{service['id']}"
    change = {"is_active": False}
    strange = await alice.http.patch(path, json=change, headers=alice.headers)
    assert (strange.status_code, strange.json()["code"]) == (403, "only_owner_may_edit")
    assert (await bob.http.patch(path, json=change, headers=bob.headers)).status_code == 200
    refused = [await _order(alice, service), await alice.pay(payment["id"])]
    assert {(one.status_code, one.json()["code"]) for one in refused} == {
        (422, "service_not_active")
    }


async def test_without_a_token_nobody_offers_a_service(http: httpx.AsyncClient) -> None:
    for path in ("/v1/services", "/v1/services/create"):
        answer = await http.post(path, json={"name": "Phone"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


async def test_hundreds_of_payments_settle_at_the_published_failure_rates(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    service = await _offer(bob, price="1.00")
    await alice.top_up(f"{PAYMENTS}.00")
    orders = await asyncio.gather(*(_order(alice, service) for _ in range(PAYMENTS)))
    free = asyncio.Semaphore(AT_ONCE)

    async def paid(order: httpx.Response) -> str:
        async with free:
            answer = await alice.pay(order.json()["id"], wait=25)
            return str(answer.json()["status"])

    assert Counter(await asyncio.gather(*map(paid, orders))) == {"paid": PAYMENTS}
    assert (await alice.wallet())["balance"]["amount"] == "0.00"
    assert (await bob.wallet())["balance"]["amount"] == f"{PAYMENTS}.00"
    for name, rate in VERIFIERS.items():
        state = (await http.get(f"/sandbox/verify/{name}")).json()
        # At least: an answer that comes too late is asked for again.
        assert state["asked"] - state["failed"] >= PAYMENTS
        assert abs(state["failed"] / state["asked"] - rate) < 0.1


@pytest.mark.parametrize("mode", ["down", "nonsense"])
async def test_with_a_service_down_payments_fail_at_the_deadline_and_hold_nothing(
    http: httpx.AsyncClient, alice: Person, bob: Person, mode: str
) -> None:
    await _behave(http, two=mode)
    service = await _offer(bob, price="1.00")
    await alice.top_up("20.00")
    ids = [(await _order(alice, service)).json()["id"] for _ in range(20)]
    await asyncio.gather(*(alice.pay(one) for one in ids))
    ended = await asyncio.gather(*(alice.settled(one, within=60.0) for one in ids))
    assert {(one["status"], one["failure_reason"]) for one in ended} == {
        ("failed", "check_unavailable")
    }
    wallet = await alice.wallet()
    assert (wallet["balance"]["amount"], wallet["held"]["amount"]) == ("20.00", "0.00")
    await _behave(http, one="ok", two="ok")
    recovered = (await _order(alice, service)).json()["id"]
    assert (await alice.pay(recovered, wait=20)).json()["status"] == "paid"


async def test_the_timeline_tells_every_try_and_the_entries_of_the_ledger(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    await http.put("/sandbox/verify/two", json={"failure_rate": 0.7, "seed": 5})
    await alice.top_up("5.00")
    payment = (await _order(alice, await _offer(bob, price="5.00"))).json()
    assert (await alice.pay(payment["id"], wait=25)).json()["status"] == "paid"
    asked = (await http.get("/sandbox/verify/two")).json()["asked"]
    path = f"/v1/payments/{payment['id']}/timeline"
    told = (await alice.get(path)).json()
    assert told["unavailable"] == []
    items = told["items"]
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    # What an earlier test has done to the breaker may have held it back for a moment.
    asking = [item for item in items if item["kind"] == "check" and item["code"] != "held_back"]
    tries = [item for item in asking if item["verifier"] == "two"]
    assert [item["code"] for item in tries] == ["failed"] * (asked - 1) + ["ok"]
    assert len({item["at"] for item in tries}) == asked
    entries = [(item["amount"], item["seq"] is None) for item in items if item["kind"] == "entry"]
    assert sorted(entries) == [("-5.00", False), ("5.00", True)]
    steps = [(item["step"], item["code"]) for item in items if item["kind"] == "step"]
    assert steps[0] == ("reserve", "asked")
    assert steps[-1] == ("settle", "done")
    theirs = (await bob.get(path)).json()["items"]
    assert [item["kind"] for item in theirs].count("entry") == 1
    assert {item["kind"] for item in theirs} == {"request", "message", "entry"}


async def test_a_definite_no_fails_the_payment_with_its_reason_and_releases_the_hold(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    await _behave(http, one="ok", two="deny")
    await alice.top_up("5.00")
    payment = (await _order(alice, await _offer(bob, price="5.00"))).json()
    ended = (await alice.pay(payment["id"], wait=20)).json()
    assert (ended["status"], ended["failure_reason"]) == ("failed", "check_denied")
    wallet = await alice.wallet()
    assert (wallet["balance"]["amount"], wallet["held"]["amount"]) == ("5.00", "0.00")
