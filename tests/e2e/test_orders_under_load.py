"""Many who buy, cancel, pay and refund at once on the real stack: stock and money stay exact.

After each story stock, balances, the shop's merchant account and the orders must add up.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from kit import signatures
from kit.ids import new_id
from payments.settings import Settings
from testkit.keepers import Keeper
from testkit.people import BY_CARD, Person, eventually

PRICE = Decimal("10.00")
BUYERS, STOCK = 50, 10
PAIRS, OWNERS = 100, 10
PATIENCE = 60.0
SECRET = Settings(_env_file=None).sandbox_webhook_secret.get_secret_value()
WEBHOOK = "/api/v1/payments/webhook/mock"


@dataclass
class Shelf:
    """A product for one test, and what the shop had earned before."""

    keeper: Keeper
    product_id: str
    stock: int
    income_before: Decimal

    async def adds_up(self, sold: int, *, given_back: int = 0) -> None:
        """Expect stock and income to be those of so many sold, some of them given back unsold."""
        assert await self.keeper.stock(self.product_id) == self.stock - sold
        wanted = self.income_before + PRICE * (sold - given_back)
        await eventually(self.keeper.income, lambda seen: seen == wanted, within=PATIENCE)


PutOut = Callable[[int], Awaitable[Shelf]]


@pytest.fixture
def put_out(keeper: Keeper) -> PutOut:
    """Return a function that puts so many pieces of a new product on the shelf."""

    async def put(stock: int) -> Shelf:
        product_id = await keeper.product(str(PRICE), stock)
        return Shelf(keeper, product_id, stock, await keeper.income())

    return put


async def people(http: httpx.AsyncClient, count: int, funds: str | None = None) -> list[Person]:
    """Let people arrive, a few at a time, and fund them."""
    made: list[Person] = []
    while len(made) < count:
        some = min(5, count - len(made))
        made += await asyncio.gather(*(Person.arrive(http, "buyer") for _ in range(some)))
    if funds is not None:
        await asyncio.gather(*(one.top_up(funds) for one in made))
    return made


async def at_rest(buyer: Person, answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """Return how a purchase ended: 201 and the order, or 409 and the problem."""
    if answer.status_code != 202:
        return answer.status_code, answer.json()
    order = await buyer.order_at_rest(answer.json()["id"], within=PATIENCE)
    return (201 if order["status"] == "paid" else 409), {"code": order["reason"], **order}


def counted(ended: Sequence[tuple[int, dict[str, Any]]]) -> Counter[tuple[int, str]]:
    return Counter((status, body.get("code") or body["status"]) for status, body in ended)


@pytest.mark.check(50)
async def test_of_50_buyers_of_10_items_10_get_one_and_40_are_refused(
    http: httpx.AsyncClient, put_out: PutOut
) -> None:
    shelf = await put_out(STOCK)
    buyers = await people(http, BUYERS, "100.00")
    answers = await asyncio.gather(*(one.buy(shelf.product_id) for one in buyers))
    ended = [await at_rest(*pair) for pair in zip(buyers, answers, strict=True)]
    assert counted(ended) == {(201, "paid"): STOCK, (409, "out_of_stock"): BUYERS - STOCK}
    await shelf.adds_up(STOCK)
    for buyer, (status, _) in zip(buyers, ended, strict=True):
        spent = PRICE if status == 201 else 0
        assert (await buyer.balance(), await buyer.held()) == (100 - spent, 0)


async def test_of_40_parallel_purchases_by_one_wallet_that_funds_9_exactly_9_are_made(
    alice: Person, put_out: PutOut
) -> None:
    shelf = await put_out(100)
    await alice.top_up("95.00")
    answers = await asyncio.gather(*(alice.buy(shelf.product_id) for _ in range(40)))
    ended = [await at_rest(alice, answer) for answer in answers]
    assert counted(ended) == {(201, "paid"): 9, (409, "insufficient_funds"): 31}
    assert (await alice.balance(), await alice.held()) == (Decimal("5.00"), 0)
    await shelf.adds_up(9)


async def test_a_purchase_that_is_sent_ten_times_with_one_key_is_made_once(
    alice: Person, put_out: PutOut
) -> None:
    shelf = await put_out(100)
    await alice.top_up("100.00")

    async def buy_until_told() -> httpx.Response:
        return await eventually(
            lambda: alice.buy(shelf.product_id, 2, key="once"),
            lambda answer: answer.json().get("code") != "idempotency_in_flight",
            within=PATIENCE,
        )

    answers = await asyncio.gather(*(buy_until_told() for _ in range(10)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await at_rest(alice, answers[0]))[0] == 201
    assert await alice.balance() == Decimal("80.00")
    await shelf.adds_up(2)


async def test_an_order_that_is_paid_ten_times_at_once_is_paid_once(
    alice: Person, put_out: PutOut
) -> None:
    shelf = await put_out(100)
    await alice.top_up("100.00")
    order = await alice.order((shelf.product_id, 3))
    answers = await asyncio.gather(*(alice.pay_order(order["id"], wait=10) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    assert (await alice.order_at_rest(order["id"], within=PATIENCE))["status"] == "paid"
    assert (await alice.balance(), await alice.held()) == (Decimal("70.00"), 0)
    await shelf.adds_up(3)


async def card_page(buyer: Person, order_id: str) -> str:
    """Begin to pay an order by card; return the page's address."""
    answer = await buyer.pay_order(order_id, BY_CARD)
    assert answer.status_code == 202, answer.text
    shown = answer.json()["payment"]
    if shown["next_action"] is None:
        order = await eventually(
            lambda: buyer.ordered(order_id),
            lambda one: one["payment"]["next_action"] is not None,
            within=PATIENCE,
        )
        shown = order["payment"]
    return str(shown["next_action"]["url"])


