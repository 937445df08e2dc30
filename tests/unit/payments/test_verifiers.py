"""The two verification services as respx routes: asked at once, again where that may help."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
import respx

from kit.ids import new_id
from kit.outgoing import http_client
from payments.verifiers import (
    GIVE_UP_SECONDS,
    LONGEST_PAUSE_SECONDS,
    TRY_SECONDS,
    Verifiers,
)

ONE, TWO = "http://one.test/verify", "http://two.test/verify"
FACTS = {"amount_minor": 1500000, "currency": "RUB"}
OK = httpx.Response(200, json={"verdict": "ok"})
DENIED = httpx.Response(200, json={"verdict": "denied", "reason": "on a\nlist"})
BUSY = httpx.Response(503)


@pytest.fixture
def services() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as client:
        yield client


def verifiers(client: httpx.AsyncClient, give_up_seconds: float = 5.0) -> Verifiers:
    return Verifiers(client, {"one": ONE, "two": TWO}, give_up_seconds)


async def test_both_say_yes(services: respx.MockRouter, client: httpx.AsyncClient) -> None:
    one = services.post(ONE).mock(return_value=OK)
    two = services.post(TWO).mock(return_value=OK)
    payment_id = UUID(int=1)
    outcome = await verifiers(client).check(payment_id, FACTS)
    assert outcome.refusal is None
    assert sorted(outcome.notes) == ["one: ok", "two: ok"]
    for route in (one, two):
        [call] = route.calls
        assert orjson.loads(call.request.content) == {
            "payment_id": str(payment_id),
            "amount": "15000.00",
            "currency": "RUB",
        }


async def test_both_are_asked_at_once(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    together = asyncio.Barrier(2)

    async def only_with_the_other(_: httpx.Request) -> httpx.Response:
        await together.wait()
        return OK

    services.post(ONE).mock(side_effect=only_with_the_other)
    services.post(TWO).mock(side_effect=only_with_the_other)
    assert (await verifiers(client).check(new_id(), FACTS)).refusal is None


@pytest.mark.parametrize(
    ("trouble", "note"),
    [
        (BUSY, "status 503"),
        (httpx.Response(500), "status 500"),
        (httpx.Response(404), "status 404"),
        (httpx.Response(302, headers={"location": ONE}), "status 302"),
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.ReadTimeout("slow"), "ReadTimeout"),
        (httpx.Response(200, text="<html>"), "no verdict in the answer"),
        (httpx.Response(200, json={"verdict": "maybe"}), "no verdict in the answer"),
        (httpx.Response(200, content=b"x" * 20_000), "answer too long"),
    ],
)
async def test_what_may_pass_by_is_tried_again(
    services: respx.MockRouter, client: httpx.AsyncClient, trouble: Any, note: str
) -> None:
    services.post(ONE).mock(side_effect=[trouble, trouble, OK])
    services.post(TWO).mock(return_value=OK)
    outcome = await verifiers(client).check(new_id(), FACTS)
    assert outcome.refusal is None
    tries = [text for text in outcome.notes if text.startswith("one")]
    assert tries == [f"one: {note}", f"one: {note}", "one: ok"]


async def test_a_definite_no_ends_it_whatever_the_other_does(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    one = services.post(ONE).mock(side_effect=[BUSY, DENIED])
    services.post(TWO).mock(return_value=BUSY)
    outcome = await verifiers(client).check(new_id(), FACTS)
    assert outcome.refusal == "check_denied"
    assert "one: denied (on alist)" in outcome.notes
    assert one.call_count == 2


async def test_without_an_answer_by_the_deadline_the_check_is_unavailable(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    services.post(ONE).mock(return_value=OK)
    services.post(TWO).mock(return_value=BUSY)
    outcome = await verifiers(client, give_up_seconds=0.3).check(new_id(), FACTS)
    assert outcome.refusal == "check_unavailable"
    assert "one: ok" in outcome.notes
    assert "two: status 503" in outcome.notes


async def test_a_try_that_hangs_is_given_up_and_asked_again(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    hung = False

    async def hang_once(_: httpx.Request) -> httpx.Response:
        nonlocal hung
        if not hung:
            hung = True
            await asyncio.Event().wait()
        return OK

    services.post(ONE).mock(side_effect=hang_once)
    services.post(TWO).mock(return_value=OK)
    outcome = await verifiers(client).check(new_id(), FACTS)
    assert outcome.refusal is None
    assert "one: no answer in time" in outcome.notes


def test_eight_tries_fit_into_the_deadline_even_where_all_hang() -> None:
    assert 8 * TRY_SECONDS + 7 * LONGEST_PAUSE_SECONDS <= GIVE_UP_SECONDS
