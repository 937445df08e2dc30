"""What nobody means well by, sent to every operation: refused by name, and nobody waits for it."""

import asyncio
import gzip
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import SERVICES

from testkit.people import Person

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"
SHORT = 60_000  # below what any operation takes
# They take files, so the gateway lets more through to them.
LARGE = ("/v1/payments/bulk", "/v1/shop/catalogue", "/v1/finance/imports")
MADE_UP = "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07"

BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "a number out of range": (b'{"amount": 1e999999}', JSON),
    "a number of many digits": (b'{"amount": ' + b"9" * SHORT + b"}", JSON),
    "a fraction of many digits": (b'{"amount": 1.' + b"9" * SHORT + b"}", JSON),
    "an amount of many digits": (b'{"amount": "' + b"9" * SHORT + b'"}', JSON),
    "lists within lists": (b"[" * SHORT, JSON),
    "objects within objects": (b'{"a":' * (SHORT // 5) + b"1" + b"}" * (SHORT // 5), JSON),
    "one name again and again": (b'{"a":1' + b',"a":1' * (SHORT // 6 - 2) + b"}", JSON),
    "many names": (
        b'{"a":1' + b"".join(b',"%d":1' % number for number in range(6000)) + b"}",
        JSON,
    ),
    "many values": (b"[1" + b",1" * (SHORT // 2 - 2) + b"]", JSON),
    "a long text": (b'{"username": "' + b"x" * SHORT + b'"}', JSON),
    "a long text that looks like an address": (b'{"email": "' + b"a@" * 30_000 + b'"}', JSON),
    "a text of marks": (b'{"description": "' + b"\xcc\x81" * 25_000 + b'"}', JSON),
    "compressed": (gzip.compress(b" " * 10_000_000), {**JSON, "Content-Encoding": "gzip"}),
    "xml": (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        {"Content-Type": "application/xml"},
    ),
    "json in another encoding": (b"+ACIAIg-", {"Content-Type": "application/json; charset=utf-7"}),
    "text": (b"{}", {"Content-Type": "text/plain"}),
    "of no type": (b"{}", {"Content-Type": ""}),
    "in parts": (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 1000 + b"--x--",
        {"Content-Type": "multipart/form-data; boundary=x"},
    ),
    "a form of many fields": (
        b"&".join(b"a%d=" % number for number in range(8000)),
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "a form of escapes": (
        b"username=" + b"%F0%9F%8E%84" * 4900,
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
}
LENGTHS = [66_000, 330_000, 600_000, 1_048_576, 1_048_577, 2_000_000]


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path.replace("{provider}", "bank").replace("{name}", "x"), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def taking_a_body(operations: list[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    for method, path, operation in operations:
        if "requestBody" in operation and "inbox" not in path:  # which takes whatever comes
            filled = "/".join(MADE_UP if "{" in part else part for part in path.split("/"))
            yield method, filled


def refused(answer: httpx.Response) -> bool:
    return 400 <= answer.status_code < 500 and answer.headers["content-type"] == PROBLEM


@pytest.mark.check(29, 35, 36, 37, 41)
@pytest.mark.parametrize("kind", BODIES)
async def test_every_operation_refuses_it(
    http: httpx.AsyncClient,
    alice: Person,
    operations: list[tuple[str, str, dict[str, Any]]],
    kind: str,
) -> None:
    body, headers = BODIES[kind]
    wrong = {}
    for method, path in taking_a_body(operations):
        answer = await http.request(
            method, path, content=body, headers={**headers, **alice.headers}
        )
        if not refused(answer):
            wrong[method, path] = answer.status_code, answer.text[:200]
    assert wrong == {}


def resident(stack: Stack) -> dict[str, int]:
    """Return the memory of every service and the gateway, in MiB (proc(5))."""
    found = {}
    for service in SERVICES:
        identity = stack.processes.identity_of(service.name)
        assert identity is not None
        status = Path(f"/proc/{identity.pid}/status").read_text()
        [kibibytes] = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        found[service.name] = int(kibibytes) // 1024
    return found


ENORMOUS = {
    "lists within lists": b"[" * 100_000 + b"]" * 100_000,
    "objects within objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a million values": b"[1" + b",1" * 999_999 + b"]",
    "a long text": b'{"username": "' + b"x" * 10_000_000 + b'"}',
}
MOST_GROWTH = 64  # MiB; ten of these bodies at once, kept, would be more


@pytest.mark.check(37)
async def test_what_is_deep_or_long_is_refused_and_leaves_memory_as_it_was(
    stack: Stack,
    http: httpx.AsyncClient,
    alice: Person,
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    wrong = {}

    async def send(method: str, path: str, kind: str) -> None:
        headers = {**JSON, **alice.headers}
        answer = await http.request(method, path, content=ENORMOUS[kind], headers=headers)
        if not refused(answer):
            wrong[method, path, kind] = answer.status_code, answer.text[:200]

    async def send_all() -> None:
        for kind, (method, path) in product(ENORMOUS, taking_a_body(operations)):
            if kind.endswith("within objects") or path in LARGE:
                await send(method, path, kind)
        for kind, path in product(ENORMOUS, LARGE):
            await asyncio.gather(*(send("POST", path, kind) for _ in range(10)))

    await send_all()
    before = resident(stack)
    for _ in range(2):
        await send_all()
    after = resident(stack)
    assert wrong == {}
    grown = {name: after[name] - before[name] for name in before}
    assert max(grown.values()) < MOST_GROWTH, (before, after)


@pytest.mark.check(37, 38)
@pytest.mark.parametrize("length", LENGTHS)
async def test_a_long_body_is_too_large_for_every_operation_but_those_that_need_it(
    http: httpx.AsyncClient,
    alice: Person,
    operations: list[tuple[str, str, dict[str, Any]]],
    length: int,
) -> None:
    body = b'{"username": "' + b"x" * length + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    statuses: Counter[int] = Counter()
    wrong = {}
    for method, path in taking_a_body(operations):
        for content in (body, pieces()):
            answer = await http.request(
                method, path, content=content, headers={**JSON, **alice.headers}
            )
            statuses[answer.status_code] += 1
            if not refused(answer):
                wrong[method, path, type(content).__name__] = answer.status_code, answer.text[:200]
    assert wrong == {}
    assert statuses[413] > sum(statuses.values()) / 3  # others are for administrators, or a form


@pytest.mark.check(38)
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/payments", "&".join(f"a{number}=1" for number in range(500))),
        ("/v1/payments", "&".join("status=paid" for _ in range(500))),
        ("/v1/payments", "search=" + "%25_" * 1500),
        ("/v1/payments", "cursor=" + "A" * 7000),
        ("/v1/payments", "from=" + "9" * 7000),
        ("/v1/payments", "amount_min=" + "9" * 7000),
        ("/v1/payments", "amount_min=1e999999"),
        ("/v1/payments", "limit=" + "9" * 7000),
        ("/v1/payments", "tz=" + "Europe/" * 900),
        ("/v1/wallets/me/statement", "from=" + "2026-" * 1500),
        ("/v1/services", "search=" + "a" * 7000),
        ("/v1/payments/" + "9" * 7000, ""),
        ("/v1/" + "a/" * 3500, ""),
        ("/v1/" + "payment" * 1000, ""),
    ],
    ids=lambda text: text[:30],
)
async def test_a_long_query_is_refused(alice: Person, path: str, query: str) -> None:
    answer = await alice.http.get(f"{path}?{query}", headers=alice.headers)
    assert refused(answer), (answer.status_code, answer.text[:200])


@pytest.mark.check(38)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer " + "a" * 20_000),
        ("Authorization", "Bearer " + "a." * 10_000),
        ("Authorization", "Bearer " + "eyJhbGciOiJFUzI1NiJ9." * 900),
        ("Idempotency-Key", "k" * 20_000),
        ("Accept-Language", ",".join("ru;q=0.1" for _ in range(2500))),
        ("Prefer", "wait=" + "9" * 20_000),
        ("Prefer", ",".join("wait=1" for _ in range(3000))),
        ("X-Request-Id", "x" * 20_000),
        ("Traceparent", "0" * 20_000),
        ("Last-Event-Id", "x" * 20_000),
        ("Cookie", "a=b;" * 5000),
        ("Range", "bytes=" + ",".join("0-1" for _ in range(5000))),
    ],
    ids=lambda text: text[:20],
)
async def test_a_long_header_does_no_harm(
    alice: Person, bob: Person, name: str, value: str
) -> None:
    body = {"payee": {"username": bob.username}, "amount": "1.00"}
    answer = await alice.http.post(
        "/v1/payments", json=body, headers={**alice.headers, name: value}
    )
    assert answer.status_code == 201 or refused(answer), answer.text[:200]
    assert (await alice.get("/v1/payments")).status_code == 200
