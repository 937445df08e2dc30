"""How the gateway exchanges API keys: once for many, kept for a minute, revoked in a moment."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import respx
from pydantic import SecretStr

from gateway.api_keys import KEPT_SECONDS, KeyExchange
from gateway.limits.admission import Admission
from gateway.limits.shared import SharedCounts
from gateway.refusals import ApiKeyInvalid
from kit.ids import new_id
from kit.redis import RedisLine
from kit.refusals import Unavailable
from kit.scopes import KeyAddressRefused
from kit.tokens import ServiceToken
from kit.tokens.api_keys import new_api_key
from testkit.verification import Desk, Time

AUTH = "http://auth"
KEPT = 20  # tokens that a room keeps at most; no other test uses so many
HERE, THERE = "203.0.113.7", "198.51.100.9"


@dataclass
class Office:
    """Auth as the gateway asks it: whose keys there are, and how often it was asked."""

    desk: Desk
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    expires_in: int = 300
    away: bool = False
    garbled: dict[str, Any] | None = None

    def make(self, **claims: Any) -> str:
        key = new_api_key(is_live=False)
        self.keys[key] = {"sid": str(new_id()), "sub": str(new_id()), "amr": ["key"]} | claims
        return key

    async def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer the-gateways-own"
        body = orjson.loads(request.content)
        self.asked.append(body)
        await asyncio.sleep(0)
        if self.away:
            return httpx.Response(503, json={"code": "unavailable"})
        if self.garbled is not None:
            return httpx.Response(200, json=self.garbled)
        claims = self.keys.get(body["key"])
        if claims is None:
            return httpx.Response(404, json={"code": "api_key_not_found"})
        if body["address"] != HERE:
            return httpx.Response(403, json={"code": "address_refused"})
        token = self.desk.mint.user(jti=str(new_id()), **claims)
        return httpx.Response(200, json={"access_token": token, "expires_in": self.expires_in})


@dataclass
class Room:
    """A key exchange before such an auth, with a clock of its own."""

    exchange: KeyExchange
    office: Office
    time: Time
    desk: Desk

    async def status(self, key: str, address: str = HERE) -> str:
        try:
            await self.exchange.identify(key, address)
        except (ApiKeyInvalid, KeyAddressRefused, Unavailable) as refusal:
            return refusal.code
        return "ok"


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    time = Time()
    desk = await Desk.open(time=time)
    office = Office(desk)
    with respx.mock(base_url=AUTH, assert_all_called=False) as router:
        own = {"access_token": "the-gateways-own", "expires_in": 300}
        router.post("/v1/auth/token").respond(json=own)
        router.post("/internal/api-keys/exchange").mock(side_effect=office.answer)
        async with httpx.AsyncClient() as client:
            own_token = ServiceToken(client, AUTH, "gateway", SecretStr("made-up"), time)
            exchange = KeyExchange(
                client,
                AUTH,
                own_token,
                desk.verifier,
                Admission(SharedCounts(RedisLine("redis://redis")), 1),  # not asked here
                monotonic=time.monotonic,
                most_kept=KEPT,
            )
            yield Room(exchange, office, time, desk)


async def test_a_key_becomes_its_owners_token(room: Room) -> None:
    key = room.office.make(scope="payments:read")
    token, claims = await room.exchange.identify(key, HERE)
    assert (await room.desk.verifier.verify(token)) is claims
    assert claims.subject == room.office.keys[key]["sub"]
    assert claims.scope == frozenset({"payments:read"})
    assert room.office.asked == [{"key": key, "address": HERE}]


@pytest.mark.parametrize("spoilt", ["sk_", "sk_test_x", "cut", "typed", "sk_ключ"])
async def test_a_mistyped_key_is_refused_without_asking(room: Room, spoilt: str) -> None:
    key = room.office.make()
    wrong = {"cut": key[:-1], "typed": key[:-1] + ("0" if key[-1] != "0" else "1")}
    assert await room.status(wrong.get(spoilt, spoilt)) == "api_key_invalid"
    assert room.office.asked == []


async def test_an_unknown_key_is_refused_each_time(room: Room) -> None:
    key = new_api_key(is_live=True)
    assert [await room.status(key), await room.status(key)] == ["api_key_invalid"] * 2


async def test_a_key_is_asked_for_once_a_minute_from_each_address(room: Room) -> None:
    key = room.office.make()
    for _ in range(3):
        assert await room.status(key) == "ok"
    assert await room.status(key, THERE) == "address_refused"
    assert [one["address"] for one in room.office.asked] == [HERE, THERE]
    room.time.advance(KEPT_SECONDS - 1)
    assert await room.status(key) == "ok"
    assert len(room.office.asked) == 2
    room.time.advance(1)
    assert await room.status(key) == "ok"
    assert len(room.office.asked) == 3


async def test_twenty_callers_at_once_ask_once(room: Room) -> None:
    key = room.office.make()
    answers = await asyncio.gather(*(room.status(key) for _ in range(20)))
    assert set(answers) == {"ok"}
    assert len(room.office.asked) == 1


async def test_a_caller_who_leaves_takes_nothing_from_the_others(room: Room) -> None:
    key = room.office.make()
    leaving = asyncio.ensure_future(room.status(key))  # noqa: TID251 - cancelled below
    staying = asyncio.ensure_future(room.status(key))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "ok"
    assert len(room.office.asked) == 1


async def test_a_revoked_key_ends_though_its_token_is_kept(room: Room) -> None:
    key = room.office.make()
    assert await room.status(key) == "ok"
    claims = room.office.keys.pop(key)
    room.desk.revocations.revoke_session(claims["sid"])
    assert await room.status(key) == "api_key_invalid"


async def test_a_key_revoked_while_it_is_exchanged_is_refused(room: Room) -> None:
    key = room.office.make()
    room.desk.revocations.revoke_session(room.office.keys[key]["sid"])
    assert await room.status(key) == "api_key_invalid"


async def test_a_key_outlives_a_change_of_its_owners_token_version(room: Room) -> None:
    key = room.office.make(tv=1)
    assert await room.status(key) == "ok"
    room.desk.revocations.revoke_versions_below(room.office.keys[key]["sub"], 2)
    room.office.keys[key]["tv"] = 2
    assert await room.status(key) == "ok"
    assert len(room.office.asked) == 2


async def test_a_kept_token_serves_until_its_end_while_auth_is_away(room: Room) -> None:
    key, other = room.office.make(), room.office.make()
    assert await room.status(key) == "ok"
    room.office.away = True
    assert await room.status(other) == "unavailable"
    room.time.advance(299)
    assert await room.status(key) == "ok"
    room.time.advance(1)
    assert await room.status(key) == "unavailable"


async def test_a_token_that_ends_soon_is_kept_no_longer(room: Room) -> None:
    key = room.office.make()
    room.office.expires_in = 10
    assert await room.status(key) == "ok"
    del room.office.keys[key]
    room.time.advance(10)
    assert await room.status(key) == "api_key_invalid"


@pytest.mark.parametrize("answer", [{"access_token": ""}, {}, {"expires_in": 1}])
async def test_an_answer_that_can_not_be_read_is_as_none(
    room: Room, answer: dict[str, Any]
) -> None:
    room.office.garbled = answer
    assert await room.status(room.office.make()) == "unavailable"


async def test_of_many_keys_the_oldest_are_forgotten(room: Room) -> None:
    keys = [room.office.make() for _ in range(KEPT + 1)]
    for key in (*keys, *keys[1:], keys[0]):
        assert await room.status(key) == "ok"
    assert [one["key"] for one in room.office.asked] == [*keys, keys[0]]
