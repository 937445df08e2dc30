"""Makes demo data on a running stack: people, payments, a shop, orders, a book.

Safe to repeat, and for development only: the password is in this file. It is the stack of this
clone, whatever port it is on, and where none runs the one of ``make up``; ``--compose`` insists on
that.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from deploy.calls import ApiCaller
from deploy.seed_book import fill_book
from deploy.stack import compose
from deploy.stack.commands import own_stack
from deploy.stack.errors import StackError

ROOT = Path(__file__).parents[1]
PASSWORD = "demo-password-1"  # noqa: S105 - known to everybody on purpose
PASSWORD_VARIABLE = "DEMO_PASSWORD"  # noqa: S105 - a name
FUNDS = {"alice": Decimal("1000.00"), "bob": Decimal("250.00")}
MERCHANT = "merchant"
SERVICES = (
    {"name": "Mobile phone", "description": "Number in the payment's description"},
    {"name": "Internet", "description": "100 Mbit/s at home, a month", "price": "590.00"},
    {"name": "Utilities", "description": "Account number in the payment's description"},
)
CATEGORIES = {
    "sound": ("Звук", None),
    "headphones": ("Наушники", "sound"),
    "books": ("Книги", None),
}
PRODUCTS = {
    "k-72": ("Наушники К-72", "headphones", "2490.00", 40),
    "grom-mini": ("Колонка «Гром мини»", "sound", "7990.00", 12),
    "cable-3-5": ("Кабель 3,5 мм, 1,2 м", "sound", "190.00", 300),
    "double-entry": ("Двойная запись за вечер", "books", "990.00", 25),
    "last-copy": ("Последний экземпляр", "books", "1500.00", 1),
}
NEXT_WEEK = (datetime.now(UTC) + timedelta(days=7)).isoformat()
# What alice pays to bob, by description; of the first he gives a part back.
PAYMENTS: dict[str, dict[str, Any]] = {
    "Concert tickets": {"amount": "40.00", "confirm": True},
    "Bicycle, for a weekend": {"amount": "120.00", "reserve": True},
    "Rent of the garage": {"amount": "75.00", "execute_at": NEXT_WEEK},
}
GIVEN_BACK = {"Concert tickets": "15.00"}
# What alice orders, one in each state; a seed makes those that are not there.
CARD_PAGE_OPEN = "card page open"
ORDERS = ("pending", CARD_PAGE_OPEN, "cancelled", "paid", "refunded", "refunded in part")
ORDERED, BY_CARD = "cable-3-5", {"method": "card", "return_url": "https://shop.example/thanks"}
WAITING = "wait=10"


@dataclass(frozen=True)
class SeededStack:
    """Knows where a stack's gateway is, and how auth's own commands are run there."""

    url: str
    auth: Sequence[str]
    environment: Mapping[str, str]


def main() -> int:
    """Make all of it; say what to do next."""
    try:
        place = _place(in_compose="--compose" in sys.argv[1:])
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    _run(place, "create-admin", "--username", "admin")
    for name in (*FUNDS, MERCHANT):
        _run(place, "create-user", "--username", name, "--active")
    with httpx.Client(base_url=place.url, timeout=30) as http:
        for name, funds in FUNDS.items():
            _fund(http, name, funds)
        _pay(http)
        products = _stock_up(http)
        orders = _order(http)
        for name, funds in FUNDS.items():
            balance = _fund(http, name, funds)
            print(f"{name}: balance {balance} RUB")
        print(f"{MERCHANT}: offers {', '.join(_offer(http))}")
        print(f"alice's book: {fill_book(ApiCaller.log_in(http, 'alice', PASSWORD))}")
        print(f"shop: {products} products; alice's orders: {', '.join(orders)}")
        print(f"the open card page: {_page_of(orders[CARD_PAGE_OPEN])}")
    print(_next_steps(place.url))
    return 0


def _place(*, in_compose: bool) -> SeededStack:
    """Return the stack that runs here, else the one in Compose.

    Raises:
        StackError: neither is up.
    """
    stack = own_stack()
    if not in_compose and stack.is_ready():
        environment = {**os.environ, **stack.env_of("auth"), PASSWORD_VARIABLE: PASSWORD}
        return SeededStack(stack.gateway_url, [sys.executable, "-m", "auth"], environment)
    url = compose.gateway_url()
    if url is None:
        start = "`make up`" if in_compose else "`make run` or `make up`"
        raise StackError(f"Nothing that could be seeded is running here. {start} starts it.")
    auth = compose.command("auth", ["python", "-m", "auth"], [PASSWORD_VARIABLE])
    return SeededStack(url, auth, {**os.environ, PASSWORD_VARIABLE: PASSWORD})


def _run(place: SeededStack, *words: str) -> None:
    command = [*place.auth, *words, "--password-env", PASSWORD_VARIABLE]
    answer = subprocess.run(command, env=place.environment, check=False, cwd=ROOT)
    if answer.returncode != 0:
        raise SystemExit(answer.returncode)


def _fund(http: httpx.Client, name: str, funds: Decimal) -> str:
    """Top a wallet up to an amount; return the balance."""
    caller = ApiCaller.log_in(http, name, PASSWORD)
    missing = funds - Decimal(caller.balance())
    if missing > 0:
        caller.post("/v1/wallets/top-up", {"amount": f"{missing:.2f}", "currency": "RUB"})
    return caller.balance()


def _pay(http: httpx.Client) -> None:
    """Make alice's payments that are not there yet."""
    alice, bob = (ApiCaller.log_in(http, name, PASSWORD) for name in FUNDS)
    for description, how in PAYMENTS.items():
        if alice.get("/v1/payments", search=description)["items"]:
            continue
        wanted = {"payee": {"username": "bob"}, "description": description, **how}
        made = alice.post("/v1/payments", wanted, Prefer=WAITING)
        if amount := GIVEN_BACK.get(description):
            bob.post(f"/v1/payments/{made['id']}/refunds", {"amount": amount}, Prefer=WAITING)


