"""Purchases through the gateway, one request each: an order is made, paid and confirmed."""

from collections.abc import Callable, Mapping, Sequence

import httpx
import orjson
from tests.benchmarks.load import Connection, Measured, clients
from tests.benchmarks.payments import CLIENTS

from testkit.keepers import Keeper
from testkit.people import Person

PRICE, STOCK = "0.01", 1_000_000
_PAID = 201


async def products(url: str, auth: Mapping[str, str], count: int) -> list[str]:
    """Put products on sale, more of each than a run can sell; ``auth`` is auth's environment."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        keeper = await Keeper.hire(http, auth)
        return [await keeper.product(PRICE, STOCK) for _ in range(count)]


def spread(ids: Sequence[str]) -> Callable[[int], str]:
    """Each client buys another product."""
    return lambda n: ids[n % len(ids)]


def hot(ids: Sequence[str]) -> Callable[[int], str]:
    """All clients buy the same one."""
    return lambda _: ids[0]


async def run(
    url: str, buyers: Sequence[Person], choose: Callable[[int], str], seconds: float
) -> Measured:
    """Let clients buy for a while; only orders answered as paid count."""

    async def turn(connection: Connection, number: int) -> str:
        path = f"/v1/shop/products/{choose(number)}/buy"
        buyer = buyers[number % len(buyers)]
        status, body = await connection.request("POST", path, buyer.token, {"quantity": 1})
        if status != _PAID or orjson.loads(body)["status"] != "paid":
            return f"buy {status}: {body[:200]!r}"
        return ""

    return await clients(url, CLIENTS, seconds, turn)
