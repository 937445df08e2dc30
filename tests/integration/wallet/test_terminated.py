"""PostgreSQL ends connections while wallet works: no 500, and money is exact."""

import asyncio

from tests.integration.wallet.world import World

from kit.tasks import all_of
from testkit.databases import Cluster

CALLERS, EACH = 6, 10
BETWEEN = 20  # answers, before all connections are ended again
ENDS = 6


async def test_top_ups_sent_again_with_their_keys_are_posted_once_each(
    world: World, cluster: Cluster
) -> None:
    statuses: list[int] = []
    body = {"amount": "1.00", "currency": "RUB"}
    answered = asyncio.Semaphore(0)

    async def top_up_all() -> None:
        caller = world.caller()
        for number in range(EACH):
            status = 0
            while status != 201:
                key = {"Idempotency-Key": f"{number}"}
                answer = await caller.post("/v1/wallets/top-up", body, key)
                status = answer.status_code
                statuses.append(status)
                answered.release()
                assert status in (201, 503) or answer.json()["code"] == "idempotency_in_flight"
                assert status != 503 or answer.headers["retry-after"] == "1"
            shown = await caller.get("/v1/wallets/me?currency=RUB")
            statuses.append(shown.status_code)
            if shown.status_code == 200:
                assert shown.json()["balance"]["amount"] == f"{number + 1}.00"
        for _ in range(BETWEEN):  # whoever waits for more must not wait for ever
            answered.release()

    async def end_them() -> None:
        for _ in range(ENDS):
            for _ in range(BETWEEN):
                await answered.acquire()
            await cluster.end_connections("wallet")

    await all_of([end_them(), *(top_up_all() for _ in range(CALLERS))])

    assert {200, 201} <= set(statuses) <= {200, 201, 409, 503}
    await world.check_ledger()
    assert await world.row("SELECT sum(balance_minor) FROM account WHERE kind = 'wallet'") == (
        CALLERS * EACH * 100,
    )
