"""Somebody sends megabytes of nothing, again and again: everybody else's payments go through."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from itertools import count

import httpx
import pytest

from kit.tasks import spawn, stop
from testkit.people import Person

SENDERS = 4
PAYERS = 8
PAYMENTS_EACH = 5
LENGTH = 16 * 1024 * 1024
PIECE = 64 * 1024

BULK = "/v1/payments/bulk"
HOOK = "/v1/payments/webhooks/sandbox"
CSV, JSON, FORM = "text/csv", "application/json", "application/x-www-form-urlencoded"


def announced(body: bytes) -> bytes:
    return body


async def chunked(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


async def slow(body: bytes) -> AsyncIterator[bytes]:
    """Send a bit at a time, for as long as anybody listens."""
    for start in count(step=1024):
        yield body[start % LENGTH :][:1024]
        await asyncio.sleep(0.05)


Sent = Callable[[bytes], bytes | AsyncIterator[bytes]]


def filled(unit: bytes, start: bytes = b"") -> bytes:
    return (start + unit * (LENGTH // len(unit) + 1))[:LENGTH]


@pytest.mark.parametrize("sent", [announced, chunked, slow])
@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        (BULK, CSV, filled(b"x,")),
        (BULK, CSV, filled(b"x,", b"payee_username,amount\n")),
        (BULK, CSV, filled(b"\xff")),
        (BULK, CSV, filled(b"bob,1.00\n", b"payee_username,amount\n")),
        (BULK, JSON, filled(b"1,", b"[")),
        (BULK, JSON, filled(b"x", b'["')),
        (BULK, JSON, filled(b'{"payee":{"username":"bob"},"amount":"1"},', b"[")),
        (BULK, FORM, filled(b"a=b&")),
        ("/v1/payments", JSON, filled(b'"x":1,', b"{")),
        ("/v1/payments/quote", JSON, filled(b"9", b'{"amount":')),
        ("/v1/auth/token", FORM, filled(b"a=%41&")),
        (HOOK, JSON, filled(b"[")),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)
async def test_forty_payments_of_others_go_through(  # noqa: PLR0913, PLR0917 - the case's parts
    http: httpx.AsyncClient,
    record_property: Callable[[str, object], None],
    path: str,
    content_type: str,
    body: bytes,
    sent: Sent,
) -> None:
    mallory, bob = await Person.arrive(http, "mallory"), await Person.arrive(http, "bob")
    payers = [await Person.arrive(http, "payer") for _ in range(PAYERS)]
    for payer in payers:
        await payer.top_up("100.00")
    statuses: Counter[int] = Counter()
    async with AsyncExitStack() as clients:
        senders = []
        for number in range(SENDERS):
            client = await clients.enter_async_context(
                httpx.AsyncClient(base_url=http.base_url, timeout=60)
            )
            headers = {"Content-Type": content_type, **(mallory.headers if number % 2 else {})}
            senders.append(spawn(_send(client, path, headers, body, sent, statuses), "sender"))
        results = await asyncio.gather(*(_pay(payer, bob) for payer in payers))
        await stop(senders)
    assert Counter(status for ended, _ in results for status in ended) == {
        "paid": PAYERS * PAYMENTS_EACH
    }
    assert await bob.balance() == Decimal(PAYERS * PAYMENTS_EACH)
    assert all(400 <= status < 500 for status in statuses), statuses
    record_property("slowest_ms", round(1000 * max(slowest for _, slowest in results)))
    record_property("refused", dict(statuses))


async def _send(  # noqa: PLR0913, PLR0917 - as above
    client: httpx.AsyncClient,
    path: str,
    headers: dict[str, str],
    body: bytes,
    sent: Sent,
    statuses: Counter[int],
) -> None:
    while True:
        with suppress(httpx.TransportError):  # refused before the end, the connection is closed
            answer = await client.post(path, content=sent(body), headers=headers)
            statuses[answer.status_code] += 1


async def _pay(payer: Person, payee: Person) -> tuple[list[str], float]:
    """Pay one after the other; return how each ended, and what the slowest took in seconds."""
    ended, slowest = [], 0.0
    for _ in range(PAYMENTS_EACH):
        begun = time.monotonic()
        made = await payer.create(payee, "1.00")
        answer = await payer.pay(made["id"], wait=20)
        slowest = max(slowest, time.monotonic() - begun)
        ended.append(answer.json()["status"])
    return ended, slowest
