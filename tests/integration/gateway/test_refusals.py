"""What the gateway itself refuses: each with its code, in both languages, never half an answer."""

import json
from typing import Any

import pytest

LONG = "x" * 9_000
HEAD = "Host: x\r\n"
# What is sent after the method, and the status and code that come back.
REFUSED = {
    "GET /v1/payments/../users": (HEAD, 400, "path_refused"),
    "GET //v1/users": (HEAD, 400, "path_refused"),
    "GET /v1/payments%2f7": (HEAD, 400, "path_refused"),
    "GET /v1/payments;x/7": (HEAD, 400, "path_refused"),
    f"GET /v1/payments?q={LONG}": (HEAD, 414, "uri_too_long"),
    "GET /v1/wallets": (f"{HEAD}Cookie: {LONG}{LONG}{LONG}{LONG}\r\n", 431, "headers_too_large"),
    "GET /v1/payments": (HEAD, 401, "not_authenticated"),
    "GET /v1/payments/7": (f"{HEAD}Authorization: Bearer a.b.c\r\n", 401, "token_invalid"),
    "GET /v1/elsewhere": (HEAD, 404, "not_found"),
    "GET /internal/users": (HEAD, 404, "not_found"),
    "PURGE /health/live": (HEAD, 405, "method_not_allowed"),
    "GET /v1/services": (
        f"{HEAD}Authorization: Bearer a.b.c\r\nAuthorization: Bearer d.e.f\r\n",
        400,
        "request_refused",
    ),
    "POST /v1/auth/login": (
        f"{HEAD}Content-Type: application/json\r\nContent-Length: 999999999\r\n",
        413,
        "body_too_large",
    ),
}


async def refused(door: Any, begin: str, headers: str) -> tuple[int, dict[str, str], Any]:
    """Send a request; return the status, the headers and the problem that come back."""
    answer = await door.raw(f"{begin} HTTP/1.1\r\n{headers}\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    named = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), named, json.loads(body)


@pytest.mark.parametrize("begin", REFUSED, ids=lambda begin: begin[:40])
async def test_what_is_refused_says_why_in_the_language_of_the_caller(
    door: Any, service: Any, begin: str
) -> None:
    headers, status, code = REFUSED[begin]
    told = {}
    for language in ("en", "ru"):
        wanted = f"Accept-Language: {language}\r\nX-Request-Id: mine-{language}\r\n"
        found, named, problem = await refused(door, begin, headers + wanted)
        assert (found, problem["status"], problem["code"]) == (status, status, code)
        assert named["content-type"] == "application/problem+json"
        assert named["x-request-id"] == problem["request_id"] == f"mine-{language}"
        assert named["x-content-type-options"] == "nosniff"
        assert LONG[:50] not in json.dumps(problem), "nothing of the caller's is said again"
        told[language] = (problem["title"], problem["detail"])
    assert told["en"] != told["ru"]
    assert all(text.isascii() or "“" in text or "”" in text for text in told["en"])
    assert not any(text.isascii() for text in told["ru"])
    assert {seen.method for seen in service.seen} <= {"OPTIONS"}, "the service hears nothing of it"


async def test_what_is_no_http_is_refused_and_the_connection_closed(door: Any) -> None:
    found, named, problem = await refused(door, "HELO mail.example.com\r\nx", "")
    assert (found, problem["code"], named["connection"]) == (400, "request_refused", "close")


async def test_a_repeated_header_with_one_meaning_is_refused_even_where_both_say_the_same(
    door: Any, service: Any
) -> None:
    token = door.desk.mint.user()
    twice = f"Authorization: Bearer {token}\r\n" * 2
    found, _, problem = await refused(door, "GET /v1/wallets", HEAD + twice)
    assert (found, problem["code"]) == (400, "request_refused")
    assert service.seen == []
