"""Several replicas of a service: one is killed and does not come back; the others do its work."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS
from tests.resilience.conftest import ROOT

from testkit.people import Person

PAYERS, OF_EACH = 6, 10  # their commands are spread over both wallets' queues
SETTLE_SECONDS = 30


@pytest.fixture(scope="module")
def several() -> Iterator[Stack]:
    made = Stack(
        root=ROOT,
        local=ROOT / ".local/test/replicas",
        settings=ROOMY_LIMITS,
        replicas={"wallet": 2, "payments": 2},
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def client(several: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=several.gateway_url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("killed", ["wallet-2", "payments-2", "wallet"])
async def test_without_one_of_the_replicas_every_payment_is_paid_once(
    several: Stack, client: httpx.AsyncClient, killed: str
) -> None:
    payee = await Person.arrive(client, "payee")
    payers = [await Person.arrive(client, "payer") for _ in range(PAYERS)]
    for one in payers:
        assert (await one.top_up("100.00")).status_code == 201

    async def pay(payer: Person) -> None:
        for _ in range(OF_EACH):
            payment = await payer.create(payee, "1.00")
            answer = await payer.pay(payment["id"])
            assert answer.status_code in (200, 202), answer.text

    async with asyncio.TaskGroup() as paying:
        for one in payers:
            paying.create_task(pay(one))
    several.processes.end(killed, signal.SIGKILL, SETTLE_SECONDS)
    try:
        for payer in payers:
            found = (await payer.get("/v1/payments", limit=100)).json()["items"]
            ended = [await payer.settled(one["id"], within=SETTLE_SECONDS) for one in found]
            assert Counter(one["status"] for one in ended) == {"paid": OF_EACH}
            assert await payer.balance() == Decimal(100 - OF_EACH)
            # Their next one goes to whoever reads the queue now.
            last = await payer.create(payee, "1.00")
            assert (await payer.pay(last["id"], wait=SETTLE_SECONDS)).json()["status"] == "paid"
        assert await payee.balance() == Decimal(PAYERS * (OF_EACH + 1))
    finally:
        await asyncio.to_thread(several.start)
