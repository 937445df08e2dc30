"""A request reaches its service as it was sent, and the answer comes back as it was given."""

import asyncio
import base64
import os
from typing import Any

import httpx
import pytest
from tests.integration.gateway.room import SERVICES

from kit.ids import new_id

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_method_path_query_and_body_arrive_unchanged(
    door: Any, service: Any, method: str
) -> None:
    path = "/v1/payments/%D0%BF%20x/a@b:c?limit=2&q=%2F..%2F&empty="
    answer = await door.request(method, path, content=b'{"a": 1.50}')
    [seen] = service.seen
    assert answer.status_code == 200
    assert (seen.method, seen.path) == (method, "/v1/payments/%D0%BF%20x/a@b:c")
    assert seen.query == "limit=2&q=%2F..%2F&empty="
    assert seen.body == b'{"a": 1.50}'


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/users/7", "auth"),
        ("/v1/wallets/7/entries", "wallet"),
        ("/v1/ledger/checks", "wallet"),
        ("/v1/transfers/7", "wallet"),
        ("/v1/payments", "payments"),
        ("/v1/services/7", "payments"),
        ("/v1/shop/products/7", "shop"),
        ("/v1/notifications", "notifications"),
        ("/v1/webhook-endpoints/7", "notifications"),
        ("/v1/webhook-deliveries/7", "notifications"),
        ("/sandbox/verify/one", "sandbox"),
    ],
)
async def test_each_prefix_leads_to_its_own_service(
    open_door: Any, service: Any, path: str, name: str
) -> None:
    elsewhere = "http://127.0.0.1:9"
    urls = {f"{other}_url": elsewhere for other in SERVICES}
    urls[f"{name}_url"] = f"http://127.0.0.1:{service.port}"
    door = await open_door(**urls)
    assert (await door.get(path)).status_code == 200
    assert service.seen[0].path == path


async def test_headers_of_the_caller_arrive_and_nothing_is_invented(
    door: Any, service: Any
) -> None:
    sent = {
        "Accept": "application/json",
        "Accept-Language": "ru",
        "Content-Type": "application/json",
        "Idempotency-Key": "order-1",
        "Prefer": "wait=5",
        "Cookie": "a=b; c=d",
        "X-Custom": "kept",
        "User-Agent": "somebody/1",
    } | door.token()
    await door.client.post("/v1/payments", headers=sent, content=b"{}")
    [seen] = service.seen
    for name, value in sent.items():
        assert seen.header(name.lower()) == value
    invented = {name for name, _ in seen.headers} - {name.lower() for name in sent}
    assert invented == {
        "accept-encoding",  # httpx's own
        "content-length",
        "host",
        "traceparent",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
    }
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"
    assert seen.header("host") == f"127.0.0.1:{service.port}"


async def test_repeated_headers_stay_repeated_both_ways(door: Any, service: Any) -> None:
    cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    service.answers(200, b"ok", cookies)
    headers = [*door.token().items(), ("X-Tag", "one"), ("X-Tag", "two")]
    answer = await door.client.get("/v1/wallets", headers=headers)
    assert [value for name, value in service.seen[0].headers if name == "x-tag"] == ["one", "two"]
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("status", [200, 201, 202, 302, 400, 404, 409, 418, 422, 500, 503])
async def test_status_headers_and_body_come_back_unchanged(
    door: Any, service: Any, status: int
) -> None:
    headers = [
        (b"Content-Type", b"application/problem+json"),
        (b"Location", b"/v1/payments/7"),
        (b"ETag", b'"x"'),
        (b"Content-Encoding", b"gzip"),
    ]
    body = os.urandom(50)
    service.answers(status, body, headers)
    async with door.client.stream("GET", "/v1/payments", headers=door.token()) as answer:
        received = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert (answer.status_code, received) == (status, body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["location"] == "/v1/payments/7"
    assert answer.headers["etag"] == '"x"'
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.check(58)
async def test_hop_by_hop_and_server_headers_stop_at_the_gateway(door: Any, service: Any) -> None:
    theirs = [
        (b"server", b"secret/1.2"),
        (b"x-powered-by", b"snakes"),
        (b"keep-alive", b"timeout=1"),
        (b"proxy-authenticate", b"Basic"),
    ]
    service.answers(200, b"ok", theirs)
    ours = {"TE": "trailers", "Proxy-Authorization": "Basic eDp4", "Keep-Alive": "9"}
    answer = await door.get("/v1/wallets", headers=ours)
    names = {name for name, _ in service.seen[0].headers}
    assert names.isdisjoint(("te", "proxy-authorization", "keep-alive", "connection"))
    assert set(answer.headers).isdisjoint(name.decode() for name, _ in theirs)
    assert len(answer.headers.get_list("date")) == 1


@pytest.mark.check(53)
async def test_what_connection_names_is_dropped_but_not_the_token(door: Any, service: Any) -> None:
    named = {"Connection": "keep-alive, X-Private, Authorization", "X-Private": "1"}
    answer = await door.get("/v1/wallets", headers=named)
    assert answer.status_code == 200
    assert service.seen[0].header("x-private") is None
    assert service.seen[0].header("authorization") is not None


async def test_a_head_request_gets_the_head_alone(door: Any, service: Any) -> None:
    service.answers(200, b"x" * 1234)
    for _ in range(2):  # the connection can be used again
        answer = await door.request("HEAD", "/v1/wallets")
        assert answer.status_code == 200
        assert answer.headers["content-length"] == "1234"
    assert [seen.method for seen in service.seen] == ["HEAD", "HEAD"]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_stays_without(door: Any, service: Any, status: int) -> None:
    service.answers(status)
    answer = await door.request("DELETE", "/v1/auth/me")
    assert (answer.status_code, answer.content) == (status, b"")
    assert (await door.get("/v1/wallets")).status_code == status


async def test_a_post_without_a_body_arrives_without(door: Any, service: Any) -> None:
    await door.request("POST", "/v1/payments/7/pay")
    assert service.seen[0].body == b""


@pytest.mark.parametrize("size", [1, 64 * 1024, 64 * 1024 + 1, 700_000])
async def test_bodies_of_any_size_arrive_whole_with_and_without_a_length(
    door: Any, service: Any, size: int
) -> None:
    body = os.urandom(size)

    async def chunks() -> Any:
        for start in range(0, size, 50_000):
            yield body[start : start + 50_000]

    for content in (body, chunks()):
        answer = await door.request("POST", "/v1/payments", content=content)
        assert answer.status_code == 200
    assert [seen.body == body for seen in service.seen] == [True, True]
    assert base64.b64decode(answer.json()["body"]) == body


async def test_a_large_answer_is_streamed_whole(door: Any, service: Any) -> None:
    body = os.urandom(3_000_000)
    service.answers(200, body)
    assert (await door.get("/v1/payments/export.csv")).content == body


async def test_an_answer_of_unknown_length_comes_whole(door: Any, service: Any) -> None:
    parts = [os.urandom(30_000) for _ in range(10)]

    async def respond(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})

    service.respond = respond
    assert (await door.get("/v1/payments/export.csv")).content == b"".join(parts)
    assert (await door.get("/v1/payments/export.csv")).content == b"".join(parts)


