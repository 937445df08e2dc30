"""A bulk of a thousand payments: from sending it until each of them is paid."""

import asyncio
import time
from collections.abc import Sequence

import orjson
from tests.benchmarks.load import Connection

from testkit.people import Person

ROWS = 1000
LOOK_SECONDS = 0.05


async def run(url: str, payer: Person, payees: Sequence[Person]) -> float:
    """Return the seconds one bulk takes; raises where a payment of it is not paid."""
    rows = [
        {"payee": {"username": payees[n % len(payees)].username}, "amount": "0.01"}
        for n in range(ROWS)
    ]
    connection = await Connection.open(url)
    began = time.perf_counter()
    status, body = await connection.request("POST", "/v1/payments/bulk", payer.token, rows)
    if status != 202:
        raise RuntimeError(body)
    path = f"/v1/payments/bulk/{orjson.loads(body)['id']}?limit=1"
    while True:
        _, body = await connection.request("GET", path, payer.token)
        bulk = orjson.loads(body)
        if bulk["status"] == "done":
            break
        await asyncio.sleep(LOOK_SECONDS)
    took = time.perf_counter() - began
    connection.close()
    if bulk["counts"]["paid"] != ROWS:
        raise RuntimeError(bulk["counts"])
    return took
