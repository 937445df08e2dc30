"""Plays the keeper of a shop by HTTP, beside `people` who buy there."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import httpx

from contracts.wallet import SHOP
from kit.ids import new_id
from testkit.people import PASSWORD, Person

CATEGORIES, PRODUCTS = "/v1/shop/categories", "/v1/shop/products"
_PASSWORD_VARIABLE = "SALDO_TEST_ADMIN_PASSWORD"
Json = dict[str, Any]


@dataclass(frozen=True)
class Keeper:
    """An admin who keeps the shop.

    What is made bears a mark, as others share the catalogue.
    """

    person: Person
    mark: str

    @classmethod
    async def hire(cls, http: httpx.AsyncClient, environment: Mapping[str, str]) -> Self:
        """Make an admin by auth's own command, run in auth's environment, and log in."""
        name = f"keeper-{new_id().hex[-12:]}"
        words = ("create-admin", "--username", name, "--password-env", _PASSWORD_VARIABLE)
        made = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "auth", *words],
            env={**os.environ, **environment, _PASSWORD_VARIABLE: PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        person = Person(name, "", http)
        await person.log_in()
        return cls(person, name.rpartition("-")[2])

    async def ask(self, method: str, path: str, body: Any = None, **more: str) -> httpx.Response:
        """Send a request as the admin; ``more`` are headers, by their names in Python."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {**self.person.headers, **named}
        return await self.person.http.request(method, path, json=body, headers=headers)

    async def make(self, path: str, **body: Any) -> Json:
        """Add something to the catalogue, and return it."""
        answer = await self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        assert answer.headers["location"].endswith(made["id"])
        return made

    def slug(self, name: str) -> str:
        """Return a slug that nobody else uses."""
        return f"{name}-{self.mark}"

    async def product(self, price: str, stock: int, **more: Any) -> str:
        """Add a product, and return its id."""
        body = {"name": f"Tea {new_id().hex[-8:]}", "price": price, "stock": stock, **more}
        return str((await self.make(PRODUCTS, **body))["id"])

    async def stock(self, product_id: str) -> int:
        """Return how many of a product can be ordered now."""
        return int((await self.ask("GET", f"{PRODUCTS}/{product_id}")).json()["stock"])

    async def refund(self, order_id: str, body: Any = None, **more: str) -> httpx.Response:
        """Give the money for an order back, or for items of it, and wait for the end."""
        path = f"/v1/shop/orders/{order_id}/refund"
        return await self.ask("POST", path, body or {}, Prefer="wait=10", **more)

    async def income(self, currency: str = "RUB") -> Decimal:
        """Return what the shop's merchant account holds."""
        path = f"/v1/wallets?owner_id={SHOP}&currency={currency}"
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return sum((Decimal(one["balance"]["amount"]) for one in answer.json()["items"]), Decimal())