async def test_events_arrive_while_the_stream_goes_on(door: Any, service: Any) -> None:
    go_on, has_ended = asyncio.Event(), asyncio.Event()

    async def respond(_: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        has_ended.set()

    service.respond = respond
    async with asyncio.timeout(10):
        async with door.client.stream(
            "GET", "/v1/payments/events", headers=door.token()
        ) as answer:  # the head is here before any event is
            go_on.set()
            async for chunk in answer.aiter_bytes():
                assert chunk == b"data: 1\n\n"
                break
        await has_ended.wait()  # the caller left, and so does the gateway


async def test_a_valid_request_id_is_kept_all_the_way(door: Any, service: Any) -> None:
    answer = await door.get("/v1/wallets", headers={"X-Request-Id": "abc-123"})
    assert answer.headers.get_list("x-request-id") == ["abc-123"]
    assert service.seen[0].header("x-request-id") == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "ы".encode(), "x" * 129, "<script>", "a;b", "a,b"])
async def test_another_request_id_is_replaced(door: Any, service: Any, given: Any) -> None:
    answer = await door.get("/v1/wallets", headers={"X-Request-Id": given})
    made = answer.headers["x-request-id"]
    assert made == service.seen[0].header("x-request-id")
    assert made != given
    assert len(made) == len(str(new_id()))


async def test_a_trace_is_continued_or_begun(door: Any, service: Any) -> None:
    for given in (TRACE, "rubbish", TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)):
        await door.get("/v1/wallets", headers={"traceparent": given})
    kept, made, other = (seen.header("traceparent") for seen in service.seen)
    assert kept == TRACE
    assert made != other
    for trace in (made, other):
        assert [len(part) for part in trace.split("-")] == [2, 32, 16, 2]


@pytest.mark.check(62)
async def test_security_headers_are_on_every_answer_once(door: Any, service: Any) -> None:
    expected = {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    bare = await door.get("/v1/wallets")
    refused = await door.client.get("/v1/wallets")
    missing = await door.get("/nowhere")
    service.answers(200, b"", [(name.encode(), value.encode()) for name, value in expected.items()])
    complete = await door.get("/v1/wallets")
    for answer in (bare, refused, missing, complete):
        for name, value in expected.items():
            assert answer.headers.get_list(name) == [value]
        assert "server" not in answer.headers


async def test_a_service_may_allow_caching_itself(door: Any, service: Any) -> None:
    service.answers(200, b"{}", [(b"cache-control", b"public, max-age=60")])
    answer = await door.client.get("/.well-known/jwks.json")
    assert answer.headers.get_list("cache-control") == ["public, max-age=60"]


async def test_connections_to_the_service_are_kept(door: Any, service: Any) -> None:
    for _ in range(5):
        assert (await door.get("/v1/wallets")).status_code == 200
    assert len({seen.peer for seen in service.seen}) == 1


async def test_a_hundred_requests_at_once_each_get_their_own_answer(
    door: Any, service: Any
) -> None:
    headers = door.token()

    async def ask(number: int) -> httpx.Response:
        asking: httpx.Response = await door.client.post(
            "/v1/payments", headers=headers, content=b"%d" % number
        )
        return asking

    answers = await asyncio.gather(*(ask(number) for number in range(100)))
    for number, answer in enumerate(answers):
        assert base64.b64decode(answer.json()["body"]) == b"%d" % number
