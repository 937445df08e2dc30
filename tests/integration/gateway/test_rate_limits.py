"""How often callers may ask: SECURITY checks 53 and 63, with a real Redis."""

import asyncio
import contextlib
import itertools
import math
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from starlette.types import Receive, Send
from tests.integration.gateway.room import Respond

from gateway.limits.policies import Policy, scaled
from gateway.limits.shared import SharedCounts
from kit.ids import new_id
from kit.redis import RedisLine
from kit.tasks import spawn, stop
from kit.tokens import KeySet, Revocations, TokenVerifier
from testkit.tokens import AUDIENCE, ISSUER, TokenMint
from testkit.verification import KeyPublisher

FEW = 1 / 60  # twenty reads, five changes, one heavy request
REDIS = os.environ.get("SALDO_TEST_REDIS", "")


@dataclass
class Wire:
    """A connection to Redis that can be cut, and that counts the calls of scripts."""

    port: int = 0
    calls: int = 0
    is_cut: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        parts = urlsplit(REDIS)
        return parts._replace(
            netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.port}".lstrip("@")
        ).geturl()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        self.cut()
        server.close()
        await server.wait_closed()

    def cut(self) -> None:
        self.is_cut = True
        for writer in self._open:
            writer.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.close()
            return
        parts = urlsplit(REDIS)
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        self._open |= {writer, far_writer}
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._open -= {writer, far_writer}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.calls += data.count(b"EVALSHA")
            writer.write(data)
        writer.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire().open() as wire:
        yield wire


def somebody(door: Any, **claims: Any) -> dict[str, str]:
    return door.token(sub=str(new_id()), sid=str(new_id()), **claims)  # type: ignore[no-any-return]


def address() -> dict[str, str]:
    """Headers of a trusted proxy in front, for a caller whom nobody else is."""
    number = new_id().int
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


def left(answer: httpx.Response) -> int:
    policy, remaining, _ = answer.headers["ratelimit"].split(";")
    assert answer.headers["ratelimit-policy"].split(";")[0] == policy
    return int(remaining.removeprefix("r="))


@pytest.mark.check(63)
async def test_of_a_hundred_at_once_exactly_the_quota_is_let_in(wire: Wire) -> None:
    policy = Policy("fifty", 50, window_seconds=36_000)
    key = str(new_id())
    async with SharedCounts.opened(REDIS) as one, SharedCounts.opened(wire.url) as other:
        levels = await asyncio.gather(
            *(counts.take(key, policy) for _ in range(50) for counts in (one, other))
        )
    assert sum(level >= 0 for level in levels) == 50


@pytest.mark.check(63)
async def test_through_the_door_it_is_the_same_over_all_connections(
    open_door: Any, service: Any
) -> None:
    door = await open_door(rate_limit_factor=50 / 1200)
    headers = somebody(door)
    began = time.monotonic()
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=door.client.base_url, limits=limits, timeout=20) as many:
        answers = await asyncio.gather(
            *(many.get("/v1/wallets", headers=headers) for _ in range(100))
        )
    came_back = int((time.monotonic() - began) / (60 / 50))
    counted = Counter(answer.status_code for answer in answers)
    assert 50 <= counted[200] <= 50 + came_back
    assert counted[200] + counted[429] == 100
    assert len(service.seen) == counted[200]


