"""The authorisation matrix: every operation of every service, asked with every kind of token.

What should come of it stands in the operation's `x-access`, and nowhere else. Whose object it is
(another user's is a missing one) is shown by the tests of each service.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations

from kit.clock import SystemClock
from kit.ids import new_id
from kit.redis import RedisLine
from kit.settings import DatabaseSettings
from kit.tokens import KeySet, TokenVerifier
from testkit.databases import Cluster
from testkit.people import PASSWORD, Person
from testkit.tokens import AUDIENCE, ISSUER, TokenMint, unsigned
from testkit.verification import KeyPublisher, StatedRevocations

OPERATIONS = [one for room in rooms.services() for one in operations(room, committed(room))]

NOT_AUTHENTICATED = (401, "not_authenticated")
TOKEN_INVALID = (401, "token_invalid")
FORBIDDEN = (403, "forbidden")
SCOPE_MISSING = (403, "scope_missing")
NOT_FOR_KEYS = (403, "not_for_keys")
REFUSALS_OF_ACCESS = {NOT_AUTHENTICATED, TOKEN_INVALID, FORBIDDEN, SCOPE_MISSING, NOT_FOR_KEYS}
PASSES = None
Answered = tuple[int, str] | None

# What each access level says to the three kinds of callers whose token is good.
GOOD: dict[str, dict[str, Answered]] = {
    "public": {"user": PASSES, "admin": PASSES, "service": PASSES},
    "user": {"user": PASSES, "admin": PASSES, "service": TOKEN_INVALID},
    "owner": {"user": PASSES, "admin": PASSES, "service": TOKEN_INVALID},
    "admin": {"user": FORBIDDEN, "admin": PASSES, "service": TOKEN_INVALID},
    "service": {"user": FORBIDDEN, "admin": FORBIDDEN, "service": PASSES},
}


@dataclass(frozen=True)
class House:
    """All services in this process, one key they trust, and somebody who has logged in."""

    clients: dict[str, httpx.AsyncClient]
    mint: TokenMint
    refresh_token: str
    activation_token: str
    revoked_session: UUID
    disabled_user: UUID

    async def somebody(self) -> UUID:
        """Return a user who really exists, as some operations end their life."""
        return UUID((await Person.arrive(self.clients["auth"])).user_id)


BAD: dict[str, Callable[[House], str]] = {
    "garbage": lambda _: "garbage",
    "three parts of garbage": lambda _: "a.b.c",
    "an expired token": lambda house: house.mint.user(exp=_seconds_from_now(-60)),
    "a token for another audience": lambda house: house.mint.user(aud="elsewhere"),
    "a token of another issuer": lambda house: house.mint.user(iss="elsewhere"),
    "a token without an end": lambda house: house.mint.user(exp=None),
    "a token of another key": lambda _: TokenMint().user(),
    "a token that nobody signed": lambda house: (
        unsigned(house.mint.header(alg="none"), house.mint.claims()) + "."
    ),
    "a token of another kind": lambda house: house.mint.sign(
        house.mint.header(typ="JWT"), house.mint.claims()
    ),
    "a refresh token": lambda house: house.refresh_token,
    "an activation token": lambda house: house.activation_token,
    "a token of an ended session": lambda house: house.mint.user(sid=str(house.revoked_session)),
    "a token of a disabled user": lambda house: house.mint.user(house.disabled_user),
}


@pytest.fixture(scope="module")
async def house(cluster: Cluster) -> AsyncIterator[House]:
    mint, revocations = TokenMint(), StatedRevocations()
    keys = KeySet(KeyPublisher(mint.jwks()).fetch)
    await keys.refresh()
    tokens = TokenVerifier(keys, revocations, issuer=ISSUER, audience=AUDIENCE)
    redis = RedisLine(os.environ["SALDO_TEST_REDIS"])
    async with AsyncExitStack() as stack:
        stack.callback(redis.close)
        clients = {
            room: await stack.enter_async_context(_opened(room, cluster, tokens, redis))
            for room in rooms.services()
        }
        others = await _refresh_token(clients["auth"]), await _activation_token(clients["auth"])
        made = House(clients, mint, *others, new_id(), new_id())
        revocations.revoke_session(str(made.revoked_session))
        revocations.revoke_versions_below(str(made.disabled_user), 2)
        yield made


@asynccontextmanager
async def _opened(
    room: str, cluster: Cluster, tokens: TokenVerifier, redis: RedisLine
) -> AsyncIterator[httpx.AsyncClient]:
    service = rooms.build(room)
    state = service.state
    state.clock, state.redis, state.tokens = SystemClock(), redis, tokens
    state.is_stopping = lambda: True  # streams begin, and end
    async with AsyncExitStack() as stack:
        if isinstance(service.settings, DatabaseSettings):
            state.database = await stack.enter_async_context(cluster.database(room))
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web)
        yield await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=f"http://{room}")
        )


async def _refresh_token(auth: httpx.AsyncClient) -> str:
    person = await Person.arrive(auth)
    login = {"username": person.username, "password": PASSWORD}
    answer = await auth.post("/v1/auth/login", json=login)
    return str(answer.json()["refresh_token"])


async def _activation_token(auth: httpx.AsyncClient) -> str:
    body = {"username": f"pending-{new_id().hex[-12:]}", "password": PASSWORD}
    answer = await auth.post("/v1/auth/register", json=body)
    return str(answer.json()["activation"]["token"])


def _seconds_from_now(seconds: int) -> int:
    return int((datetime.now(UTC) + timedelta(seconds=seconds)).timestamp())


async def _ask(house: House, operation: Operation, token: str | None) -> httpx.Response:
    """Ask for something that is not there, with no body: access is judged before anything else."""
    path = operation.path
    for parameter in operation.declared.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(new_id()))
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await house.clients[operation.room].request(operation.method, path, headers=headers)


def _refused_access(answer: httpx.Response) -> Answered:
    """Return how access was refused, or None where the request got past that."""
    # Services that an operation asks are not here: that is an outage, past the question of access.
    assert answer.status_code < 500 or answer.json()["code"] == "unavailable", answer.text
    if answer.headers.get("content-type") != "application/problem+json":
        return None
    found = answer.status_code, answer.json()["code"]
    return found if found in REFUSALS_OF_ACCESS else None


each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


@pytest.mark.check(4, 55)
@each_operation
async def test_nobody_in_particular_uses_public_operations_only(
    house: House, operation: Operation
) -> None:
    expected = PASSES if operation.access == "public" else NOT_AUTHENTICATED
    assert _refused_access(await _ask(house, operation, None)) == expected


@pytest.mark.check(11, 15, 16, 55)
@each_operation
@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_token_opens_no_more_than_none_does(
    house: House, operation: Operation, bad: str
) -> None:
    expected = PASSES if operation.access == "public" else TOKEN_INVALID
    assert _refused_access(await _ask(house, operation, BAD[bad](house))) == expected


@pytest.mark.check(4, 16)
@each_operation
@pytest.mark.parametrize("kind", ["user", "admin", "service"])
async def test_a_good_token_opens_what_its_bearer_may_use(
    house: House, operation: Operation, kind: str
) -> None:
    if kind == "service":
        token = house.mint.service("payments")
    else:
        token = house.mint.user(await house.somebody(), roles=["user", kind])
    answer = await _ask(house, operation, token)
    assert _refused_access(answer) == GOOD[operation.access][kind]


@each_operation
@pytest.mark.parametrize("scope", ["", "its own"])
async def test_a_limited_token_opens_what_names_its_scope_and_nothing_else(
    house: House, operation: Operation, scope: str
) -> None:
    """As an administrator's, so that nothing but the scope can refuse it."""
    named = operation.scope if scope == "its own" else scope
    roles = ["user", "admin"]
    answer = await _ask(house, operation, house.mint.user(scope=named, roles=roles))
    assert _refused_access(answer) == _for_limited(operation, named)


def _for_limited(operation: Operation, scope: str) -> Answered:
    if operation.access == "public":
        return PASSES
    if operation.access == "service":
        return FORBIDDEN
    if not operation.scope:
        return NOT_FOR_KEYS
    return PASSES if scope == operation.scope else SCOPE_MISSING
