"""Settled payments through the gateway, two requests each: create; pay and wait for the end."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
import orjson
from tests.benchmarks.load import Connection, Measured, clients

from testkit.people import Person

CLIENTS = 32
FUNDS = "1000000.00"


@dataclass(frozen=True, slots=True)
class Pair:
    """Who pays whom."""

    payer: Person
    payee: Person


async def people(url: str, count: int) -> list[Person]:
    """Register and fund people, a few at a time."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        made: list[Person] = []
        while len(made) < count:
            some = await asyncio.gather(
                *(Person.arrive(http) for _ in range(min(4, count - len(made))))
            )
            for person in some:
                answer = await person.top_up(FUNDS)
                answer.raise_for_status()
            made += some
        return made


def spread(everybody: Sequence[Person]) -> Callable[[int], Pair]:
    """Each client pays another one of its own."""
    return lambda n: Pair(
        everybody[n % len(everybody)], everybody[(n + len(everybody) // 2) % len(everybody)]
    )


def one_payee(everybody: Sequence[Person]) -> Callable[[int], Pair]:
    """All clients pay the same person."""
    return lambda n: Pair(everybody[1 + n % (len(everybody) - 1)], everybody[0])


def among_four(everybody: Sequence[Person]) -> Callable[[int], Pair]:
    """Four people pay each other in all directions."""
    four = everybody[:4]
    return lambda n: Pair(four[n % 4], four[(n + 1 + (n // 4) % 3) % 4])


async def run(
    url: str, choose: Callable[[int], Pair], seconds: float, count: int = CLIENTS
) -> Measured:
    """Let clients create and pay for a while; only payments seen `paid` count."""

    async def turn(connection: Connection, number: int) -> str:
        pair = choose(number)
        status, body = await connection.request(
            "POST",
            "/v1/payments",
            pair.payer.token,
            {"payee": {"user_id": pair.payee.user_id}, "amount": "0.01", "currency": "RUB"},
        )
        if status != 201:
            return f"create {status}: {body[:200]!r}"
        path = f"/v1/payments/{orjson.loads(body)['id']}/pay"
        status, body = await connection.request("POST", path, pair.payer.token, prefer="wait=30")
        if status != 200 or orjson.loads(body)["status"] != "paid":
            return f"pay {status}: {body[:200]!r}"
        return ""

    return await clients(url, count, seconds, turn)


async def pay_latency(url: str, pair: Pair, count: int) -> Measured:
    """Time `pay` until `paid` on an idle stack, one at a time, creation not counted."""
    import time

    measured = Measured(seconds=1)
    connection = await Connection.open(url)
    for _ in range(count):
        _, body = await connection.request(
            "POST",
            "/v1/payments",
            pair.payer.token,
            {"payee": {"user_id": pair.payee.user_id}, "amount": "0.01", "currency": "RUB"},
        )
        path = f"/v1/payments/{orjson.loads(body)['id']}/pay"
        began = time.perf_counter()
        _, body = await connection.request("POST", path, pair.payer.token, prefer="wait=30")
        if orjson.loads(body)["status"] == "paid":
            measured.took.append(time.perf_counter() - began)
        else:
            measured.errors.append(body.decode())
        await asyncio.sleep(0.02)
    connection.close()
    return measured
