"""What is too large, and what is no HTTP: SECURITY checks 38, 44, 54."""

import asyncio
import contextlib
import re
from typing import Any

import pytest
from tests.integration.gateway.ambiguous import AMBIGUOUS, SMUGGLED

from gateway.forwarding.headers import MAX_HEADER_BYTES, MAX_HEADERS
from gateway.routing.paths import MAX_URI_BYTES
from gateway.server import MAX_HEAD_BYTES

LIMIT = 1024 * 1024


async def test_a_body_of_exactly_the_limit_passes(door: Any, service: Any) -> None:
    answer = await door.request("POST", "/v1/payments", content=b"x" * LIMIT)
    assert answer.status_code == 200
    assert len(service.seen[0].body) == LIMIT


@pytest.mark.check(38)
async def test_a_body_announced_above_the_limit_is_refused_before_the_service_hears_of_it(
    door: Any, service: Any
) -> None:
    answer = await door.request("POST", "/v1/payments", content=b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert service.seen == []


async def test_an_announced_body_is_refused_before_it_is_sent(door: Any, service: Any) -> None:
    token = door.desk.mint.user().encode()
    answer = await door.raw(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: 99999999\r\n\r\n" % token
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert service.seen == []


async def test_a_body_that_is_expected_is_asked_for(door: Any, service: Any) -> None:
    token = door.desk.mint.user().encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: 2\r\n\r\n" % token
    )
    async with asyncio.timeout(10):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()
    assert service.seen[0].body == b"{}"
    assert service.seen[0].header("expect") is None


@pytest.mark.check(38)
async def test_a_body_that_turns_out_above_the_limit_is_refused(door: Any, service: Any) -> None:
    async def chunks() -> Any:
        for _ in range(30):
            yield b"x" * 50_000

    answer = await door.request("POST", "/v1/payments", content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert service.seen == []  # it never saw the end of a request
    assert (await door.get("/v1/wallets")).status_code == 200


async def test_the_limit_is_a_setting(open_door: Any) -> None:
    door = await open_door(max_body_bytes=2048)
    assert (await door.request("POST", "/v1/payments", content=b"x" * 2048)).status_code == 200
    refused = await door.request("POST", "/v1/payments", content=b"x" * 2049)
    assert refused.status_code == 413
    assert "2048" in refused.json()["detail"]


async def test_an_import_may_be_as_large_as_a_file(open_door: Any, service: Any) -> None:
    door = await open_door(max_body_bytes=2048, max_import_bytes=100_000)
    file = b"x" * 100_000
    assert (await door.request("POST", "/v1/payments/bulk/", content=file)).status_code == 200
    assert service.seen[0].body == file
    refused = await door.request("POST", "/v1/payments/bulk", content=file + b"x")
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert (await door.request("PUT", "/v1/payments/bulk", content=file)).status_code == 413


@pytest.mark.check(38)
async def test_an_address_of_16_kib_is_refused(door: Any, service: Any) -> None:
    for path in ("/v1/" + "x" * 16_384, "/v1/wallets?q=" + "x" * 16_384):
        answer = await door.get(path)
        assert (answer.status_code, answer.json()["code"]) == (414, "uri_too_long")
    assert service.seen == []


async def test_an_address_up_to_the_limit_passes(door: Any, service: Any) -> None:
    path = "/v1/wallets?q="
    query = "x" * (MAX_URI_BYTES - len(path) + 1)
    assert (await door.get(path + query)).status_code == 200
    assert (await door.get(path + query + "x")).status_code == 414
    assert len(service.seen) == 1


@pytest.mark.check(38)
async def test_a_header_block_of_64_kib_is_refused(door: Any, service: Any) -> None:
    for headers in (
        {"X-Large": "x" * 65_536},
        {f"X-Part-{number}": "x" * 1024 for number in range(64)},
        {f"X-{number}": "x" for number in range(MAX_HEADERS + 1)},
    ):
        answer = await door.get("/v1/wallets", headers=headers)
        assert answer.status_code == 431
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "headers_too_large"
        assert answer.headers["x-request-id"]
    assert service.seen == []


async def test_headers_below_the_limit_pass(door: Any) -> None:
    headers = {f"X-Part-{number}": "x" * 1000 for number in range(MAX_HEADER_BYTES // 1024 - 2)}
    assert (await door.get("/v1/wallets", headers=headers)).status_code == 200


@pytest.mark.check(38)
@pytest.mark.parametrize("start", [b"GET /v1/wallets HTTP/1.1\r\nX-A: ", b"GET /"])
async def test_a_head_without_an_end_is_cut_off(door: Any, start: bytes) -> None:
    sent = start + b"x" * (MAX_HEAD_BYTES + 1)
    answer = await door.raw(sent, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer


async def test_a_large_body_is_not_taken_for_a_head(door: Any, service: Any) -> None:
    body = b"x" * (MAX_HEAD_BYTES * 4)
    for _ in range(3):
        assert (await door.request("POST", "/v1/payments", content=body)).status_code == 200
    assert [len(seen.body) for seen in service.seen] == [len(body)] * 3


@pytest.mark.check(54)
@pytest.mark.parametrize(
    "request_bytes",
    AMBIGUOUS,
    ids=lambda request: repr(request[:90]),
)
async def test_what_two_readers_could_read_differently_is_refused_and_the_connection_closed(
    door: Any, service: Any, request_bytes: bytes
) -> None:
    answer = await door.raw(request_bytes + SMUGGLED, until_closed=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer.lower()
    assert service.seen == []


async def test_requests_sent_one_behind_the_other_are_answered_in_order(
    door: Any, service: Any
) -> None:
    one = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
    last = b"POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    last += b"Content-Length: 1\r\n\r\n2"
    answer = await door.raw(one + last, until_closed=True)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert [seen.body for seen in service.seen] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (b"\x16\x03\x01\r\n\r\n", b"400"),
        (b"GET /v1/services HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /v1/services HTTP/1.1\r\nX-A: " + b"x" * (2 * MAX_HEAD_BYTES), b"431"),
    ],
    ids=["no HTTP", "no host", "no end"],
)
async def test_what_is_refused_is_refused_after_the_answers_before_it(
    door: Any, service: Any, last: bytes, status: bytes
) -> None:
    one = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
    answer = await door.raw(one * 2 + last, until_closed=True)
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"200", status]
    assert len(service.seen) == 2


async def test_more_requests_wait_than_a_head_may_have_bytes(door: Any, service: Any) -> None:
    one = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
    count = 4 * MAX_HEAD_BYTES // len(one)
    last = b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await door.raw(one * count + last, until_closed=True)
    assert answer.count(b"HTTP/1.1 200 ") == count
    assert len(service.seen) == count
    assert answer.count(b"HTTP/1.1 404 ") == 1


@pytest.mark.check(44)
@pytest.mark.parametrize(
    "value",
    [
        b"a\r\nX-Evil: 1",
        b"a\nX-Evil: 1",
        b"a\rX-Evil: 1",
        b"a\r\n X-Evil: 1",
        b"a%0d%0aX-Evil: 1",
        b"a\xc4\x8dX-Evil: 1",  # č, whose number ends in 0D
        b"a\x0bX-Evil: 1",
        b"a\x85X-Evil: 1",
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        *(b"X-Request-Id", b"traceparent", b"Idempotency-Key", b"Origin", b"Prefer"),
        *(b"Accept-Language", b"Access-Control-Request-Headers", b"If-None-Match", b"Host"),
    ],
)
@pytest.mark.parametrize(
    "line", [b"GET /v1/services", b"OPTIONS /v1/services", b"GET /v1/nothing?a=%0d%0aX-Evil:%201"]
)
async def test_a_line_break_never_gets_into_an_answer(
    door: Any, line: bytes, name: bytes, value: bytes
) -> None:
    given = {b"Host": b"x", name: value}
    heads = b"".join(b"%b: %b\r\n" % header for header in given.items())
    answer = await door.raw(
        b"%b HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (line, heads), until_closed=True
    )
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert not [one for one in lines[1:] if one.startswith((b"x-evil", b" ", b"\t"))]
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", b"".join(lines))
    assert b"HTTP/1.1" not in rest


async def test_what_follows_a_body_is_no_header(door: Any, service: Any) -> None:
    token = door.desk.mint.user().encode()
    answer = await door.raw(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Authorization: Bearer %b\r\nConnection: close\r\n\r\n"
        b"2\r\n{}\r\n0\r\nX-Late: 1\r\nPrefer: wait=30\r\n\r\n" % token
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert service.seen[0].body == b"{}"
    assert service.seen[0].header("x-late") is None
    assert service.seen[0].header("prefer") is None


@pytest.mark.check(38)
@pytest.mark.parametrize("after", [b"0\r\nX-Late: ", b"1;x="])
async def test_what_is_sent_between_or_after_chunks_has_an_end(
    door: Any, service: Any, after: bytes
) -> None:
    token = door.desk.mint.user().encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        b"Authorization: Bearer %b\r\n\r\n2\r\n{}\r\n%b" % (token, after)
    )
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            for _ in range(40):
                writer.write(b"x" * 64 * 1024)
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
    writer.close()
    assert service.seen == []
