"""Budgets: what is left of them, and who is told once they are nearly used."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.finance.ledger import Ledger
from tests.integration.finance.movements import Purse
from tests.integration.finance.room import Json, Room, changed, code

from contracts.finance import BudgetReached
from contracts.wallet import SHOP
from finance.domain.feed.purchases import Purchase, PurchaseItem
from finance.domain.reports import budgets
from finance.repository import Books
from finance.service.feed.movements import book_movements
from finance.service.feed.purchases import keep_purchases
from kit.ids import new_id
from testkit.pump import sent


@pytest.fixture
def ledger(room: Room) -> Ledger:
    room.clock.advance((datetime(2026, 11, 15, 12, tzinfo=UTC) - room.clock.now()).total_seconds())
    return Ledger(room)


async def budget(
    room: Room, category: str, amount: str, month: str = "2026-11", **more: Any
) -> Json:
    return await room.make("/budgets", category_id=category, amount=amount, month=month, **more)


async def standing(room: Room, month: str) -> list[tuple[Any, ...]]:
    """Return amount, carried, used, left and share of each budget of a month."""
    found = await room.get("/budgets", month=month)
    assert found["month"] == month
    return [
        (
            *(one[name]["amount"] for name in ("budgeted", "carried", "used", "left")),
            one["share"],
        )
        for one in found["items"]
    ]


async def told(room: Room) -> list[tuple[str, int, int]]:
    """Return month, threshold and what was spent of each event, in their order."""
    events = [one.message for one in await sent(room.database, BudgetReached)]
    return [(f"{one.month:%Y-%m}", one.threshold, one.used_minor) for one in events]


async def test_a_budget_holds_from_its_month_until_the_next_one(room: Room, ledger: Ledger) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00", "2026-10")
    await budget(room, food, "50.00", "2026-12")
    await budget(room, food, "0.00", "2027-02")
    await ledger.spend(cash, "30.00", "2026-11-30", category_id=food)
    assert await standing(room, "2026-09") == []
    assert await standing(room, "2026-10") == [("100.00", "0.00", "0.00", "100.00", "0.00")]
    assert await standing(room, "2026-11") == [("100.00", "0.00", "30.00", "70.00", "30.00")]
    assert await standing(room, "2027-01") == [("50.00", "0.00", "0.00", "50.00", "0.00")]
    assert await standing(room, "2027-02") == []


async def test_what_is_below_a_category_is_spent_on_it(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    food = await ledger.category("Food")
    cafe = await ledger.category("Cafe", parent=food)
    home = await ledger.category("Home")
    await budget(room, food, "100.00")
    parts = [
        {"category_id": cafe, "amount": "4.00"},
        {"category_id": food, "amount": "2.00"},
        {"category_id": home, "amount": "1.00"},
    ]
    await ledger.spend(cash, "7.00", "2026-11-05", splits=parts)
    await ledger.spend(cash, "10.00", "2026-11-05", category_id=cafe)
    await ledger.spend(cash, "20.00", "2026-11-05", category_id=food)
    euros = await ledger.account("Euros", currency="EUR")
    await ledger.spend(euros, "40.00", "2026-11-05", category_id=food)
    assert await standing(room, "2026-11") == [("100.00", "0.00", "36.00", "64.00", "36.00")]


async def test_what_is_left_or_overspent_is_carried_over(room: Room, ledger: Ledger) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00", "2026-10", carry_over=True)
    await ledger.spend(cash, "30.00", "2026-10-05", category_id=food)
    await ledger.spend(cash, "190.00", "2026-11-05", category_id=food)
    assert await standing(room, "2026-11") == [("100.00", "70.00", "190.00", "-20.00", "111.76")]
    assert await standing(room, "2026-12") == [("100.00", "-20.00", "0.00", "80.00", "0.00")]
    await ledger.spend(cash, "200.00", "2026-12-05", category_id=food)
    assert await standing(room, "2027-01") == [("100.00", "-120.00", "0.00", "-20.00", None)]


async def test_a_budget_is_shown_changed_and_deleted_as_it_was_read(
    room: Room, ledger: Ledger
) -> None:
    food = await ledger.category("Food")
    made = await budget(room, food, "100.00")
    path = f"/budgets/{made['id']}"
    shown = await room.ask("GET", path)
    assert shown.json() == made
    body = {"amount": "120.00", "carry_over": True}
    tag = {"If-Match": shown.headers["ETag"]}
    changed = await room.ask("PUT", path, json=body, headers=tag)
    assert changed.json() == {**made, **body, "updated_at": changed.json()["updated_at"]}
    edits: Sequence[tuple[str, Json]] = (("PUT", {"json": body}), ("DELETE", {}))
    for method, more in edits:
        stale = await room.ask(method, path, headers=tag, **more)
        assert (stale.status_code, code(stale)) == (412, "edit_stale")
    same = await room.ask("PUT", path, json=body)
    assert same.headers["ETag"] == changed.headers["ETag"]
    gone = await room.ask("DELETE", path, headers={"If-Match": changed.headers["ETag"]})
    assert gone.status_code == 204
    assert await standing(room, "2026-11") == []


async def test_where_a_budget_goes_the_one_before_it_is_looked_at(
    room: Room, ledger: Ledger
) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00", "2026-10")
    made = await budget(room, food, "1000.00", "2026-11")
    await ledger.spend(cash, "90.00", "2026-11-05", category_id=food)
    assert await told(room) == []
    await room.delete(f"/budgets/{made['id']}")
    assert await told(room) == [("2026-11", 80, 9000)]


async def test_a_budget_of_another_is_not_there(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    made = await budget(room, food, "100.00")
    body = {"amount": "1.00", "carry_over": False}
    asked: Sequence[tuple[str, Json]] = (("GET", {}), ("PUT", {"json": body}), ("DELETE", {}))
    for method, more in asked:
        answer = await room.ask(method, f"/budgets/{made['id']}", by=new_id(), **more)
        assert (answer.status_code, code(answer)) == (404, "budget_not_found")
    body = {"category_id": food, "amount": "1.00", "month": "2026-12"}
    answer = await room.ask("POST", "/budgets", json=body, by=new_id())
    assert (answer.status_code, code(answer)) == (422, "category_unknown")
    answer = await room.ask("GET", "/budgets", params={"month": "2026-11"}, by=new_id())
    assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "refused"),
    [
        ({"month": "2026-13"}, 422, "malformed"),
        ({"month": "2026-11-01"}, 422, "malformed"),
        ({"month": "1999-12"}, 422, "malformed"),
        ({"month": "2200-01"}, 422, "malformed"),
        ({"month": "２０２６-11"}, 422, "malformed"),
        ({"amount": "-1.00"}, 422, "amount_invalid"),
        ({"amount": "1.001"}, 422, "amount_invalid"),
        ({"amount": 1}, 422, "amount_invalid"),
        ({"currency": "XXX"}, 422, "currency_unknown"),
        ({"category_id": str(new_id())}, 422, "category_unknown"),
    ],
)
async def test_what_no_budget_can_be_is_refused(
    room: Room, ledger: Ledger, change: Json, status: int, refused: str
) -> None:
    body = {"category_id": await ledger.category("Food"), "month": "2026-11", "amount": "1.00"}
    answer = await room.ask("POST", "/budgets", json={**body, **change})
    assert (answer.status_code, code(answer)) == (status, refused)


async def test_a_budget_is_of_expense(room: Room, ledger: Ledger) -> None:
    pay = await ledger.category("Pay", "income")
    body = {"category_id": pay, "month": "2026-11", "amount": "1.00"}
    answer = await room.ask("POST", "/budgets", json=body)
    assert (answer.status_code, code(answer)) == (422, "category_type_differs")


async def test_a_category_with_a_budget_stays_one_of_expense(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    made = await budget(room, food, "1.00")
    answer = await room.patch(f"/categories/{food}", type="income")
    assert (answer.status_code, answer.json()["code"]) == (409, "category_in_use")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/budgets"]
    assert (await room.delete(f"/budgets/{made['id']}")).status_code == 204
    assert (await room.patch(f"/categories/{food}", type="income")).status_code == 200


async def test_a_category_has_one_budget_from_a_month_on(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    await budget(room, food, "1.00")
    body = {"category_id": food, "month": "2026-11", "amount": "2.00"}
    answer = await room.ask("POST", "/budgets", json=body)
    assert (answer.status_code, code(answer)) == (409, "budget_exists")
    await budget(room, food, "2.00", currency="EUR")
    assert len(await standing(room, "2026-11")) == 2


async def test_there_is_an_end_to_how_many_budgets_one_has(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    await room.rows(
        "INSERT INTO budget (id, user_id, category_id, currency, month, amount_minor, is_carried,"
        " version, created_at, updated_at) SELECT gen_random_uuid(), $1, $2, 'RUB',"
        " date '2030-01-01' + n * interval '1 month', 1, false, 1, now(), now()"
        " FROM generate_series(1, $3::int) AS n",
        room.user,
        food,
        budgets.MOST_BUDGETS - 1,
    )
    await budget(room, food, "1.00", "2026-11")
    body = {"category_id": food, "month": "2026-12", "amount": "2.00"}
    answer = await room.ask("POST", "/budgets", json=body)
    assert (answer.status_code, code(answer)) == (409, "too_many_budgets")


async def test_a_threshold_is_told_once_a_month(room: Room, ledger: Ledger) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00")
    await ledger.spend(cash, "79.99", "2026-11-05", category_id=food)
    assert await told(room) == []
    nearly = await ledger.spend(cash, "0.01", "2026-11-05", category_id=food)
    assert await told(room) == [("2026-11", 80, 8000)]
    await ledger.spend(cash, "10.00", "2026-11-06", category_id=food)
    await ledger.spend(cash, "10.00", "2026-11-07", category_id=food)
    assert await told(room) == [("2026-11", 80, 8000), ("2026-11", 100, 10000)]
    await room.ask("DELETE", f"/transactions/{nearly['id']}")
    await ledger.spend(cash, "50.00", "2026-11-08", category_id=food)
    assert len(await told(room)) == 2
    await ledger.spend(cash, "80.00", "2026-12-08", category_id=food)
    assert (await told(room))[2:] == [("2026-12", 80, 8000)]


async def test_what_is_spent_late_in_an_earlier_month_counts_where_it_is_carried_over(
    room: Room, ledger: Ledger
) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00", "2026-10", carry_over=True)
    await ledger.spend(cash, "150.00", "2026-11-05", category_id=food)
    assert await told(room) == []  # 150 of 200
    await ledger.spend(cash, "20.00", "2026-10-05", category_id=food)
    assert await told(room) == [("2026-11", 80, 15000)]


@pytest.mark.parametrize(
    ("zone", "now", "present"),
    [
        ("Asia/Vladivostok", datetime(2026, 11, 30, 20, tzinfo=UTC), "2026-12"),
        ("America/Los_Angeles", datetime(2026, 12, 1, 4, tzinfo=UTC), "2026-11"),
    ],
)
async def test_the_present_month_is_that_of_the_books_zone(
    room: Room, ledger: Ledger, zone: str, now: datetime, present: str
) -> None:
    await room.ask("PATCH", "/settings", json={"time_zone": zone})
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00", "2026-09", carry_over=True)
    spent = {"2026-12": "250.00", "2026-11": "150.00"}[present]
    await ledger.spend(cash, spent, f"{present}-01", category_id=food)
    assert await told(room) == []
    room.clock.advance((now - room.clock.now()).total_seconds())
    await ledger.spend(cash, "140.00", "2026-09-05", category_id=food)
    assert (present, 80, int(spent.replace(".", ""))) in await told(room)


async def test_of_both_thresholds_at_once_the_higher_is_told(room: Room, ledger: Ledger) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    cafe = await ledger.category("Cafe", parent=food)
    await budget(room, food, "100.00")
    await budget(room, cafe, "200.00")
    await ledger.spend(cash, "170.00", "2026-11-05", category_id=cafe)
    assert sorted(await told(room)) == [("2026-11", 80, 17000), ("2026-11", 100, 17000)]
    await ledger.spend(cash, "1.00", "2026-11-05", category_id=food)
    assert len(await told(room)) == 2


async def test_whatever_brings_a_budget_to_its_threshold_tells_of_it(
    room: Room, ledger: Ledger
) -> None:
    cash = await ledger.account()
    food, home = await ledger.category("Food"), await ledger.category("Home")
    spent = await ledger.spend(cash, "100.00", "2026-11-05", category_id=home)
    parts = [
        {"category_id": food, "amount": "90.00"},
        {"category_id": home, "amount": "10.00"},
    ]
    made = await budget(room, food, "100.00")
    assert await told(room) == []
    await room.ask("PATCH", f"/transactions/{spent['id']}", json={"splits": parts})
    assert await told(room) == [("2026-11", 80, 9000)]
    await room.ask("PUT", f"/budgets/{made['id']}", json={"amount": "90.00", "carry_over": False})
    assert (await told(room))[1:] == [("2026-11", 100, 9000)]
    await budget(room, home, "5.00", "2026-09")
    assert (await told(room))[2:] == [("2026-11", 100, 1000)]


async def test_money_that_moves_with_its_category_or_day_is_told_of(
    room: Room, ledger: Ledger
) -> None:
    cash = await ledger.account()
    food, cafe = await ledger.category("Food"), await ledger.category("Cafe")
    home = await ledger.category("Home")
    await budget(room, food, "100.00")
    await budget(room, home, "10.00")
    await ledger.spend(cash, "80.00", "2026-11-05", category_id=cafe)
    assert await told(room) == []
    await room.ask("PATCH", f"/categories/{cafe}", json={"parent_id": food})
    assert await told(room) == [("2026-11", 80, 8000)]
    await ledger.spend(cash, "9.00", "2026-10-31T23:00:00Z", category_id=home)
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    assert (await told(room))[1:] == [("2026-11", 80, 900)]
    answer = await room.ask("DELETE", f"/categories/{cafe}", params={"move_to": home})
    assert answer.status_code == 204
    assert (await told(room))[2:] == [("2026-11", 100, 8900)]


async def test_movements_that_rules_sort_use_budgets_up(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    await budget(room, food, "100.00")
    await room.make("/rules", category_id=food, words="tea")
    purse, at = Purse(room, room.user), {"posted_at": room.clock.now()}
    await purse.moves(-7999, description="Tea", **at)
    await purse.moves(-9000, description="Coffee", **at)
    assert await told(room) == []
    crossing = purse.movement(-1, description="Tea", **at)
    for _ in range(2):  # read again after a crash
        async with room.database.unit_of_work() as uow:
            await book_movements(uow, [crossing], "UTC")
    assert await told(room) == [("2026-11", 80, 8000)]


async def test_rules_that_are_applied_use_budgets_up(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    await budget(room, food, "100.00")
    await Purse(room, room.user).moves(-8000, description="Tea", posted_at=room.clock.now())
    await room.make("/rules", category_id=food, words="tea")
    assert await told(room) == []
    for _ in range(2):
        assert (await room.ask("POST", "/rules/apply", json={})).status_code == 200
    assert await told(room) == [("2026-11", 80, 8000)]


@pytest.mark.parametrize("is_early", [True, False])
async def test_purchases_use_up_the_budgets_of_what_was_bought(
    room: Room, ledger: Ledger, *, is_early: bool
) -> None:
    food, tech = await ledger.category("Food"), await ledger.category("Tech")
    await budget(room, food, "10.00")
    await budget(room, tech, "10.00")
    await room.make("/rules", category_id=food, product_category="food")
    await room.make("/rules", category_id=tech, product_category="phones")
    items = [PurchaseItem("Tea", ["food"], 800), PurchaseItem("Phone", ["phones"], 1000)]
    purse, payment_id = Purse(room, room.user), new_id()
    bought = Purchase(payment_id, room.user, new_id(), items)
    paid = purse.movement(
        -1800, reference=str(payment_id), counterparty_id=SHOP, posted_at=room.clock.now()
    )
    async with room.database.unit_of_work() as uow:
        if is_early:
            await Books(uow).lock(room.owner, uow.clock.now())
            await keep_purchases(uow, [bought])
        await book_movements(uow, [paid], "UTC")
    assert len(await told(room)) == (2 if is_early else 0)
    async with room.database.unit_of_work() as uow:
        await Books(uow).lock(room.owner, uow.clock.now())
        await keep_purchases(uow, [bought])
    assert sorted(await told(room)) == [("2026-11", 80, 800), ("2026-11", 100, 1000)]


async def test_income_and_transfers_use_up_no_budget(room: Room, ledger: Ledger) -> None:
    cash, bank = await ledger.account(), await ledger.account("Bank")
    food, pay = await ledger.category("Food"), await ledger.category("Pay", "income")
    await budget(room, food, "1.00")
    await ledger.earn(cash, "100.00", "2026-11-05", category_id=pay)
    await ledger.move(cash, bank, "100.00", "2026-11-05")
    await ledger.spend(cash, "100.00", "2026-11-05")
    assert await standing(room, "2026-11") == [("1.00", "0.00", "0.00", "1.00", "0.00")]
    assert await told(room) == []


async def test_a_threshold_is_told_once_however_many_spend_at_once(
    room: Room, ledger: Ledger
) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00")
    await asyncio.gather(
        *(ledger.spend(cash, "5.00", "2026-11-05", category_id=food) for _ in range(40))
    )
    assert await told(room) == [("2026-11", 80, 8000), ("2026-11", 100, 10000)]
    assert await standing(room, "2026-11") == [("100.00", "0.00", "200.00", "-100.00", "200.00")]


async def test_a_write_without_a_budget_costs_one_statement_more(
    room: Room, ledger: Ledger
) -> None:
    cash, food = await ledger.account(), await ledger.category("Food")
    before = room.database.statements
    await ledger.spend(cash, "5.00", "2026-11-05")
    without = room.database.statements - before
    before = room.database.statements
    await ledger.spend(cash, "5.00", "2026-11-05", category_id=food)
    assert room.database.statements - before <= without + 2  # the category is read, too


async def test_the_budgets_of_a_deleted_category_go_with_it(room: Room, ledger: Ledger) -> None:
    food = await ledger.category("Food")
    await budget(room, food, "100.00")
    answer = await room.ask("DELETE", f"/categories/{food}")
    assert answer.status_code == 204
    assert await standing(room, "2026-11") == []


async def test_a_deleted_users_budgets_are_gone(room: Room) -> None:
    ledger = Ledger(room)  # by today's clock, as events are told by it
    cash, food = await ledger.account(), await ledger.category("Food")
    await budget(room, food, "100.00")
    await ledger.spend(cash, "100.00", "2026-11-05", category_id=food)
    assert len(await room.rows("SELECT * FROM budget_alert")) == 2
    await room.told(changed(room.user, None, "deleted"))
    for table in ("budget", "budget_alert"):
        assert await room.rows(f"SELECT * FROM {table}") == []
