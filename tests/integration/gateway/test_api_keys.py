"""API keys at the gateway's door: services get a token, and never the key."""

from typing import Any

import orjson
import pytest
from starlette.types import Receive, Send
from tests.integration.gateway.room import Door, Seen, Service, echo

from kit.ids import new_id
from kit.tokens.api_keys import new_api_key

EXCHANGE = "/internal/api-keys/exchange"


@pytest.fixture
def key(door: Door, service: Service) -> str:
    """A key that the service behind, as auth, exchanges."""
    key = new_api_key(is_live=False)
    token = door.desk.mint.user(new_id(), amr=["key"], scope="payments:read")

    async def respond(seen: Seen, receive: Receive, send: Send) -> None:
        if seen.path == "/v1/auth/token" and b"svc%3Agateway" in seen.body:
            await _say(send, 200, {"access_token": "own", "expires_in": 300})
        elif seen.path != EXCHANGE:
            await echo(seen, receive, send)
        elif orjson.loads(seen.body)["key"] == key:
            await _say(send, 200, {"access_token": token, "expires_in": 300})
        else:
            await _say(send, 404, {"code": "api_key_not_found"})

    service.respond = respond
    return key


async def _say(send: Send, status: int, answer: dict[str, Any]) -> None:
    body = orjson.dumps(answer)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def passed(service: Service) -> list[str | None]:
    """Return the credentials that services saw, beside auth's exchange."""
    own = ("/v1/auth/token", EXCHANGE)
    return [seen.header("authorization") for seen in service.seen if seen.path not in own]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_service_gets_the_token_and_never_the_key(
    door: Door, service: Service, key: str
) -> None:
    for path in ("/v1/payments", "/v1/me", "/v1/services", "/v1/shop/products"):
        await door.client.get(path, headers=bearer(key))
    seen = passed(service)
    assert len(seen) >= 4
    assert {credentials and credentials[:12] for credentials in seen} == {"Bearer eyJhb"}
    [asked] = [one for one in service.seen if one.path == EXCHANGE]
    assert orjson.loads(asked.body) == {"key": key, "address": "127.0.0.1"}


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/me"])
async def test_a_key_that_is_none_is_refused_and_goes_nowhere(
    door: Door, service: Service, key: str, path: str
) -> None:
    for wrong in (new_api_key(is_live=False), key[:-1], "sk_live_1234"):
        answer = await door.client.get(path, headers=bearer(wrong))
        assert (answer.status_code, answer.json()["code"]) == (401, "api_key_invalid")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert wrong not in answer.text
    assert passed(service) == []


async def test_what_is_public_is_served_to_a_bad_key_as_to_none(
    door: Door, service: Service, key: str
) -> None:
    for wrong in (new_api_key(is_live=False), "sk_live_1234"):
        assert (await door.client.get("/v1/services", headers=bearer(wrong))).status_code == 200
    assert passed(service) == [None, None]


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/services"])
async def test_auth_is_not_asked_of_made_up_keys_without_end(
    open_door: Any, service: Service, key: str, path: str
) -> None:
    door = await open_door(rate_limit_factor=1 / 1000)
    statuses = {
        (await door.client.get(path, headers=bearer(new_api_key(is_live=False)))).status_code
        for _ in range(9)
    }
    assert 429 in statuses
    asked = [seen for seen in service.seen if seen.path == EXCHANGE]
    assert 0 < len(asked) <= 6


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_key_is_exchanged_by_whichever_replica_of_auth_is_there(
    open_door: Any, service: Service, key: str, unused_tcp_port: int, *, is_first: bool
) -> None:
    replicas = [f"http://127.0.0.1:{port}" for port in (unused_tcp_port, service.port)]
    door = await open_door(auth_urls=",".join(replicas if is_first else reversed(replicas)))
    answer = await door.client.get("/v1/payments", headers=bearer(key))
    # Its token is of another desk's mint: the verifier of this door says no, auth was asked.
    assert answer.json()["code"] == "api_key_invalid"
    asked = [seen.path for seen in service.seen if seen.path in (EXCHANGE, "/v1/auth/token")]
    assert asked == ["/v1/auth/token", EXCHANGE]
