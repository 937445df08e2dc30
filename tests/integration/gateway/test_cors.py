"""Which pages of other origins may read answers: SECURITY check 61."""

from typing import Any

import pytest

CONSOLE = "https://console.example"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def cors(answer: Any) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", [CONSOLE, "null", "http://localhost:3000"])
async def test_no_origin_is_allowed_by_default(door: Any, origin: str) -> None:
    answer = await door.get("/v1/wallets", headers={"Origin": origin})
    preflight = await door.client.options("/v1/wallets", headers={"Origin": origin} | ASKED)
    assert (answer.status_code, preflight.status_code) == (200, 204)
    assert cors(answer) == cors(preflight) == set()


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
