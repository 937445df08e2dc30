"""Who may pass the gateway: SECURITY checks 13, 16, 18, 22, 53, as far as the gateway goes."""

from typing import Any

import pytest
from tests.integration.gateway.room import ALLOWED

from kit.ids import new_id
from testkit.tokens import TokenMint

PROTECTED = [
    ("GET", "/v1/auth/me"),
    ("POST", "/v1/auth/logout"),
    ("GET", "/v1/users"),
    ("GET", "/v1/wallets"),
    ("POST", "/v1/wallets/top-up"),
    ("POST", "/v1/ledger/checks"),
    ("POST", "/v1/payments"),
    ("PATCH", "/v1/services/7"),
    ("GET", "/v1/me"),
    ("GET", "/users/me"),
    ("PUT", "/users/7"),
]
PUBLIC = [
    ("POST", "/v1/auth/register"),
    ("GET", "/v1/auth/activate?token=x"),
    ("POST", "/v1/auth/activate"),
    ("POST", "/v1/auth/activation/resend"),
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/auth/token"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/auth/refresh/"),
    ("GET", "/.well-known/jwks.json"),
    ("HEAD", "/.well-known/jwks.json"),
    ("GET", "/v1/services"),
    ("GET", "/v1/services/7"),
    ("POST", "/v1/services"),  # payments alone knows whether that is enough
    ("POST", "/v1/services/create"),
    ("POST", "/auth"),
    ("POST", "/sandbox/verify/one"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_without_a_token_nothing_protected_is_reached(
    door: Any, service: Any, method: str, path: str
) -> None:
    answer = await door.client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_authenticated"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert {seen.method for seen in service.seen} <= {"OPTIONS"}


@pytest.mark.parametrize(("method", "path"), PUBLIC)
async def test_what_is_public_needs_no_token_and_passes_on_a_strange_one(
    door: Any, service: Any, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer rubbish"}, {"Authorization": "Basic Og=="}):
        assert (await door.client.request(method, path, headers=headers)).status_code == 200
    assert [seen.header("authorization") for seen in service.seen] == [
        None,
        "Bearer rubbish",
        "Basic Og==",
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/auth/login", 405),
        ("HEAD", "/v1/auth/register", 401),
        ("GET", "/v1/auth/register", 401),
        ("POST", "/v1/auth/login/x", 401),
        ("POST", "/v1/auth/LOGIN", 401),
        ("PATCH", "/v1/services/7", 401),
        ("POST", "/v1/services/7", 401),
        ("PUT", "/v1/auth/activate", 405),
    ],
)
async def test_a_neighbour_of_what_is_public_is_not_public(
    door: Any, service: Any, method: str, path: str, status: int
) -> None:
    """Whether the path has the method at all, its service says; it has GET, PATCH and POST here."""
    answer = await door.client.request(method, path)
    assert answer.status_code == status
    assert status == 401 or answer.headers["allow"] == ALLOWED
    assert {seen.method for seen in service.seen} <= {"OPTIONS"}


async def test_where_the_methods_are_not_known_a_token_is_asked_for(
    door: Any, service: Any
) -> None:
    service.answers(503)
    assert (await door.client.put("/v1/auth/login")).status_code == 401


@pytest.mark.parametrize(
    "credentials",
    [
        "Bearer",
        "Bearer rubbish",
        "Bearer a.b.c",
        "Basic YWxpY2U6eA==",
        "bearerx",
        "Token x",
        "Bearer " + "x" * 9000,
    ],
    ids=lambda text: text[:20],
)
async def test_credentials_that_are_no_token_are_refused(
    door: Any, service: Any, credentials: str
) -> None:
    answer = await door.client.get("/v1/wallets", headers={"Authorization": credentials})
    assert answer.status_code == 401
    assert answer.json()["code"] in ("not_authenticated", "token_invalid")
    assert service.seen == []


async def test_a_refused_token_is_not_repeated_in_the_answer(door: Any) -> None:
    token = TokenMint().user()
    answer = await door.client.get("/v1/wallets", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["code"] == "token_invalid"
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert token not in answer.text


async def test_the_scheme_is_read_in_any_case_and_the_token_passed_on_as_it_came(
    door: Any, service: Any
) -> None:
    token = door.desk.mint.user()
    for scheme in ("bearer", "BEARER", "Bearer"):
        answer = await door.client.get(
            "/v1/wallets", headers={"Authorization": f"{scheme} {token}"}
        )
        assert answer.status_code == 200
        assert service.seen[-1].header("authorization") == f"{scheme} {token}"


@pytest.mark.check(22)
async def test_a_token_in_the_query_is_not_accepted(door: Any, service: Any) -> None:
    token = door.desk.mint.user()
    for name in ("access_token", "token", "authorization", "jwt"):
        answer = await door.client.get(f"/v1/wallets?{name}={token}")
        assert answer.status_code == 401
    assert service.seen == []


async def test_a_service_token_does_not_pass(door: Any, service: Any) -> None:
    token = door.desk.mint.service("payments")
    answer = await door.client.get("/v1/wallets", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert service.seen == []


@pytest.mark.check(65)
@pytest.mark.parametrize("path", ["/internal/users?username=alice", "/internal/wallets/7"])
async def test_what_services_ask_each_other_is_not_there(
    door: Any, service: Any, path: str
) -> None:
    assert (await door.get(path)).status_code == 404
    assert service.seen == []


async def test_two_authorization_headers_are_refused(door: Any, service: Any) -> None:
    good, other = door.desk.mint.user(), TokenMint().user()
    headers = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {other}")]
    answer = await door.client.get("/v1/wallets", headers=headers)
    assert answer.status_code == 400
    assert service.seen == []


@pytest.mark.check(18)
async def test_a_revoked_token_is_refused_at_once(open_door: Any, service: Any) -> None:
    door = await open_door()
    session_id = str(new_id())
    headers = door.token(sid=session_id)
    assert (await door.client.get("/v1/wallets", headers=headers)).status_code == 200
    door.desk.revocations.revoke_session(session_id)
    answer = await door.client.get("/v1/wallets", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert len(service.seen) == 1


async def test_nobody_passes_while_revocations_are_not_known(open_door: Any, service: Any) -> None:
    door = await open_door()
    door.desk.revocations.is_fresh = False
    answer = await door.get("/v1/wallets")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert service.seen == []
    assert (await door.client.post("/v1/auth/login")).status_code == 200


@pytest.mark.check(53)
@pytest.mark.parametrize(
    "name",
    [
        "X-User-Id",
        "X_User_Id",
        "X.User.Id",
        "x-user",
        "X-User-Roles",
        "x-roles",
        "X_Roles",
        "X-Role",
        "X-Subject",
        "X-Service",
        "X-Auth-Request-Email",
        "X-Authenticated-User",
        "X-Jwt-Claims",
        "X-Saldo-Identity",
        "Remote-User",
        "X-Remote-User",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X_Forwarded_For",
        "X-Forwarded-Proto",
        "X-Forwarded",
        "X-Real-IP",
        "True-Client-IP",
        "X-Client-IP",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Method-Override",
    ],
)
async def test_claims_in_headers_never_arrive(door: Any, service: Any, name: str) -> None:
    await door.get("/v1/wallets", headers={name: "10.9.8.7"})
    [seen] = service.seen
    assert (seen.method, seen.path) == ("GET", "/v1/wallets")
    assert not [pair for pair in seen.headers if "10.9.8.7" in pair[1]]
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"


@pytest.mark.check(53)
async def test_a_trusted_proxy_says_where_a_request_comes_from(
    open_door: Any, service: Any
) -> None:
    door = await open_door(trusted_proxies=["127.0.0.0/8"])
    said = {"X-Forwarded-For": "198.51.100.66, 203.0.113.7", "X-Forwarded-Proto": "https"}
    await door.get("/v1/wallets", headers=said | {"Forwarded": "for=198.51.100.66"})
    [seen] = service.seen
    assert seen.header("x-forwarded-for") == "203.0.113.7"
    assert seen.header("x-forwarded-proto") == "https"
    assert seen.header("forwarded") is None


@pytest.mark.check(5)
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PURGE"])
async def test_another_method_is_refused(door: Any, service: Any, method: str) -> None:
    answer = await door.raw(f"{method} /v1/wallets HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 405 ", b"HTTP/1.1 400 "))
    assert b" 400 " in answer or f"allow: {ALLOWED}\r\n".encode() in answer
    assert {seen.method for seen in service.seen} <= {"OPTIONS"}


async def test_options_is_what_the_service_says(door: Any, service: Any) -> None:
    answer = await door.client.options("/v1/wallets/7")
    assert (answer.status_code, answer.headers["allow"]) == (204, ALLOWED)
    service.answers(404)
    assert (await door.client.options("/v1/wallets/7/nothing")).status_code == 404
    assert [(seen.method, seen.path) for seen in service.seen] == [
        ("OPTIONS", "/v1/wallets/7"),
        ("OPTIONS", "/v1/wallets/7/nothing"),
    ]
    assert all(seen.header("authorization") is None for seen in service.seen)


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/payment", "/v1/payments"),
        ("/payments", "/v1/payments"),
        ("/v1/wallet", "/v1/wallets"),
        ("/v1/mee", "/v1/me"),
        ("/health/redy", "/health/ready"),
        ("/v1/payment/0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01/pay", "/v1/payments"),
        ("/v1/paymnts/limits", "/v1/payments"),
        ("/wallets/0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01/entries", "/v1/wallets"),
        ("/api/v1/payments/0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01", "/v1/payments"),
        ("/metric", None),  # not for callers
        ("/admin", None),
    ],
)
async def test_a_mistyped_path_says_which_is_near(door: Any, path: str, near: str | None) -> None:
    answer = await door.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ("near" in answer.json()["detail"]) is (near is not None)
    assert near is None or f"{near} " in answer.json()["detail"]
