"""The two verification services as respx routes: asked at once, again where that may help."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
import respx

from kit.breaker import BreakerLimits, BreakerState
from kit.ids import new_id
from kit.outgoing import http_client
from kit.saga import TaskOutcome
from payments.clients.verifiers import (
    GIVE_UP_SECONDS,
    LONGEST_PAUSE_SECONDS,
    TRY_SECONDS,
    Verifiers,
)
from payments.domain.tries import Try
from testkit.clock import FakeClock

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
    return Verifiers(client, {"one": ONE, "two": TWO}, FakeClock(), give_up_seconds)


def tries(outcome: TaskOutcome, name: str | None = None) -> list[tuple[str, str | None]]:
    """Return how the noted tries ended and what was said: all, or those at one service."""
    found = [Try.read(note.text) for note in outcome.notes]
    return [(one.outcome, one.said) for one in found if one and name in (None, one.verifier)]


async def test_both_say_yes(services: respx.MockRouter, client: httpx.AsyncClient) -> None:
    one = services.post(ONE).mock(return_value=OK)
    two = services.post(TWO).mock(return_value=OK)
    payment_id = UUID(int=1)
    outcome = await verifiers(client).check(payment_id, FACTS)
    assert outcome.refusal is None
    assert tries(outcome, "one") == tries(outcome, "two") == [("ok", None)]
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


@pytest.mark.check(69)
@pytest.mark.parametrize(
    ("trouble", "noted"),
    [
        (BUSY, ("failed", "status 503")),
        (httpx.Response(500), ("failed", "status 500")),
        (httpx.Response(404), ("failed", "status 404")),
        (httpx.Response(302, headers={"location": ONE}), ("failed", "status 302")),
        (httpx.ConnectError("refused"), ("unreachable", "ConnectError")),
        (httpx.RemoteProtocolError("cut off"), ("unreachable", "RemoteProtocolError")),
        (httpx.ReadTimeout("slow"), ("no_answer", None)),
        (httpx.Response(200, text="<html>"), ("no_verdict", None)),
        (httpx.Response(200, json={"verdict": "maybe"}), ("no_verdict", None)),
        (httpx.Response(200, content=b" " * 20_000 + b'{"verdict": "ok"}'), ("no_verdict", None)),
    ],
)
async def test_what_may_pass_by_is_tried_again(
    services: respx.MockRouter,
    client: httpx.AsyncClient,
    trouble: Any,
    noted: tuple[str, str | None],
) -> None:
    services.post(ONE).mock(side_effect=[trouble, trouble, OK])
    services.post(TWO).mock(return_value=OK)
    outcome = await verifiers(client).check(new_id(), FACTS)
    assert outcome.refusal is None
    assert tries(outcome, "one") == [noted, noted, ("ok", None)]


async def test_a_definite_no_ends_it_whatever_the_other_does(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    one = services.post(ONE).mock(side_effect=[BUSY, DENIED])
    services.post(TWO).mock(return_value=BUSY)
    outcome = await verifiers(client).check(new_id(), FACTS)
    assert outcome.refusal == "check_denied"
    assert tries(outcome, "one")[-1] == ("denied", "on alist")
    assert one.call_count == 2


async def test_without_an_answer_by_the_deadline_the_check_is_unavailable(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    services.post(ONE).mock(return_value=OK)
    services.post(TWO).mock(return_value=BUSY)
    outcome = await verifiers(client, give_up_seconds=0.3).check(new_id(), FACTS)
    assert outcome.refusal == "check_unavailable"
    assert tries(outcome, "one") == [("ok", None)]
    assert tries(outcome, "two")[0] == ("failed", "status 503")


@pytest.mark.check(69)
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
    assert tries(outcome, "one") == [("no_answer", None), ("ok", None)]


async def test_a_try_that_the_deadline_breaks_off_is_noted_too(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    services.post(ONE).mock(side_effect=hang)
    services.post(TWO).mock(return_value=OK)
    outcome = await verifiers(client, give_up_seconds=0.2).check(new_id(), FACTS)
    assert outcome.refusal == "check_unavailable"
    assert tries(outcome, "one") == [("given_up", None)]


async def test_each_try_is_noted_with_the_time_it_began(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    clock = FakeClock()
    asking = Verifiers(client, {"one": ONE}, clock, 5.0)
    began = clock.now()

    def a_second_later(_: httpx.Request) -> httpx.Response:
        clock.advance(1)
        return BUSY if clock.now() < began + timedelta(seconds=3) else OK

    services.post(ONE).mock(side_effect=a_second_later)
    outcome = await asking.check(new_id(), FACTS)
    assert [note.at - began for note in outcome.notes] == [timedelta(seconds=n) for n in range(3)]


@pytest.mark.check(69)
async def test_a_service_that_fails_too_often_is_left_alone(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    for_long = BreakerLimits(least_calls=5, rest_seconds=3600)
    asking = Verifiers(client, {"one": ONE, "two": TWO}, FakeClock(), 0.3, for_long)
    one = services.post(ONE).mock(return_value=BUSY)
    two = services.post(TWO).mock(return_value=OK)
    checks = [asking.check(new_id(), FACTS) for _ in range(5)]
    assert {check.refusal for check in await asyncio.gather(*checks)} == {"check_unavailable"}
    assert one.call_count == for_long.least_calls
    left_alone = await asking.check(new_id(), FACTS)
    assert tries(left_alone, "one") == [("held_back", None)]
    assert one.call_count == for_long.least_calls
    assert two.call_count == 6


async def test_a_payment_that_was_held_back_goes_on_once_the_service_is_well_again(
    services: respx.MockRouter, client: httpx.AsyncClient
) -> None:
    asking = Verifiers(
        client, {"one": ONE}, FakeClock(), 5.0, BreakerLimits(least_calls=3, rest_seconds=0.2)
    )
    services.post(ONE).mock(side_effect=[BUSY] * 5 + [OK] * 10)
    outcome = await asking.check(new_id(), FACTS)
    assert outcome.refusal is None
    assert ("held_back", None) in tries(outcome)
    assert asking._breakers["one"].state is not BreakerState.CLOSED
    for _ in range(2):
        await asking.check(new_id(), FACTS)
    assert asking._breakers["one"].state is BreakerState.CLOSED


def test_eight_tries_fit_into_the_deadline_even_where_all_hang() -> None:
    assert 8 * TRY_SECONDS + 7 * LONGEST_PAUSE_SECONDS <= GIVE_UP_SECONDS
