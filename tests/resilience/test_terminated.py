"""PostgreSQL ends every connection of every service, again and again, under load."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
from deploy.stack import Stack

from kit.ids import new_id
from kit.tasks import all_of
from testkit.people import PASSWORD, Person

PAYERS = 8
PAYMENTS_EACH = 15
ENDS = 10
BETWEEN = 25  # answers, before all connections are ended again
SETTLE_SECONDS = 60
END_ALL = """
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

Send = Callable[[], Awaitable[httpx.Response]]


class Traffic:
    """What was asked and answered; some requests are sent again until they are answered."""

    def __init__(self) -> None:
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.bad: list[str] = []
        self.answered = asyncio.Semaphore(0)

    async def ask(self, name: str, send: Send) -> httpx.Response:
        """Ask until it is done, as a client does who heeds Retry-After and sends its key again."""
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            answer = await send()
            self.statuses[name, answer.status_code] += 1
            self.answered.release()
            if answer.status_code >= 500 and answer.status_code != 503:
                self.bad.append(f"{name}: {answer.status_code} {answer.text[:300]}")
            if answer.status_code == 503 and not answer.headers.get("retry-after"):
                self.bad.append(f"{name}: 503 without Retry-After")
            is_passing = answer.status_code >= 500 or answer.status_code == 429
            is_in_flight = "idempotency_in_flight" in answer.text
            if not (is_passing or is_in_flight):
                return answer
            assert time.monotonic() < until, answer.text
            await asyncio.sleep(0.05)


@pytest.mark.check(64)
async def test_all_connections_end_ten_times_and_every_payment_is_made_once(
    stack: Stack, http: httpx.AsyncClient, record_property: Callable[[str, object], None]
) -> None:
    bob = await Person.arrive(http, "bob")
    payers = [await Person.arrive(http, "payer") for _ in range(PAYERS)]
    for payer in payers:
        await payer.top_up("100.00")
    traffic = Traffic()
    ended = await _all_while_connections_end(
        stack.postgres_url, traffic, [_live(traffic, payer, bob) for payer in payers]
    )
    begun = time.monotonic()
    paid = await asyncio.gather(*(_settled(traffic, payer) for payer in payers))
    record_property("healthy_after_ms", round(1000 * (time.monotonic() - begun)))
    record_property(
        "answers", {f"{name} {code}": n for (name, code), n in traffic.statuses.items()}
    )
    assert ended >= ENDS
    assert traffic.bad == []
    assert sum(traffic.statuses.values()) >= 200
    assert Counter(status for each in paid for status in each) == {"paid": PAYERS * PAYMENTS_EACH}
    # Two top-ups of 100.00 each, one of them under load, sent again with its key.
    for payer in payers:
        assert (await payer.balance(), await payer.held()) == (200 - PAYMENTS_EACH, 0)
    assert await bob.balance() == Decimal(PAYERS * PAYMENTS_EACH)


async def _all_while_connections_end(url: str, traffic: Traffic, works: list[Any]) -> int:
    """Run the works; return how many connections were ended meanwhile."""
    connection = await asyncpg.connect(url)
    ended = 0

    async def end_them() -> None:
        nonlocal ended
        for _ in range(ENDS):
            for _ in range(BETWEEN):
                await traffic.answered.acquire()
            ended += await connection.fetchval(END_ALL)

    try:
        await all_of([end_them(), *works])
    finally:
        await connection.close()
    return ended


async def _live(traffic: Traffic, payer: Person, payee: Person) -> None:
    """Top up once, make payments, and look and log in between."""

    def post(path: str, body: Any = None) -> Send:
        headers = {**payer.headers, "Idempotency-Key": str(new_id())}
        return lambda: payer.http.post(path, json=body, headers=headers)

    topped = await traffic.ask(
        "top up", post("/v1/wallets/top-up", {"amount": "100.00", "currency": "RUB"})
    )
    assert topped.status_code == 201, topped.text
    body = {"payee": {"username": payee.username}, "amount": "1.00", "currency": "RUB"}
    login = {"username": payer.username, "password": PASSWORD}
    for number in range(PAYMENTS_EACH):
        made = await traffic.ask("create", post("/v1/payments", body))
        assert made.status_code == 201, made.text
        paid = await traffic.ask("pay", post(f"/v1/payments/{made.json()['id']}/pay"))
        assert paid.status_code in {200, 202}, paid.text
        for name, path in (
            ("payment", f"/v1/payments/{made.json()['id']}"),
            ("payments", "/v1/payments"),
            ("wallet", "/v1/wallets/me?currency=RUB"),
            ("me", "/v1/me"),
            ("notifications", "/v1/notifications"),
        ):
            seen = await traffic.ask(name, lambda path=path: payer.get(path))  # type: ignore[misc]
            assert seen.status_code == 200, (name, seen.text)
        if number % 5 == 0:
            again = await traffic.ask(
                "login", lambda: payer.http.post("/v1/auth/login", json=login)
            )
            assert again.status_code == 200, again.text


async def _settled(traffic: Traffic, payer: Person) -> list[str]:
    """Return how all payments of a payer ended, once they have."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        answer = await traffic.ask("settled", lambda: payer.get("/v1/payments", limit=100))
        found = [item["status"] for item in answer.json()["items"]]
        if "processing" not in found:
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.02)
