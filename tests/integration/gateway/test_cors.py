"""Which pages of other origins may read answers: SECURITY check 61."""

from typing import Any

import pytest

CONSOLE = "https://console.example"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def cors(answer: Any) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


@pytest.mark.check(61)
@pytest.mark.parametrize("origin", [CONSOLE, "null", "http://localhost.evil.test"])
async def test_no_origin_is_allowed_by_default(door: Any, origin: str) -> None:
    answer = await door.get("/v1/wallets", headers={"Origin": origin})
    preflight = await door.client.options("/v1/wallets", headers={"Origin": origin} | ASKED)
    assert (answer.status_code, preflight.status_code) == (200, 204)
    assert cors(answer) == cors(preflight) == set()


LOCAL = [
    "http://localhost:3000",
    "https://localhost",
    "http://127.0.0.1:5173",
    "http://[::1]:8080",
]


@pytest.mark.parametrize("origin", LOCAL)
async def test_a_front_end_under_development_may_read_from_any_port(door: Any, origin: str) -> None:
    answer = await door.get("/v1/wallets", headers={"Origin": origin})
    preflight = await door.client.options("/v1/wallets", headers={"Origin": origin} | ASKED)
    assert answer.headers["access-control-allow-origin"] == origin
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.test:3000",
        "http://evil.test:3000#localhost",
        "http://notlocalhost:3000",
        "http://127.0.0.1.evil.test",
        "ftp://localhost",
        "http://localhost:3000/",
        "http://localhost:",
    ],
)
async def test_what_only_looks_like_localhost_is_not(door: Any, origin: str) -> None:
    assert cors(await door.get("/v1/wallets", headers={"Origin": origin})) == set()


@pytest.mark.parametrize("origin", LOCAL)
async def test_in_production_localhost_is_foreign(open_door: Any, origin: str) -> None:
    door = await open_door(environment="production")
    answer = await door.get("/v1/wallets", headers={"Origin": origin})
    preflight = await door.client.options("/v1/wallets", headers={"Origin": origin} | ASKED)
    assert cors(answer) == cors(preflight) == set()


STREAM = [(b"content-type", b"text/event-stream; charset=utf-8")]


@pytest.mark.check(67)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://console.example"])
async def test_a_stream_is_refused_to_a_foreign_page(
    open_door: Any, service: Any, origin: str, method: str
) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    service.answers(200, b"data: 1\n\n", STREAM)
    answer = await door.request(method, "/v1/payments/events", headers={"Origin": origin})
    assert answer.status_code == 403
    assert method == "HEAD" or answer.json()["code"] == "origin_refused"
    assert b"data:" not in answer.content


@pytest.mark.parametrize("origin", [CONSOLE, "http://localhost:3000", "own", None])
async def test_a_stream_opens_for_pages_that_may_read_it(
    open_door: Any, service: Any, origin: str | None
) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    service.answers(200, b"data: 1\n\n", STREAM)
    own = f"http://127.0.0.1:{door.port}"
    headers = {} if origin is None else {"Origin": own if origin == "own" else origin}
    answer = await door.get("/v1/payments/events", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"data: 1\n\n")


@pytest.mark.check(61)
async def test_an_allowed_origin_is_echoed_exactly_without_credentials(open_door: Any) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    answer = await door.get("/v1/wallets", headers={"Origin": CONSOLE})
    assert answer.headers["access-control-allow-origin"] == CONSOLE
    assert "Origin" in answer.headers.get_list("vary")
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_refusal_can_be_read_by_an_allowed_page_too(open_door: Any) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    answer = await door.client.get("/v1/wallets", headers={"Origin": CONSOLE})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == CONSOLE


@pytest.mark.check(61)
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://console.example.evil.test",
        "https://evil.test",
        "http://console.example",
        "https://console.example:444",
        "https://CONSOLE.example",
        "*",
    ],
)
async def test_a_foreign_origin_is_not_allowed(open_door: Any, origin: str) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    answer = await door.get("/v1/wallets", headers={"Origin": origin})
    preflight = await door.client.options("/v1/wallets", headers={"Origin": origin} | ASKED)
    assert cors(answer) == cors(preflight) == set()
    assert "Origin" in answer.headers.get_list("vary")


async def test_a_preflight_of_an_allowed_origin_says_what_may_be_sent(
    open_door: Any, service: Any
) -> None:
    door = await open_door(cors_origins=[CONSOLE])
    answer = await door.client.options("/v1/payments", headers={"Origin": CONSOLE} | ASKED)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == CONSOLE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
    assert service.seen == []