@pytest.mark.check(63)
@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [("PATCH", "/v1/users/7", "write"), ("GET", "/v1/wallets/me", "read")],
)
async def test_what_another_gateway_has_let_in_is_not_let_in_here(
    open_door: Any, service: Any, method: str, path: str, limit: str
) -> None:
    door = await open_door(rate_limit_factor=FEW)
    headers = somebody(door)
    assert (await door.client.request(method, path, headers=headers)).status_code == 200
    await use_up(limit, headers)
    refused = await door.client.request(method, path, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert left(refused) == 0
    assert len(service.seen) == 1


@pytest.mark.check(63)
async def test_who_asks_again_and_again_is_counted_by_few_calls(open_door: Any, wire: Wire) -> None:
    door = await open_door(rate_limit_factor=1, redis_url=wire.url)
    headers = somebody(door)
    answers = [await door.client.get("/v1/wallets", headers=headers) for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    assert wire.calls < 20  # two, unless this took many seconds
    remaining = [left(answer) for answer in answers]
    assert remaining[0] == 1199  # what is taken ahead is the caller's own
    assert all(now >= before - 1 for before, now in itertools.pairwise(remaining))


@pytest.mark.check(63)
async def test_what_gateways_take_ahead_lets_in_no_more_than_the_quota(
    open_door: Any, service: Any
) -> None:
    factor = 64 / 1200  # two are taken ahead
    one = await open_door(rate_limit_factor=factor)
    other = await open_door(rate_limit_factor=factor, tokens=one.desk.verifier)
    headers = somebody(one)
    began = time.monotonic()
    statuses = [
        (await door.client.get("/v1/wallets", headers=headers)).status_code
        for _ in range(40)
        for door in (one, other)
    ]
    came_back = math.ceil((time.monotonic() - began) / (60 / 64))
    # The other gateway may still hold two that it has taken.
    assert 62 <= statuses.count(200) <= 64 + came_back
    assert len(service.seen) == statuses.count(200)
    assert statuses.count(200) + statuses.count(429) == 80


async def use_up(limit: str, headers: dict[str, str]) -> None:
    """Take what another gateway would, until nothing is left."""
    [policy] = [one for name, one in scaled(FEW).items() if name == limit]
    claims = jwt.decode(headers["Authorization"][7:], options={"verify_signature": False})
    async with SharedCounts.opened(REDIS) as other:
        while await other.take(f"{limit}:user:{claims['sub']}", policy) >= 0:
            pass


@pytest.mark.check(63)
async def test_above_the_limit_the_refusal_says_when_to_come_back(
    open_door: Any, service: Any
) -> None:
    door = await open_door(rate_limit_factor=FEW)
    headers = somebody(door) | {"Accept-Language": "ru"}
    for number in range(5):
        answer = await door.client.post("/v1/wallets/top-up", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"money";q=5;w=60'
        assert left(answer) == 4 - number
    refused = await door.client.post("/v1/payments", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.json()["title"] == "Слишком много запросов"
    assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert left(refused) == 0
    assert refused.headers["x-saldo-origin"] == "gateway"
    assert len(service.seen) == 5
    # Another class, and another user, are not held back by it.
    assert (await door.client.get("/v1/wallets", headers=headers)).status_code == 200
    other = await door.client.post("/v1/payments", headers=somebody(door))
    assert (other.status_code, left(other)) == (200, 4)


@pytest.mark.check(52)
async def test_a_users_sessions_share_a_quota_and_so_do_all_their_api_keys(open_door: Any) -> None:
    door = await open_door(rate_limit_factor=FEW)
    user = str(new_id())

    async def ask(**claims: Any) -> int:
        token = door.token(sub=user, sid=str(new_id()), **claims)
        return left(await door.client.post("/v1/payments", headers=token))

    assert [await ask(), await ask()] == [4, 3]
    assert [await ask(amr=["key"]) for _ in range(3)] == [4, 3, 2]  # each time another key


async def test_logins_are_counted_by_the_address_that_a_trusted_proxy_names(
    open_door: Any, service: Any
) -> None:
    door = await open_door(rate_limit_factor=1 / 20, trusted_proxies=["127.0.0.0/8"])
    headers = address()
    for path in ("/v1/auth/authorize", "/auth", "/v1/auth/login/code"):
        assert (await door.client.post(path, headers=headers)).status_code == 200
    forged = headers | {"X-Real-IP": "192.0.2.9", "Forwarded": "for=192.0.2.9", "X_User": "bob"}
    refused = await door.client.post("/v1/auth/login", headers=forged | somebody(door))
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert len(service.seen) == 3
    assert (await door.client.post("/v1/auth/login", headers=address())).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/wallets", 200),
        ("GET", "/v1/users", 200),
        ("GET", "/v1/nothing-here", 404),
        ("GET", "/nothing", 404),
        ("GET", "/a//b", 400),
        ("GET", "/v1/wallets?q=" + "x" * 9000, 414),
        ("GET", "/", 200),
        ("GET", "/health/live", 200),
        ("GET", "/v1/currencies", 200),
        ("GET", "/docs", 200),
        ("OPTIONS", "/v1/wallets", 204),
        ("POST", "/v1/auth/login", 200),
        ("GET", "/v1/shop/products", 200),
    ],
)
async def test_every_answer_says_how_its_caller_stands(
    door: Any, method: str, path: str, status: int
) -> None:
    answer = await door.request(method, path)
    assert answer.status_code == status
    assert left(answer) > 0
    assert len(answer.headers.get_list("ratelimit")) == 1


async def test_who_asks_without_a_token_again_and_again_is_told_to_stop(open_door: Any) -> None:
    door = await open_door(rate_limit_factor=1 / 2000, trusted_proxies=["127.0.0.0/8"])
    headers = address()
    codes = [
        (await door.client.get("/v1/wallets", headers=headers)).json()["code"] for _ in range(4)
    ]
    assert codes == ["not_authenticated"] * 3 + ["rate_limited"]


async def test_refused_headers_count_for_the_caller_not_for_the_proxy_in_between(
    open_door: Any,
) -> None:
    door = await open_door(rate_limit_factor=1 / 2000, trusted_proxies=["127.0.0.0/8"])
    too_many = address() | {f"X-{number}": "a" for number in range(100)}
    codes = [(await door.client.get("/", headers=too_many)).json()["code"] for _ in range(4)]
    assert codes == ["headers_too_large"] * 3 + ["rate_limited"]
    assert (await door.client.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("TRACE", "/v1/payments/7"), ("DELETE", "/v1/shop/products")]
)
async def test_no_service_is_asked_for_its_methods_beyond_the_limit(
    open_door: Any, service: Any, method: str, path: str
) -> None:
    door = await open_door(rate_limit_factor=1 / 2000, trusted_proxies=["127.0.0.0/8"])
    headers = address()
    codes = [
        (await door.client.request(method, path, headers=headers)).json()["code"] for _ in range(5)
    ]
    assert codes[3:] == ["rate_limited"] * 2
    assert len(service.seen) == 3


async def test_what_a_service_says_of_limits_is_not_passed_on(door: Any, service: Any) -> None:
    said = [(b"RateLimit", b'"own";r=0;t=1'), (b"X-Saldo-Origin", b"gateway")]
    service.answers(429, b"{}", said)
    answer = await door.get("/v1/wallets")
    assert answer.status_code == 429
    assert left(answer) > 0
    assert "x-saldo-origin" not in answer.headers


async def test_many_that_come_at_once_are_counted_by_few_calls(wire: Wire) -> None:
    policy = Policy("many", 1000)
    async with SharedCounts.opened(wire.url) as counts:
        await counts.take("first", policy)
        before = wire.calls
        levels = await asyncio.gather(*(counts.take(f"{n % 7}", policy) for n in range(200)))
    assert all(level >= 0 for level in levels)
    assert wire.calls - before <= 2


@pytest.mark.check(63, 64)
async def test_without_redis_limits_hold_here_money_stands_still_and_all_comes_back(
    open_door: Any, service: Any, wire: Wire
) -> None:
    door = await open_door(rate_limit_factor=FEW, redis_url=wire.url)
    headers = somebody(door)
    assert left(await door.client.post("/v1/wallets", headers=headers)) == 4
    wire.cut()
    refused = await door.client.post("/v1/wallets", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    statuses = [
        (await door.client.patch("/v1/users/7", headers=headers)).status_code for _ in range(6)
    ]
    assert statuses == [200] * 5 + [429]
    assert (await door.client.get("/v1/wallets", headers=headers)).status_code == 200
    wire.is_cut = False
    async with asyncio.timeout(10):
        while (await door.client.post("/v1/wallets", headers=headers)).status_code != 200:
            await asyncio.sleep(0.05)


@pytest.mark.check(63, 64)
async def test_with_all_of_redis_away_only_what_is_public_goes_on(
    open_door: Any, service: Any, wire: Wire, redis_url: str
) -> None:
    assert redis_url == REDIS  # auth has filled it
    async with tokens_by(wire.url) as (mint, verifier):
        door = await open_door(rate_limit_factor=FEW, redis_url=wire.url, tokens=verifier)
        headers = {"Authorization": f"Bearer {mint.user(sub=str(new_id()), sid=str(new_id()))}"}

        async def wallets() -> int:
            return int((await door.client.get("/v1/wallets", headers=headers)).status_code)

        await until(wallets, 200)
        wire.cut()
        await until(wallets, 503)
        seen = len(service.seen)
        for _ in range(25):  # more than may: the process counts alone
            answer = await door.client.get("/v1/shop/products")
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert len(service.seen) == seen + 20
        assert await wallets() == 503
        wire.is_cut = False
        await until(wallets, 200)


@contextlib.asynccontextmanager
async def tokens_by(redis_url: str) -> AsyncIterator[tuple[TokenMint, TokenVerifier]]:
    """A mint, and a verifier of its tokens that follows revocations in this Redis."""
    mint = TokenMint()
    keys = KeySet(KeyPublisher(mint.jwks()).fetch)
    await keys.refresh()
    revocations = Revocations(RedisLine(redis_url))
    following = spawn(revocations.follow(), "test.revocations")
    try:
        yield mint, TokenVerifier(keys, revocations, issuer=ISSUER, audience=AUDIENCE)
    finally:
        await stop([following])


async def until(ask: Callable[[], Awaitable[int]], status: int) -> None:
    async with asyncio.timeout(10):
        while await ask() != status:
            await asyncio.sleep(0.05)


async def test_a_redis_that_lost_its_scripts_is_taught_again() -> None:
    policy = Policy("five", 5)
    key = str(new_id())
    async with SharedCounts.opened(REDIS) as counts:
        assert await counts.take(key, policy) >= 0
        with contextlib.closing(RedisLine(REDIS)) as redis:
            await redis.call("SCRIPT", "FLUSH")
        assert await counts.take(key, policy) > 0


async def test_after_redis_clock_was_set_back_nobody_waits_for_longer_than_the_window() -> None:
    policy = Policy("five", 5, window_seconds=10)
    key = str(new_id())
    async with SharedCounts.opened(REDIS) as counts:
        hour_from_now = (int(time.time()) + 3600) * 1_000_000
        with contextlib.closing(RedisLine(REDIS)) as redis:
            await redis.call("SET", f"rate:{key}", hour_from_now, "EX", 60)
        assert await counts.take(key, policy) == -policy.interval


def answering_after(go_on: asyncio.Event) -> Respond:
    """Return what holds each request until it may go on."""

    async def respond(_: Any, __: Receive, send: Send) -> None:
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    return respond


@pytest.mark.parametrize("amr", [["pwd"], ["key"]])
async def test_of_a_users_sessions_and_of_their_keys_so_many_are_under_way(
    open_door: Any, service: Any, amr: list[str]
) -> None:
    door = await open_door(rate_limit_factor=0.5)
    user = str(new_id())
    go_on = asyncio.Event()

    service.respond = answering_after(go_on)

    async def ask() -> int:
        headers = door.token(sub=user, sid=str(new_id()), amr=amr)
        answer = await door.client.post("/v1/finance/exports", headers=headers)
        return int(answer.status_code)

    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        held = [tasks.create_task(ask()) for _ in range(2)]
        while len(service.seen) < 2:
            await asyncio.sleep(0.01)
        assert await ask() == 429
        go_on.set()
    assert {task.result() for task in held} == {200}


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [("POST", "/v1/finance/exports", 2), ("GET", "/v1/payments/7/events", 5)],
)
async def test_of_heavy_requests_so_many_are_under_way_at_once(
    open_door: Any, service: Any, method: str, path: str, most: int
) -> None:
    door = await open_door(rate_limit_factor=0.5)
    headers = somebody(door)
    go_on = asyncio.Event()

    service.respond = answering_after(go_on)

    async def ask() -> int:
        answer = await door.client.request(method, path, headers=headers)
        return int(answer.status_code)

    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        held = [tasks.create_task(ask()) for _ in range(most)]
        while len(service.seen) < most:
            await asyncio.sleep(0.01)
        refused = await door.client.request(method, path, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_at_once")
        assert str(most) in refused.json()["detail"]
        assert refused.headers["retry-after"] == "1"
        assert len(service.seen) == most
        go_on.set()
    assert {task.result() for task in held} == {200}
    assert (await door.client.request(method, path, headers=headers)).status_code == 200
