"""What one user's requests take while another's large file is made or read, and without it."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, NamedTuple

import orjson
from tests.benchmarks.load import Connection, Measured

from testkit.people import Person

LINES = 200_000
FEW = 1_000
_FINANCE = "/v1/finance"
_LIST = f"{_FINANCE}/transactions?limit=20"
_PAUSE_SECONDS = 0.01  # between requests of one who looks and writes, and does not hammer
_LOOK_SECONDS = 0.1
_OPEN = {"queued", "running", "checking", "booking"}


class Latencies(NamedTuple):
    """What requests have taken: lists of transactions, and bookings."""

    lists: Measured
    bookings: Measured

    def shown(self) -> str:
        """Return the median and the 99th percentile of each."""
        return "; ".join(
            f"{name} p50 {one.percentile(0.5):.1f} ms, p99 {one.percentile(0.99):.1f} ms"
            for name, one in zip(("GET", "POST"), self, strict=True)
        )

    def over(self, other: "Latencies", share: float) -> str:
        """Return how many times those of another each are, at a share of all."""
        pairs = zip(self, other, strict=True)
        return " and ".join(f"{a.percentile(share) / b.percentile(share):.2f}" for a, b in pairs)


class User:
    """Somebody who asks finance, one request after the other."""

    def __init__(self, connection: Connection, person: Person) -> None:
        self._connection = connection
        self._token = person.token

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, person: Person) -> AsyncIterator["User"]:
        """Yield a person who is connected."""
        connection = await Connection.open(url)
        try:
            yield cls(connection, person)
        finally:
            connection.close()

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return what is answered."""
        status, told = await self._connection.request(method, path, self._token, body)
        if status >= 400:
            raise RuntimeError(told.decode())
        return orjson.loads(told) if told else None

    async def account(self) -> str:
        """Return a new account."""
        made = await self.ask("POST", f"{_FINANCE}/accounts", {"name": "Bench"})
        return str(made["id"])

    async def hand_in(self, account_id: str, lines: int = LINES) -> str:
        """Hand a bank's file of so many lines in; return where it is."""
        first = date(2020, 1, 1)
        rows = "".join(
            f"{first + timedelta(number % 2190)},-{number % 977 + 1}.00,Bench {number}\n"
            for number in range(lines)
        )
        _, told = await self._connection.send(
            "POST",
            f"{_FINANCE}/imports?account_id={account_id}",
            f"date,amount,description\n{rows}".encode(),
            f"Authorization: Bearer {self._token}\r\n",
            media_type="text/csv",
        )
        return f"{_FINANCE}/imports/{orjson.loads(told)['id']}"

    async def order(self, format_name: str) -> str:
        """Order a file of all one has; return where it is."""
        made = await self.ask("POST", f"{_FINANCE}/exports", {"format": format_name})
        return f"{_FINANCE}/exports/{made['id']}"

    async def begun(self, path: str) -> None:
        """Wait until a file is worked on."""
        while (shown := await self.ask("GET", path))["progress"]["rows"] == 0:
            if shown["status"] not in _OPEN:
                raise RuntimeError(shown["failure"] or "it had ended before it was measured")
            await asyncio.sleep(_LOOK_SECONDS)

    async def ended(self, path: str, within_seconds: float = math.inf) -> None:
        """Wait until a file is not worked on any more, or until so long is over."""
        until = time.perf_counter() + within_seconds
        while (await self.ask("GET", path))["status"] in _OPEN and time.perf_counter() < until:
            await asyncio.sleep(_LOOK_SECONDS)


async def run(
    url: str, person: Person, neighbour: Person, seconds: float
) -> list[tuple[str, Latencies, Latencies]]:
    """Return what a neighbour's requests take beside each piece of work, and alone before it.

    Each is measured for so many seconds at most. The person has a large book already.
    """
    async with User.at(url, person) as busy, User.at(url, neighbour) as other:
        account_id = await other.account()
        await other.ended(await other.hand_in(account_id, FEW))

        async def alone() -> Latencies:
            return await latencies(url, neighbour, account_id, asyncio.sleep(seconds))

        async def beside(path: str) -> Latencies:
            return await latencies(url, neighbour, account_id, busy.ended(path, seconds))

        found = []
        before = await alone()
        path = await busy.order("xlsx")
        await busy.begun(path)
        found.append(("requests beside a workbook of 1,000,000 rows", await beside(path), before))
        await busy.ask("DELETE", path)
        before = await alone()
        path = await busy.hand_in(await busy.account())
        found.append(("… a check of 200,000 lines", await beside(path), before))
        await busy.ended(path)
        before = await alone()
        await busy.ask("POST", f"{path}/book")
        found.append(("… their booking", await beside(path), before))
        await busy.ask("DELETE", path)
        return found


async def latencies(
    url: str, person: Person, account_id: str, until: Coroutine[Any, Any, Any]
) -> Latencies:
    """Let a user list and book transactions in turn until something has ended."""
    found = Latencies(Measured(), Measured())
    body = {"account_id": account_id, "type": "expense", "amount": "5.00"}
    connection = await Connection.open(url)

    async def book() -> tuple[int, bytes]:
        status, told = await connection.request(
            "POST", f"{_FINANCE}/transactions", person.token, body
        )
        return (200 if status == 201 else status), told

    waiting = asyncio.ensure_future(until)  # noqa: TID251 - awaited below
    while not waiting.done():
        await found.lists.time(connection.request("GET", _LIST, person.token))
        await found.bookings.time(book())
        await asyncio.sleep(_PAUSE_SECONDS)
    connection.close()
    await waiting
    for one in found:
        if one.errors:
            raise RuntimeError(one.errors[0])
    return found
