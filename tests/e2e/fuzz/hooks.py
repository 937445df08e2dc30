"""What schemathesis is told of Saldo: who asks, and what holds for every answer."""

import os
from typing import Any, Final

import httpx
import schemathesis
from schemathesis import CheckContext, Response, SerializationContext
from schemathesis.auths import AuthContext

URL: Final = "SALDO_FUZZ_URL"
# Refresh tokens: logins are slowed down once somebody's password has been guessed at.
USER: Final = "SALDO_FUZZ_USER"
ADMIN: Final = "SALDO_FUZZ_ADMIN"
# Sooner than an access token ends.
_SECONDS: Final = 240
_PROBLEM: Final = ["application/problem+json"]
SEEDED: Final = ("alice", "bob", "merchant", "admin")
# What JSON Schema can say, by the codes of `errors`: whoever keeps to the document never meets it.
# It can't tell 8.0 from 8, which is why a wrong type is not among them.
SAYABLE: Final = frozenset(
    {"unknown_field", "too_short", "too_long", "too_small", "too_large", "not_allowed"}
)


def _level(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw["x-access"])


@schemathesis.auth(
    refresh_interval=_SECONDS, cache_by_key=lambda case, _: _level(case) == "admin", retry_on=[]
)
class Session:
    """Administrators' operations are asked by an administrator, all others by a user."""

    def get(self, case: schemathesis.Case, _: AuthContext) -> str:
        name = ADMIN if _level(case) == "admin" else USER
        body = {"refresh_token": os.environ[name]}
        answer = httpx.post(f"{os.environ[URL]}/v1/auth/refresh", json=body, timeout=60)
        tokens: dict[str, str] = answer.raise_for_status().json()
        os.environ[name] = tokens["refresh_token"]
        return tokens["access_token"]

    def set(self, case: schemathesis.Case, data: str, _: AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, **__: Any) -> None:
    """Leave the people of `make seed` alone: a later test has it make them."""
    if isinstance(case.body, dict) and case.body.get("username") in SEEDED:
        case.body = {**case.body, "username": "somebody"}


def _is_problem(response: Response) -> bool:
    return response.headers.get("content-type") == _PROBLEM


@schemathesis.serializer("application/qif", "application/x-ofx")
def as_it_is(_: SerializationContext, value: Any) -> bytes:
    """Return a bank's file, of which the document says no more than that it is one."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.check
def what_a_schema_can_say_is_said(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    if case.meta and case.meta.generation.mode.is_positive and _is_problem(response):
        errors = response.json().get("errors", ())
        assert not [one for one in errors if one["code"] in SAYABLE], "the document allows it"


@schemathesis.check
def a_refusal_is_a_problem_with_a_code(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    if _is_problem(response):
        problem = response.json()
        assert (problem["status"], bool(problem["code"])) == (response.status_code, True)
        assert [problem["request_id"]] == response.headers["x-request-id"]


@schemathesis.check
def an_answer_is_not_guessed_at_and_not_kept(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    headers: dict[str, Any] = response.headers
    assert headers["x-content-type-options"] == ["nosniff"]
    assert "server" not in headers
    assert "set-cookie" not in headers
    if _level(case) != "public":  # reports are kept by their owner's browser, which asks each time
        assert headers["cache-control"] in (["no-store"], ["private, no-cache"])
