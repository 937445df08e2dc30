"""What payments asks and reads is what the sandbox reads and says."""

from collections.abc import AsyncIterator

import httpx
import pytest

from kit.clock import SystemClock
from kit.ids import new_id
from payments.clients.verifiers import Verifiers
from payments.domain.reasons import CHECK_DENIED, CHECK_UNAVAILABLE
from sandbox.app import build
from sandbox.settings import Settings

URLS = {
    "one": "http://sandbox.test/sandbox/verify/one",
    "two": "http://sandbox.test/sandbox/verify/two",
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build(Settings()).web)
    async with httpx.AsyncClient(transport=transport) as client:
        yield client


@pytest.mark.parametrize(
    ("one", "two", "refusal"),
    [
        ({"failure_rate": 0}, {"failure_rate": 0}, None),
        ({"failure_rate": 0.25, "seed": 3}, {"failure_rate": 0.25, "seed": 4}, None),
        ({"failure_rate": 0}, {"failure_rate": 0, "mode": "deny"}, CHECK_DENIED),
        ({"mode": "slow", "delay_ms": 20}, {"mode": "slow", "delay_ms": 40}, None),
        ({"failure_rate": 0}, {"failure_rate": 1}, CHECK_UNAVAILABLE),
        ({"mode": "down"}, {"mode": "ok"}, CHECK_UNAVAILABLE),
        ({"mode": "nonsense"}, {"mode": "ok"}, CHECK_UNAVAILABLE),
        ({"mode": "time_out"}, {"mode": "ok"}, CHECK_UNAVAILABLE),
    ],
    ids=[
        *("agreed", "agreed at last", "denied", "slow"),
        *("never answered", "down", "nonsense", "silent"),
    ],
)
async def test_every_outcome_is_understood(
    client: httpx.AsyncClient, one: object, two: object, refusal: str | None
) -> None:
    await client.put(URLS["one"], json=one)
    await client.put(URLS["two"], json=two)
    verifiers = Verifiers(client, URLS, SystemClock(), 2.0 if refusal is None else 0.5)
    outcome = await verifiers.check(new_id(), {"amount_minor": 1_500_000, "currency": "RUB"})
    assert outcome.refusal == refusal
