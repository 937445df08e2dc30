"""Requests that hide others, on raw sockets: to the running gateway, and through nginx before it.

Whatever becomes of such a request, nobody else is answered what was not theirs, and the gateway
sees no request that nginx has not seen.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest
from deploy.stack import Stack
from tests.e2e.edge import GATEWAY, Edge
from tests.integration.gateway.ambiguous import AMBIGUOUS, SMUGGLED

from kit.ids import new_id
from testkit.people import Person

SILENCE_SECONDS = 5  # after it, an open connection has nothing more to say
LONG = {
    "a head of 64 KiB": (b"GET /v1/services HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 65_536, 431),
    "an address of 16 KiB": (b"GET /v1/services?" + b"a" * 16_384 + b" HTTP/1.1\r\nHost: x", 414),
}


@dataclass(frozen=True)
class Way:
    """A door to the gateway: where to send bytes, and ordinary requests."""

    port: int
    http: httpx.AsyncClient
    gateway_log: Path
    edge: Edge | None = None

    async def send(self, data: bytes) -> bytes:
        """Send bytes as they are, and return what comes until the connection is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = b""
        writer.write(data)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while part := await asyncio.wait_for(reader.read(65_536), SILENCE_SECONDS):
                received += part
        writer.close()
        return received

    def seen_by_the_gateway(self, path: str) -> set[str]:
        """The ids of requests for a path."""
        lines = self.gateway_log.read_text().splitlines()
        said = [orjson.loads(line) for line in lines if f'"{path}"' in line]
        return {one["request_id"] for one in said if one["event"] == "request"}

    def seen_by_nginx(self, path: str) -> set[str]:
        """Likewise: nginx has read them as requests of their own, and hidden nothing."""
        lines = self.edge.lines() if self.edge else []
        return {one["request_id"] for one in lines if one["path"] == path}


@pytest.fixture(params=["gateway", "nginx"])
async def way(request: pytest.FixtureRequest, stack: Stack) -> AsyncIterator[Way]:
    if request.param == "gateway":
        edge, url, log = None, stack.gateway_url, stack.log_of("gateway")
    else:
        edge = request.getfixturevalue("running")
        edge.start_nginx(tls=False)
        url, log = edge.plain, stack.log_of(GATEWAY)
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield Way(httpx.URL(url).port or 80, http, log, edge)


async def others_get_their_own(way: Way, alice: Person) -> None:
    """Ask on fresh connections: an answer that was another's bears another id."""
    for _ in range(3):
        name = f"mine-{new_id()}"
        answer = await way.http.get("/v1/auth/me", headers=alice.headers | {"X-Request-Id": name})
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, name)
        assert answer.json()["username"] == alice.username


@pytest.mark.check(54)
async def test_what_is_hidden_reaches_nobody_and_others_get_their_own_answers(
    way: Way, alice: Person, stack: Stack
) -> None:
    for hiding in AMBIGUOUS:
        answer = await way.send(hiding + SMUGGLED)
        statuses = [int(one) for one in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]
        assert statuses, hiding
        assert 400 <= statuses[0] < 500 or statuses[0] == 505 or way.port != _port(stack), hiding
        await others_get_their_own(way, alice)  # on the same gateway, later: its log is written
        reached = way.seen_by_the_gateway("/v1/smuggled")
        assert reached <= way.seen_by_nginx("/v1/smuggled"), hiding
    assert way.seen_by_the_gateway("/v1/auth/me")


@pytest.mark.check(54)
async def test_the_gateway_answers_once_and_closes(stack: Stack, alice: Person) -> None:
    async with httpx.AsyncClient(base_url=stack.gateway_url) as http:
        way = Way(_port(stack), http, stack.log_of("gateway"))
        for hiding in AMBIGUOUS:
            answer = await way.send(hiding + SMUGGLED)
            assert answer.startswith(b"HTTP/1.1 400 "), hiding
            assert answer.count(b"HTTP/1.1 ") == 1, hiding
            assert b"application/problem+json" in answer
            assert b"connection: close" in answer.lower()


@pytest.mark.check(38)
@pytest.mark.parametrize("what", LONG)
async def test_what_is_too_long_is_refused_by_name(way: Way, what: str) -> None:
    sent, status = LONG[what]
    answer = await way.send(sent + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in answer


@pytest.mark.check(38)
async def test_a_body_that_turns_out_too_long_is_refused_by_name(way: Way, alice: Person) -> None:
    head = b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    token = f"Authorization: {alice.headers['Authorization']}\r\n\r\n".encode()
    chunks = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answer = await way.send(head + token + chunks * 64 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"body_too_large" in answer
    await others_get_their_own(way, alice)


@pytest.mark.check(5)
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND"])
async def test_a_method_that_nothing_has_shows_nothing(way: Way, method: str) -> None:
    head = f"{method} /v1/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = await way.send(head.encode() + b"X-Shown: a-secret\r\n\r\n")
    assert re.match(rb"HTTP/1\.1 40[05] ", answer), answer[:80]
    assert b"-secret" not in answer


@pytest.mark.check(5)
@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"]
)
async def test_no_header_changes_the_method(way: Way, alice: Person, name: str) -> None:
    headers = alice.headers | {name: "DELETE"}
    answer = await way.http.get("/v1/auth/me", headers=headers)
    assert answer.json()["username"] == alice.username
    assert (await way.http.get("/v1/auth/me", headers=alice.headers)).status_code == 200


def _port(stack: Stack) -> int:
    return httpx.URL(stack.gateway_url).port or 80
