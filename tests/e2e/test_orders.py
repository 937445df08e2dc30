"""Orders through the gateway on the real stack: cards, refunds, disputes, and what is refused."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from kit.ids import new_id
from testkit.keepers import Keeper
from testkit.people import BY_CARD, Person, eventually

ORDERS = "/v1/shop/orders"


@pytest.fixture
async def tea(keeper: Keeper) -> str:
    """A product of 10.00, twenty of it."""
    return await keeper.product("10.00", 20)


async def paid_by_card(person: Person, product_id: str, quantity: int) -> tuple[str, str]:
    """Order and pay by card; return the order's id and the card payment's at the provider."""
    order = await person.order((product_id, quantity))
    page = await page_of(person, order["id"])
    await person.http.post(page, data={"outcome": "success"})
    assert (await person.order_at_rest(order["id"], within=20))["status"] == "paid"
    return order["id"], page.rpartition("/")[2]


async def page_of(person: Person, order_id: str) -> str:
    answer = await person.pay_order(order_id, BY_CARD)
    assert answer.status_code == 202, answer.text
    order = await eventually(
        lambda: person.ordered(order_id), lambda one: one["payment"]["next_action"] is not None
    )
    return str(order["payment"]["next_action"]["url"])


async def test_items_that_were_paid_by_card_go_back_to_the_card(
    http: httpx.AsyncClient, alice: Person, keeper: Keeper, tea: str
) -> None:
    income = await keeper.income()
    order_id, card = await paid_by_card(alice, tea, 3)
    item = {"product_id": tea, "quantity": 2}
    part = await keeper.refund(order_id, {"items": [item], "restock": True, "reason": "broken"})
    assert (part.status_code, part.json()["refunded"]) == (200, "20.00"), part.text
    [refund] = part.json()["refunds"]
    assert (refund["status"], refund["amount"], refund["restock"]) == ("completed", "20.00", True)
    assert await keeper.stock(tea) == 19
    at_provider = f"/sandbox/provider/payments/{card}"
    assert (await http.get(at_provider)).json()["refunded_amount"] == "20.00"
    too_many = await keeper.refund(order_id, {"items": [item]})
    assert too_many.status_code in {409, 422}
    assert (await keeper.refund(order_id)).json()["status"] == "refunded"
    assert (await http.get(at_provider)).json()["refunded_amount"] == "30.00"
    assert (await alice.balance(), await keeper.income()) == (0, income)
    assert await keeper.stock(tea) == 19
    assert (await alice.post(f"{ORDERS}/{order_id}/refund", {})).status_code == 403


@pytest.mark.parametrize(("outcome", "earned"), [("won", 10), ("lost", 0)])
async def test_a_dispute_shows_on_the_order_with_its_end(  # noqa: PLR0913, PLR0917 - fixtures, one case
    http: httpx.AsyncClient, alice: Person, keeper: Keeper, tea: str, outcome: str, earned: int
) -> None:
    income = await keeper.income()
    order_id, card = await paid_by_card(alice, tea, 1)
    path = f"/sandbox/provider/payments/{card}"
    opened = await http.post(f"{path}/dispute")
    assert opened.status_code == 200, opened.text

    async def dispute() -> dict[str, Any]:
        order = await alice.ordered(order_id)
        assert order["status"] == "paid"
        return order["disputes"][0] if order["disputes"] else {}

    shown = await eventually(dispute, bool, within=20)
    assert (shown["amount"], shown["outcome"]) == ("10.00", None)
    await eventually(keeper.income, lambda seen: seen == income, within=20)
    at_provider = opened.json()["disputes"][-1]["id"]
    closed = await http.post(f"{path}/disputes/{at_provider}/close", json={"outcome": outcome})
    assert closed.status_code == 200, closed.text
    await eventually(dispute, lambda one: one["outcome"] == outcome, within=20)
    await eventually(keeper.income, lambda seen: seen == income + earned, within=20)


async def test_the_wallet_pays_an_order_whose_card_page_is_open_and_the_page_pays_no_more(
    http: httpx.AsyncClient, alice: Person, keeper: Keeper, tea: str
) -> None:
    income = await keeper.income()
    await alice.top_up("10.00")
    order = await alice.order((tea, 1))
    page = await page_of(alice, order["id"])
    assert (await alice.pay_order(order["id"], wait=10)).json()["status"] == "paid"
    await http.post(page, data={"outcome": "success"})
    at_provider = f"/sandbox/provider/payments/{page.rpartition('/')[2]}"

    async def kept() -> Decimal:
        seen = (await http.get(at_provider)).json()
        is_charged = seen["status"] == "succeeded"
        return is_charged * (Decimal(seen["amount"]) - Decimal(seen["refunded_amount"]))

    await eventually(kept, lambda left: left == 0, within=30)
    ended = await alice.ordered(order["id"])
    assert (ended["status"], ended["payment"]["method"]) == ("paid", "wallet")
    assert await keeper.income() == income + 10


@pytest.mark.parametrize(
    ("quantity", "status"),
    [(0, 422), (-1, 422), (10**12, 422), (1.5, 422), ("1", 422), (True, 422), (21, 409)],
    ids=str,
)
async def test_a_quantity_out_of_the_rules_is_refused_and_nothing_is_stored(
    alice: Person, keeper: Keeper, tea: str, quantity: object, status: int
) -> None:
    await alice.top_up("1000.00")
    line = {"product_id": tea, "quantity": quantity}
    for path, body in (
        (ORDERS, {"items": [line]}),
        ("/v1/shop/buy", line),
        (f"/v1/shop/products/{tea}/buy", {"quantity": quantity}),
    ):
        answer = await alice.post(path, body)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
    await _nothing_happened(alice, keeper, tea)


async def test_a_list_of_items_out_of_the_rules_is_refused_and_nothing_is_stored(
    alice: Person, keeper: Keeper, tea: str
) -> None:
    await alice.top_up("1000.00")
    hidden = await keeper.product("1.00", 5, is_active=False)
    dollars = await keeper.product("1.00", 5, currency="USD")
    lists: list[list[Any]] = [
        [],
        [_line(tea), _line(tea)],
        [_line(str(new_id())) for _ in range(500)],
        [_line(tea), _line(hidden)],
        [_line(tea), _line(str(new_id()))],
        [_line(tea), _line(dollars)],
        [{"product_id": tea}],
        [None],
    ]
    for items in lists:
        answer = await alice.post(ORDERS, {"items": items})
        assert answer.status_code == 422, answer.text
    for body in (None, {}, {"items": None}, {"items": "x"}, {"items": [_line(tea)], "more": 1}):
        assert (await alice.post(ORDERS, body)).status_code in {400, 422}
    await _nothing_happened(alice, keeper, tea)


def _line(product_id: str) -> dict[str, Any]:
    return {"product_id": product_id, "quantity": 1}


async def _nothing_happened(person: Person, keeper: Keeper, product_id: str) -> None:
    assert (await person.get(ORDERS)).json()["items"] == []
    assert (await person.balance(), await person.held()) == (1000, 0)
    assert await keeper.stock(product_id) == 20