async def test_of_100_cancels_against_the_cards_webhook_none_is_paid_and_cancelled_at_once(
    http: httpx.AsyncClient,
    put_out: PutOut,
    record_property: Callable[[str, object], None],
) -> None:
    shelf = await put_out(PAIRS)
    owners = await people(http, OWNERS)
    bought = [owners[n % OWNERS] for n in range(PAIRS)]
    orders, pages = [], []
    for start in range(0, PAIRS, OWNERS):
        some = bought[start : start + OWNERS]
        made = await asyncio.gather(*(one.order((shelf.product_id, 1)) for one in some))
        works = (card_page(one, order["id"]) for one, order in zip(some, made, strict=True))
        orders += [order["id"] for order in made]
        pages += await asyncio.gather(*works)

    async def race(number: int) -> None:
        async def press() -> httpx.Response:
            return await http.post(pages[number], data={"outcome": "success"})

        # The webhook follows the button, so that each half of the pairs favours another side.
        pressing = [await press()] if number % 2 else []
        called = [bought[number].cancel_order(orders[number])]
        answers = await asyncio.gather(*called, *([] if pressing else [press()]))
        seen = {answer.status_code for answer in (*answers, *pressing)}
        assert seen <= {200, 303, 409}, answers[0].text

    await asyncio.gather(*(race(number) for number in range(PAIRS)))
    paid = 0
    for buyer, order_id, page in zip(bought, orders, pages, strict=True):
        order = await buyer.order_at_rest(order_id, within=PATIENCE)
        shown = (order["status"], order["payment"]["status"])
        assert shown in {("paid", "paid"), ("cancelled", "not_paid"), ("cancelled", "returned")}
        paid += order["status"] == "paid"
        await eventually(
            lambda page=page: card_keeps(http, page),  # type: ignore[misc]
            lambda kept, order=order: kept == (PRICE if order["status"] == "paid" else 0),  # type: ignore[misc]
            within=PATIENCE,
        )
    record_property("paid", paid)
    await shelf.adds_up(paid)


async def card_keeps(http: httpx.AsyncClient, page: str) -> Decimal:
    """Return how much was taken from a card and not given back, as the provider sees it."""
    card = page.rpartition("/")[2]
    seen = (await http.get(f"/sandbox/provider/payments/{card}")).json()
    if seen["status"] != "succeeded":
        return Decimal()
    return Decimal(seen["amount"]) - Decimal(seen["refunded_amount"])


async def test_the_same_webhook_ten_times_pays_an_order_once(
    http: httpx.AsyncClient, alice: Person, put_out: PutOut
) -> None:
    shelf = await put_out(100)
    order = await alice.order((shelf.product_id, 1))
    page = await card_page(alice, order["id"])
    payment_id = (await alice.ordered(order["id"]))["payment"]["id"]
    card = page.rpartition("/")[2]
    charge = (await http.get(f"/sandbox/provider/payments/{card}")).json()["charge_id"]
    paid = {"id": card, "status": "succeeded", "charge_id": charge}
    event = {"id": f"evt_{new_id().hex}", "type": "payment.succeeded", "payment": paid}
    body = orjson.dumps(event)
    headers = {
        "Content-Type": "application/json",
        "Sandbox-Signature": signatures.sign(SECRET, body, datetime.now(UTC)),
    }
    send = [http.post(WEBHOOK, content=body, headers=headers) for _ in range(10)]
    answers = await asyncio.gather(*send)
    assert {answer.status_code for answer in answers} == {200}
    ended = await alice.order_at_rest(order["id"], within=PATIENCE)
    assert (ended["status"], ended["payment"]["id"]) == ("paid", payment_id)
    await shelf.adds_up(1)


async def test_refunds_of_items_at_once_never_exceed_what_was_paid(
    alice: Person, keeper: Keeper, put_out: PutOut
) -> None:
    shelf = await put_out(20)
    await alice.top_up("100.00")
    status, order = await at_rest(alice, await alice.buy(shelf.product_id, 10))
    assert status == 201, order

    async def give_back(number: int) -> httpx.Response:
        one = {"product_id": shelf.product_id, "quantity": 1}
        return await keeper.refund(order["id"], {"items": [one], "restock": number % 2 == 0})

    answers = await asyncio.gather(*(give_back(number) for number in range(30)))
    accepted = [answer for answer in answers if answer.status_code in {200, 202}]
    assert len(accepted) == 10
    assert {answer.status_code for answer in answers if answer not in accepted} <= {409, 422}
    ended = await eventually(
        lambda: alice.ordered(order["id"]), lambda one: one["status"] == "refunded", within=PATIENCE
    )
    assert (ended["refunded"], ended["items"][0]["refunded_quantity"]) == ("100.00", 10)
    assert {one["status"] for one in ended["refunds"]} == {"completed"}
    assert await alice.balance() == Decimal("100.00")
    restocked = sum(one["restock"] for one in ended["refunds"])
    await shelf.adds_up(10 - restocked, given_back=10 - restocked)
