"""Plays people who use Saldo by HTTP, for end-to-end tests and benchmarks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self, TypeVar

import httpx

from kit.ids import new_id

PASSWORD = "correct-horse-battery"
T = TypeVar("T")
FINAL = frozenset({"paid", "failed", "cancelled", "refunded"})
BY_CARD = {"method": "card", "return_url": "https://shop.example/thanks"}


async def eventually(
    look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], *, within: float = 10.0
) -> T:
    """Look again and again until the condition holds; a failure shows the last look."""
    until = time.monotonic() + within
    while True:
        seen = await look()
        if holds(seen):
            return seen
        if time.monotonic() > until:
            raise AssertionError(f"not within {within} s; last seen: {seen!r}")
        await asyncio.sleep(0.05)


@dataclass
class Person:
    """A registered, active, logged-in user with a client that sends the access token."""

    username: str
    user_id: str
    http: httpx.AsyncClient

    @classmethod
    async def arrive(
        cls, http: httpx.AsyncClient, name: str = "user", *, has_email: bool = False
    ) -> Self:
        """Register under a fresh name, activate and log in."""
        username = f"{name}-{new_id().hex[-12:]}"
        address = {"email": f"{username}@example.com"} if has_email else {}
        registered = await http.post(
            "/v1/auth/register", json={"username": username, "password": PASSWORD, **address}
        )
        assert registered.status_code == 201, registered.text
        body = registered.json()
        activated = await http.post(
            "/v1/auth/activate", json={"token": body["activation"]["token"]}
        )
        assert activated.status_code == 200, activated.text
        person = cls(username, body["user"]["id"], http)
        await person.log_in()
        return person

    async def log_in(self) -> None:
        """Open a session and use its access token from here on."""
        answer = await self.http.post(
            "/v1/auth/login", json={"username": self.username, "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Send a GET as this person."""
        return await self.http.get(path, params=query or None, headers=self.headers)

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a POST as this person."""
        return await self.http.post(path, json=body, headers={**self.headers, **(headers or {})})

    async def top_up(self, amount: str, currency: str = "RUB") -> httpx.Response:
        """Put sandbox money into the default wallet."""
        return await self.post("/v1/wallets/top-up", {"amount": amount, "currency": currency})

    async def wallet(self, currency: str = "RUB") -> dict[str, Any]:
        """Return the default wallet."""
        answer = await self.get("/v1/wallets/me", currency=currency)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def balance(self) -> Decimal:
        """Return the default wallet's balance."""
        return Decimal((await self.wallet())["balance"]["amount"])

    async def held(self) -> Decimal:
        """Return what is held in the default wallet."""
        return Decimal((await self.wallet())["held"]["amount"])

    async def create(self, payee: "Person", amount: str, **more: Any) -> dict[str, Any]:
        """Create a payment to somebody, and return it."""
        answer = await self.post(
            "/v1/payments",
            {"payee": {"username": payee.username}, "amount": amount, "currency": "RUB", **more},
        )
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def pay(self, payment_id: str, wait: int | None = None) -> httpx.Response:
        """Pay a payment, waiting for its end if asked to."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        return await self.post(f"/v1/payments/{payment_id}/pay", headers=headers)

    async def cancel(self, payment_id: str) -> httpx.Response:
        """Cancel a payment."""
        return await self.post(f"/v1/payments/{payment_id}/cancel")

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """Return a payment."""
        answer = await self.get(f"/v1/payments/{payment_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settled(self, payment_id: str, within: float = 10.0) -> dict[str, Any]:
        """Wait until a payment is final, and return it."""
        return await eventually(
            lambda: self.payment(payment_id), lambda p: p["status"] in FINAL, within=within
        )

    async def buy(self, product_id: str, quantity: int = 1, *, key: str = "") -> httpx.Response:
        """Buy a product in one call, under an idempotency key if one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/v1/shop/products/{product_id}/buy"
        return await self.post(path, {"quantity": quantity}, headers)

    async def order(self, *lines: tuple[str, int]) -> dict[str, Any]:
        """Order so many of each product, and return the order."""
        items = [{"product_id": one, "quantity": quantity} for one, quantity in lines]
        answer = await self.post("/v1/shop/orders", {"items": items})
        assert answer.status_code == 201, answer.text
        ordered: dict[str, Any] = answer.json()
        return ordered

    async def pay_order(
        self, order_id: str, body: Any = None, wait: int | None = None
    ) -> httpx.Response:
        """Pay an order, from the wallet if nothing else is said."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        return await self.post(f"/v1/shop/orders/{order_id}/pay", body, headers)

    async def cancel_order(self, order_id: str) -> httpx.Response:
        """Cancel an order."""
        return await self.post(f"/v1/shop/orders/{order_id}/cancel")

    async def ordered(self, order_id: str) -> dict[str, Any]:
        """Return an order as it is now."""
        answer = await self.get(f"/v1/shop/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def order_at_rest(self, order_id: str, within: float = 10.0) -> dict[str, Any]:
        """Wait until no payment of an order is under way any more, and return the order."""
        return await eventually(
            lambda: self.ordered(order_id),
            lambda one: (one["payment"] or {}).get("status") != "processing",
            within=within,
        )
