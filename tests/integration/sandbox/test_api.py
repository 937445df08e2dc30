"""The sandbox over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.app import build
from sandbox.settings import Settings

QUESTION = {
    "payment_id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
    "amount": "15000.00",
    "currency": "RUB",
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build(Settings()).web)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
        yield client


async def test_a_service_can_be_told_to_agree_deny_or_fail(client: httpx.AsyncClient) -> None:
    await client.put("/sandbox/verify/one", json={"failure_rate": 0})
    agreed = await client.post("/sandbox/verify/one", json=QUESTION)
    await client.put("/sandbox/verify/one", json={"failure_rate": 0, "mode": "deny"})
    denied = await client.post("/sandbox/verify/one", json=QUESTION)
    await client.put("/sandbox/verify/one", json={"failure_rate": 1})
    failed = await client.post("/sandbox/verify/one", json=QUESTION)

    assert (agreed.status_code, agreed.json()) == (200, {"verdict": "ok", "reason": None})
    assert (denied.status_code, denied.json()["verdict"]) == (200, "denied")
    assert denied.json()["reason"]
    assert (failed.status_code, failed.json()["code"]) == (503, "verifier_failed")


async def test_a_service_can_be_down_slow_or_talk_nonsense(client: httpx.AsyncClient) -> None:
    await client.put("/sandbox/verify/one", json={"mode": "down"})
    down = await client.post("/sandbox/verify/one", json=QUESTION)
    assert (down.status_code, down.json()["code"]) == (502, "verifier_down")
    await client.put("/sandbox/verify/one", json={"mode": "slow", "delay_ms": 1})
    slow = await client.post("/sandbox/verify/one", json=QUESTION)
    assert slow.json() == {"verdict": "ok", "reason": None}
    await client.put("/sandbox/verify/one", json={"mode": "nonsense"})
    answers = [await client.post("/sandbox/verify/one", json=QUESTION) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 4


async def test_a_service_that_times_out_keeps_silent(client: httpx.AsyncClient) -> None:
    await client.put("/sandbox/verify/one", json={"mode": "time_out"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await client.post("/sandbox/verify/one", json=QUESTION)
    assert (await client.get("/sandbox/verify/one")).json()["asked"] == 1


async def test_one_service_is_changed_without_the_other(client: httpx.AsyncClient) -> None:
    await client.put("/sandbox/verify/one", json={"failure_rate": 1})
    await client.put("/sandbox/verify/two", json={"failure_rate": 0})
    assert (await client.post("/sandbox/verify/one", json=QUESTION)).status_code == 503
    assert (await client.post("/sandbox/verify/two", json=QUESTION)).status_code == 200


async def test_a_seed_repeats_the_failures(client: httpx.AsyncClient) -> None:
    seen = []
    for _ in range(2):
        await client.put("/sandbox/verify/two", json={"failure_rate": 0.5, "seed": 11})
        answers = [await client.post("/sandbox/verify/two", json=QUESTION) for _ in range(30)]
        seen.append([answer.status_code for answer in answers])
    assert seen[0] == seen[1]
    assert {200, 503} == set(seen[0])


async def test_the_state_tells_behaviour_and_counts(client: httpx.AsyncClient) -> None:
    change = {"failure_rate": 1.0, "seed": 2, "mode": "deny", "delay_ms": 1}
    set_to = await client.put("/sandbox/verify/one", json=change)
    await client.post("/sandbox/verify/one", json=QUESTION)
    state = await client.get("/sandbox/verify/one")
    assert set_to.json() == {"name": "one", **change, "asked": 0, "failed": 0}
    assert state.json() == {"name": "one", **change, "asked": 1, "failed": 1}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_third_service_is_not_found(client: httpx.AsyncClient, method: str) -> None:
    body = {"GET": None, "POST": QUESTION, "PUT": {"failure_rate": 0}}[method]
    answer = await client.request(method, "/sandbox/verify/three", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "verifier_unknown")


@pytest.mark.parametrize(
    "change",
    [
        {"failure_rate": 2},
        {"failure_rate": -0.1},
        {"failure_rate": "0.5"},
        {"failure_rate": 0, "mode": "perhaps"},
        {"failure_rate": 0, "delay_ms": -1},
        {"failure_rate": 0, "delay_ms": 60_001},
        {"failure_rate": 0, "colour": "red"},
    ],
    ids=str,
)
async def test_a_behaviour_that_makes_no_sense_is_refused_and_changes_nothing(
    client: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    before = (await client.get("/sandbox/verify/one")).json()
    answer = await client.put("/sandbox/verify/one", json=change)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await client.get("/sandbox/verify/one")).json() == before


@pytest.mark.parametrize(
    "changed",
    [{"payment_id": "7"}, {"amount": 150}, {"amount": "1e3"}, {"currency": "XXX?"}, {"user": "a"}],
    ids=str,
)
async def test_a_question_that_makes_no_sense_is_refused_and_not_counted(
    client: httpx.AsyncClient, changed: dict[str, Any]
) -> None:
    answer = await client.post("/sandbox/verify/one", json=QUESTION | changed)
    assert answer.status_code == 422
    assert (await client.get("/sandbox/verify/one")).json()["asked"] == 0
