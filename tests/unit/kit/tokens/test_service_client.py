"""How a service gets and keeps its own token."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import respx
from pydantic import SecretStr

from kit.refusals import Unavailable
from kit.tokens import ServiceToken
from testkit.conditions import until
from testkit.verification import Time

URL = "http://auth.test/v1/auth/token"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def token(time: Time) -> AsyncIterator[ServiceToken]:
    async with httpx.AsyncClient() as client:
        yield ServiceToken(client, "http://auth.test/", "payments", SecretStr("made-up"), time)


def grants(*tokens: str, expires_in: int = 300) -> list[httpx.Response]:
    return [
        httpx.Response(200, json={"access_token": token, "expires_in": expires_in})
        for token in tokens
    ]


@respx.mock
async def test_the_service_asks_with_its_own_name_and_secret(token: ServiceToken) -> None:
    route = respx.post(URL).mock(side_effect=grants("one"))
    assert await token.headers() == {"Authorization": "Bearer one"}
    assert dict(httpx.QueryParams(route.calls[0].request.content.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "svc:payments",
        "client_secret": "made-up",
    }


@respx.mock
async def test_one_token_serves_until_a_minute_before_its_end(
    token: ServiceToken, time: Time
) -> None:
    answers = iter(grants("one", "two"))

    async def answer_in_a_while(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.01)
        return next(answers)

    respx.post(URL).mock(side_effect=answer_in_a_while)
    first = await asyncio.gather(*(token.headers() for _ in range(20)))
    time.advance(239)
    assert [*first, await token.headers()] == [{"Authorization": "Bearer one"}] * 21
    time.advance(1)
    assert await token.headers() == {"Authorization": "Bearer two"}


@respx.mock
async def test_a_short_lived_token_is_not_renewed_on_every_call(
    token: ServiceToken, time: Time
) -> None:
    respx.post(URL).mock(side_effect=grants("one", "two", expires_in=40))
    await token.headers()
    time.advance(19)
    assert await token.headers() == {"Authorization": "Bearer one"}
    time.advance(1)
    assert await token.headers() == {"Authorization": "Bearer two"}


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"code": "invalid_client"}),
        httpx.Response(500),
        httpx.Response(200, json={"access_token": "", "expires_in": 300}),
        httpx.Response(200, text="hello"),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.text[:20]}",
)
async def test_no_token_means_unavailable_and_the_next_call_asks_again(
    token: ServiceToken, answer: httpx.Response
) -> None:
    respx.post(URL).mock(side_effect=[answer, *grants("two")])
    with pytest.raises(Unavailable):
        await token.headers()
    assert await token.headers() == {"Authorization": "Bearer two"}


@respx.mock
async def test_auth_away_means_unavailable(token: ServiceToken) -> None:
    respx.post(URL).mock(side_effect=httpx.ConnectError("away"))
    with pytest.raises(Unavailable):
        await token.headers()


@respx.mock
async def test_the_first_token_is_there_before_it_is_needed_however_late_auth_is(
    token: ServiceToken,
) -> None:
    late = [httpx.ConnectError("not yet"), httpx.Response(503)]
    route = respx.post(URL).mock(side_effect=[*late, *grants("one")])
    async with token.fetched_ahead():
        await until(lambda: route.call_count == 3)
    assert await token.headers() == {"Authorization": "Bearer one"}
    assert route.call_count == 3


@respx.mock
async def test_ending_does_not_wait_for_an_auth_that_never_answers(token: ServiceToken) -> None:
    route = respx.post(URL).mock(side_effect=httpx.ConnectError("away"))
    async with token.fetched_ahead():
        await until(lambda: route.call_count > 0)
    with pytest.raises(Unavailable):
        await token.headers()
