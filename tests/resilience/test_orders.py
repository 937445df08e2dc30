"""Real processes die between the steps of an order's saga: order and payment agree afterwards."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import httpx
import pytest
from deploy.stack import Stack

from kit.ids import new_id
from kit.tasks import spawn
from testkit.keepers import Keeper
from testkit.people import BY_CARD, Person, eventually

PRICE = Decimal("4.00")
STOCK = 200
PURCHASES = 60
SETTLE_SECONDS = 60


@pytest.fixture
async def keeper(stack: Stack, http: httpx.AsyncClient) -> Keeper:
    return await Keeper.hire(http, stack.env_of("auth"))


@pytest.fixture
async def tea(keeper: Keeper) -> str:
    return await keeper.product(str(PRICE), STOCK)


async def buyer(http: httpx.AsyncClient, funds: str) -> Person:
    person = await Person.arrive(http, "buyer")
    assert (await person.top_up(funds)).status_code == 201
    return person


async def kill(stack: Stack, services: Sequence[str]) -> None:
    for service in services:
        await asyncio.to_thread(stack.kill_service, service)


async def start(stack: Stack, services: Sequence[str]) -> None:
    for service in services:
        await asyncio.to_thread(stack.start_service, service)


async def agreed(person: Person, order_id: str) -> dict[str, Any]:
    """Return an order at rest, after comparing it with its payment as payments has it."""
    order = await person.order_at_rest(order_id, within=SETTLE_SECONDS)
    payment = await person.settled(order["payment"]["id"], within=SETTLE_SECONDS)
    is_paid = order["status"] in {"paid", "refunded"}
    assert (payment["status"] in {"paid", "refunded"}) == is_paid, (order, payment)
    return order


# While these are down, an order is paid; then the others die, too; and all come back. So the saga
# stands before the charge, within it, or before the news of its end.
@pytest.mark.parametrize(
    ("down", "killed"),
    [
        (("payments",), ("shop",)),
        (("payments",), ("shop", "wallet")),
        (("wallet",), ("payments",)),
        (("wallet",), ("shop",)),
        (("wallet",), ("shop", "payments")),
    ],
    ids="+".join,
)
async def test_an_order_is_paid_once_all_are_back(  # noqa: PLR0913, PLR0917 - fixtures, one case
    stack: Stack,
    http: httpx.AsyncClient,
    keeper: Keeper,
    tea: str,
    down: tuple[str, ...],
    killed: tuple[str, ...],
) -> None:
    income, alice = await keeper.income(), await buyer(http, "10.00")
    order = await alice.order((tea, 2))
    await kill(stack, down)
    try:
        answer = await alice.pay_order(order["id"])
        assert (answer.status_code, answer.json()["status"]) == (202, "paying"), answer.text
        await kill(stack, killed)
    finally:
        await start(stack, (*killed, *down))
    assert (await agreed(alice, order["id"]))["status"] == "paid"
    assert (await alice.balance(), await alice.held()) == (Decimal("2.00"), 0)
    assert await keeper.stock(tea) == STOCK - 2
    assert await keeper.income() == income + 2 * PRICE


async def test_a_payment_that_ends_while_the_shop_is_dead_is_known_to_it_afterwards(
    stack: Stack, http: httpx.AsyncClient, keeper: Keeper, tea: str
) -> None:
    alice = await buyer(http, "10.00")
    order = await alice.order((tea, 1))
    await kill(stack, ("wallet",))
    answer = await alice.pay_order(order["id"])
    assert answer.status_code == 202, answer.text
    payment_id = answer.json()["payment"]["id"]

    async def taken() -> int:
        return (await alice.get(f"/v1/payments/{payment_id}")).status_code

    try:
        await eventually(taken, lambda status: status == 200, within=SETTLE_SECONDS)
        await kill(stack, ("shop",))
        await start(stack, ("wallet",))
        paid = await alice.settled(payment_id, within=SETTLE_SECONDS)
        assert paid["status"] == "paid"
    finally:
        await start(stack, ("wallet", "shop"))
    assert (await agreed(alice, order["id"]))["status"] == "paid"
    assert await keeper.stock(tea) == STOCK - 1


async def test_money_of_a_card_that_is_charged_after_the_cancel_goes_back_over_any_death(
    stack: Stack, http: httpx.AsyncClient, keeper: Keeper, tea: str
) -> None:
    income, alice = await keeper.income(), await buyer(http, "1.00")
    order = await alice.order((tea, 1))
    opened = await alice.pay_order(order["id"], BY_CARD)
    assert opened.status_code == 202, opened.text
    shown = await eventually(
        lambda: alice.ordered(order["id"]), lambda one: one["payment"]["next_action"] is not None
    )
    page = shown["payment"]["next_action"]["url"]
    await kill(stack, ("payments",))
    try:
        cancelled = await alice.cancel_order(order["id"])
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        assert (await http.post(page, data={"outcome": "success"})).status_code == 303
        await kill(stack, ("shop",))
    finally:
        await start(stack, ("payments", "shop"))
    ended = await alice.order_at_rest(order["id"], within=SETTLE_SECONDS)
    assert ended["status"] == "cancelled"
    assert ended["payment"]["status"] in {"not_paid", "returned"}
    card = page.rpartition("/")[2]

    async def kept() -> Decimal:
        seen = (await http.get(f"/sandbox/provider/payments/{card}")).json()
        return Decimal(seen["amount"]) - Decimal(seen["refunded_amount"])

    await eventually(kept, lambda left: left == 0, within=SETTLE_SECONDS)
    assert await keeper.stock(tea) == STOCK
    assert await keeper.income() == income


@pytest.mark.parametrize("killed", ["shop", "payments", "wallet"])
async def test_a_refund_is_completed_once_over_a_death(
    stack: Stack, http: httpx.AsyncClient, keeper: Keeper, tea: str, killed: str
) -> None:
    income, alice = await keeper.income(), await buyer(http, "20.00")
    bought = await alice.buy(tea, 3)
    assert bought.status_code == 201, bought.text
    down = "wallet" if killed == "payments" else "payments"
    await kill(stack, (down,))
    try:
        item = {"product_id": tea, "quantity": 2}
        path = f"/v1/shop/orders/{bought.json()['id']}/refund"
        begun = await keeper.ask("POST", path, {"items": [item], "restock": True})
        assert begun.status_code == 202, begun.text
        await kill(stack, (killed,))
    finally:
        await start(stack, (killed, down))
    ended = await eventually(
        lambda: alice.ordered(bought.json()["id"]),
        lambda one: one["refunds"][0]["status"] != "processing",
        within=SETTLE_SECONDS,
    )
    assert ([one["status"] for one in ended["refunds"]], ended["refunded"]) == (
        ["completed"],
        "8.00",
    )
    assert await alice.balance() == Decimal("16.00")
    assert await keeper.stock(tea) == STOCK - 1
    assert await keeper.income() == income + PRICE


def _again(service: str) -> Callable[[Stack], None]:
    def fault(stack: Stack) -> None:
        stack.kill_service(service)
        stack.start_service(service)

    return fault


def _restart_rabbitmq(stack: Stack) -> None:
    stack.infrastructure.rabbitmq.stop()
    stack.infrastructure.rabbitmq.start()


@pytest.mark.parametrize(
    "fault",
    [_again("shop"), _again("payments"), _again("wallet"), _restart_rabbitmq],
    ids=["kill -9 shop", "kill -9 payments", "kill -9 wallet", "RabbitMQ restart"],
)
async def test_a_fault_in_the_middle_of_60_purchases_loses_and_doubles_nothing(
    stack: Stack,
    http: httpx.AsyncClient,
    keeper: Keeper,
    tea: str,
    fault: Callable[[Stack], None],
) -> None:
    income, alice = await keeper.income(), await buyer(http, "1000.00")
    made: list[str] = []

    async def buy_all() -> None:
        while len(made) < PURCHASES:
            order_id = await _until_bought(alice, tea)
            made.append(order_id)

    buying = spawn(buy_all(), "buying")
    await eventually(lambda: asyncio.sleep(0, len(made)), lambda n: n >= 10, within=SETTLE_SECONDS)
    await asyncio.to_thread(fault, stack)
    await buying
    ended = [await agreed(alice, order_id) for order_id in made]
    assert len(set(made)) == PURCHASES
    sold = Counter(order["status"] for order in ended)["paid"]
    unsold = {order["reason"] for order in ended if order["status"] != "paid"}
    assert unsold <= {"payments_unavailable", "wallet_unavailable"}
    assert (await alice.balance(), await alice.held()) == (1000 - PRICE * sold, 0)
    assert await keeper.stock(tea) == STOCK - sold
    assert await keeper.income() == income + PRICE * sold


async def _until_bought(person: Person, product_id: str) -> str:
    """Buy under one key until it is answered, as a client would over a fault; return the order."""
    key = str(new_id())

    async def ask() -> httpx.Response | None:
        try:
            return await person.buy(product_id, key=key)
        except httpx.TransportError:
            return None

    answer = await eventually(
        ask,
        lambda one: one is not None and one.status_code in {201, 202},
        within=2 * SETTLE_SECONDS,
    )
    assert answer is not None
    return str(answer.json()["id"])
