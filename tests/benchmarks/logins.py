"""Logins per second, beside bare argon2id verifications on the same cores; and what waits."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

from passlib.context import CryptContext
from tests.benchmarks.load import Connection, Measured, clients

from testkit.people import PASSWORD, Person


async def run(url: str, person: Person, seconds: float, count: int = 8) -> Measured:
    """Log the same person in again and again."""
    body = {"username": person.username, "password": PASSWORD}

    async def turn(connection: Connection, _: int) -> str:
        status, answer = await connection.request("POST", "/v1/auth/login", body=body)
        return "" if status == 200 else f"{status}: {answer[:100]!r}"

    return await clients(url, count, seconds, turn)


async def liveness(url: str, person: Person, seconds: float, count: int) -> tuple[Measured, int]:
    """Ask whether auth is alive while so many log in at once.

    Returns what the asking took, and how many logins were put off for want of room (503).
    """
    probe, put_off = Measured(), 0

    async def turn(connection: Connection, _: int) -> str:
        nonlocal put_off
        body = {"username": person.username, "password": PASSWORD}
        status, answer = await connection.request("POST", "/v1/auth/login", body=body)
        put_off += status == 503
        return "" if status in {200, 503} else f"{status}: {answer[:100]!r}"

    logging_in = asyncio.gather(clients(url, count, seconds, turn))
    connection = await Connection.open(url)
    while not logging_in.done():
        await probe.time(connection.request("GET", "/health/live"))
        await asyncio.sleep(0.01)
    [logins] = await logging_in
    connection.close()
    probe.errors.extend(logins.errors)
    return probe, put_off


def bare(seconds: float) -> float:
    """Verify one password on every core for a while; returns verifications per second."""
    context = CryptContext(
        schemes=["argon2"],
        argon2__type="ID",
        argon2__memory_cost=19 * 1024,
        argon2__time_cost=2,
        argon2__parallelism=1,
    )
    hashed = context.hash(PASSWORD)
    until = time.perf_counter() + seconds

    def verify(_: int) -> int:
        done = 0
        while time.perf_counter() < until:
            context.verify(PASSWORD, hashed)
            done += 1
        return done

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(verify, range(cores))) / seconds