def _offer(http: httpx.Client) -> list[str]:
    """Offer those of the merchant's services that are missing; return all names."""
    merchant = ApiCaller.log_in(http, MERCHANT, PASSWORD)
    me = merchant.get("/v1/auth/me")
    offered = merchant.get("/v1/services", owner_id=me["id"], limit=100)["items"]
    names = [service["name"] for service in offered]
    for service in SERVICES:
        if service["name"] not in names:
            names.append(merchant.post("/v1/services", service)["name"])
    return names


def _stock_up(http: httpx.Client) -> int:
    """Add what is missing of the catalogue; return how many products it has."""
    admin = ApiCaller.log_in(http, "admin", PASSWORD)
    rows: list[dict[str, Any]] = []
    for slug, (name, parent) in CATEGORIES.items():
        row = {"kind": "category", "slug": slug, "name": name}
        rows.append(row if parent is None else row | {"category": parent})
    for slug, (name, category, price, stock) in PRODUCTS.items():
        row = {"kind": "product", "slug": slug, "name": name, "category": category}
        rows.append(row | {"price": price, "stock": stock})
    missing = [row for row in rows if not _is_there(admin, row)]
    if missing:
        admin.post("/v1/shop/catalogue", missing)
    return len(PRODUCTS)


def _is_there(admin: ApiCaller, row: Mapping[str, Any]) -> bool:
    noun = "categories" if row["kind"] == "category" else "products"
    path = f"/v1/shop/{noun}/{row['slug']}"
    return admin.http.get(path, headers=admin.headers).is_success


def _order(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """Make alice's orders that are not there yet; return one of each kind."""
    alice = ApiCaller.log_in(http, "alice", PASSWORD)
    admin = ApiCaller.log_in(http, "admin", PASSWORD)
    there = {_kind(one): one for one in alice.get("/v1/shop/orders", limit=100)["items"]}
    product_id = alice.get(f"/v1/shop/products/{ORDERED}")["id"]
    for kind in ORDERS:
        if kind not in there:
            there[kind] = _make_order(alice, admin, product_id, kind)
    return {kind: there[kind] for kind in ORDERS}


def _kind(order: Mapping[str, Any]) -> str:
    """Say which of ORDERS an order is."""
    if _page_of(order) is not None:
        return CARD_PAGE_OPEN
    if order["status"] == "paid" and order["refunds"]:
        return "refunded in part"
    return str(order["status"])


def _page_of(order: Mapping[str, Any]) -> str | None:
    """Return the address of an order's card page, where one is open."""
    action = (order["payment"] or {}).get("next_action")
    return None if action is None else str(action["url"])


def _make_order(alice: ApiCaller, admin: ApiCaller, product_id: str, kind: str) -> dict[str, Any]:
    order = alice.post("/v1/shop/orders", {"items": [{"product_id": product_id, "quantity": 2}]})
    path = f"/v1/shop/orders/{order['id']}"
    if kind == CARD_PAGE_OPEN:
        order = alice.post(f"{path}/pay", BY_CARD)
    elif kind == "cancelled":
        order = alice.post(f"{path}/cancel")
    elif kind != "pending":
        order = alice.post(f"{path}/pay", Prefer=WAITING)
    if kind == "refunded":
        order = admin.post(f"{path}/refund", {"restock": True}, Prefer=WAITING)
    elif kind == "refunded in part":
        part = {"items": [{"product_id": product_id, "quantity": 1}], "restock": True}
        order = admin.post(f"{path}/refund", part, Prefer=WAITING)
    return order


def _next_steps(url: str) -> str:
    return f"""
Log in as admin, alice, bob or merchant with the password {PASSWORD}:

  TOKEN=$(curl -s {url}/v1/auth/login -H 'Content-Type: application/json' \\
    -d '{{"username": "alice", "password": "{PASSWORD}"}}' \\
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  curl -s {url}/v1/wallets/me -H "Authorization: Bearer $TOKEN"
  curl -s {url}/v1/payments -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{{"payee": {{"username": "bob"}}, "amount": "150.00", "currency": "RUB"}}'
  curl -s {url}/v1/services
  curl -s -G {url}/v1/shop/products --data-urlencode "search=наушники"
  curl -s {url}/v1/shop/products/{ORDERED}/buy -H "Authorization: Bearer $TOKEN" \\
    -H 'Content-Type: application/json' -d '{{"quantity": 1}}'
  curl -s "{url}/v1/me?expand=orders" -H "Authorization: Bearer $TOKEN"
  curl -s "{url}/v1/finance/reports/summary" -H "Authorization: Bearer $TOKEN"

Swagger UI: {url}/docs"""


if __name__ == "__main__":
    sys.exit(main())
