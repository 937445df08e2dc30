"""Reports as files: the same figures as the answers of the same reports."""

import csv
import io
import json
from typing import Any

import pytest
from tests.integration.finance.files import Desk, fetched
from tests.integration.finance.room import Json

JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}
DECEMBER = {"from": "2025-12-01", "to": "2025-12-31"}
WINTER = {"from": "2026-01-01", "to": "2026-02-28"}
CURRENCIES = ("RUB", "USD", "EUR", "GBP", "CNY", "JPY")
FEBRUARY = {"from": "2026-02-01", "to": "2026-02-28"}


async def booked(desk: Desk) -> str:
    """Book some of each kind in two months; return the account that most of it is on."""
    room = desk.room
    cash = await room.account("=Cash", opening_balance="100.00")
    bank = await room.account("Bank", kind="bank")
    food = await room.category("Food")
    bread = await room.category("Bread", parent_id=food)
    await room.book(cash, "12.50", category_id=food, date="2026-01-10")
    parts = [{"category_id": food, "amount": "1.00"}, {"category_id": bread, "amount": "2.00"}]
    await room.book(cash, "3.00", splits=parts, date="2026-01-20")
    await room.book(cash, "0.50", date="2026-01-21")
    await room.book(bank, "50.00", type="income", date="2026-02-01")
    await room.make(
        "/transfers", from_account_id=cash, to_account_id=bank, amount="10.00", date="2026-01-31"
    )
    return cash


async def rows(desk: Desk, report: str, **asked: Any) -> list[Json]:
    made = await desk.export("json", report=report, **asked)
    assert (made["status"], made["report"]) == ("done", report)
    found: list[Json] = json.loads((await fetched(made["url"])).content)
    assert made["progress"] == {"rows": len(found), "total": len(found)}
    return found


def totals(days: Json, income: str, expense: str, balance: str, transactions: int) -> Json:
    amounts = {"income": income, "expense": expense, "balance": balance}
    return {**days, "currency": "RUB", **amounts, "transactions": transactions}


async def test_a_summary_has_a_row_for_each_currency_and_period(desk: Desk) -> None:
    cash = await booked(desk)
    here = totals(JANUARY, "0.00", "16.00", "-16.00", 3)
    assert await rows(desk, "summary", **JANUARY) == [here]
    before = totals(DECEMBER, "0.00", "0.00", "0.00", 0)
    assert await rows(desk, "summary", **JANUARY, compare=True) == [here, before]
    assert await rows(desk, "summary", **FEBRUARY, account_id=cash) == []


@pytest.mark.parametrize(
    ("level", "figures"),
    [
        ("own", [("Food", "13.50", 2), ("Bread", "2.00", 1), (None, "0.50", 1)]),
        ("top", [("Food", "15.50", 2), (None, "0.50", 1)]),
    ],
)
async def test_categories_have_a_row_each(
    desk: Desk, level: str, figures: list[tuple[str | None, str, int]]
) -> None:
    await booked(desk)
    found = await rows(desk, "by-category", **JANUARY, level=level)
    assert [(one["category"], one["amount"], one["transactions"]) for one in found] == figures
    answer = await desk.room.get("/reports/by-category", **JANUARY, level=level)
    [shown] = answer["currencies"]
    for row, one in zip(found, shown["categories"], strict=True):
        known = one["category"] or {"id": None, "parent_id": None}
        assert (row["category_id"], row["parent_id"]) == (known["id"], known["parent_id"])
        assert (row["share"], row["currency"], row["type"]) == (one["share"], "RUB", "expense")


async def test_a_series_has_a_row_for_each_bucket(desk: Desk) -> None:
    await booked(desk)
    assert await rows(desk, "series", **WINTER, by="month") == [
        totals(JANUARY, "0.00", "16.00", "-16.00", 3),
        totals(FEBRUARY, "50.00", "0.00", "50.00", 1),
    ]


async def test_cash_flow_has_a_row_for_each_account(desk: Desk) -> None:
    cash = await booked(desk)
    [one, other] = await rows(desk, "cash-flow", **JANUARY)
    assert one == {
        **JANUARY,
        "account": "=Cash",
        "kind": "cash",
        "currency": "RUB",
        "opening": "100.00",
        "income": "0.00",
        "expense": "16.00",
        "transfers_in": "0.00",
        "transfers_out": "10.00",
        "closing": "74.00",
        "account_id": cash,
    }
    assert (other["account"], other["opening"], other["closing"]) == ("Bank", "0.00", "10.00")


async def test_net_worth_has_a_row_for_the_end_of_each_bucket(desk: Desk) -> None:
    await booked(desk)
    assert await rows(desk, "net-worth", **WINTER, by="month") == [
        {"date": "2026-01-31", "currency": "RUB", "worth": "84.00"},
        {"date": "2026-02-28", "currency": "RUB", "worth": "134.00"},
    ]


async def test_a_report_of_days_alone_is_csv(desk: Desk) -> None:
    answer = await desk.room.ask("POST", "/exports", json={"report": "summary", **JANUARY})
    assert answer.status_code == 202, answer.text
    assert answer.json()["format"] == "csv"


async def test_a_report_is_a_table_that_no_spreadsheet_runs(desk: Desk) -> None:
    await booked(desk)
    made = await desk.export("csv", report="cash-flow", **JANUARY, bom=True)
    answer = await fetched(made["url"])
    assert "saldo-cash-flow-" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbffrom,to,account,")
    [one, _] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert (one["account"], one["closing"]) == ("'=Cash", "74.00")
    made = await desk.export("xlsx", report="cash-flow", **JANUARY)
    assert (await fetched(made["url"])).content.startswith(b"PK\x03\x04")


async def test_without_days_it_is_of_the_month_in_which_it_was_ordered(desk: Desk) -> None:
    await booked(desk)
    today = desk.room.clock.now().date()
    ordered = await desk.order(format="json", report="cash-flow")
    await desk.room.pump.run()
    desk.room.clock.advance(32 * 86_400)
    await desk.work()
    made = await desk.room.get(f"/exports/{ordered['id']}")
    [one, _] = json.loads((await fetched(made["url"])).content)
    assert one["from"] == today.replace(day=1).isoformat()


@pytest.mark.parametrize(
    ("report", "asked", "status"),
    [
        ("series", {"by": "day"}, 422),
        ("net-worth", {"by": "day"}, 422),
        ("series", {"by": "month"}, 202),
        ("series", {}, 202),
        ("cash-flow", {}, 202),
    ],
)
async def test_a_report_of_too_many_days_is_refused_when_it_is_ordered(
    desk: Desk, report: str, asked: Json, status: int
) -> None:
    days = {"from": "1990-01-01", "to": "2026-01-31"}
    body = {"format": "json", "report": report, **days, **asked}
    answer = await desk.room.ask("POST", "/exports", json=body)
    assert answer.status_code == status
    if status == 422:
        [fault] = answer.json()["errors"]
        assert (fault["code"], fault["pointer"]) == ("range_too_long", "/to")


async def test_a_report_of_too_many_figures_in_all_currencies_fails_and_says_why(
    desk: Desk,
) -> None:
    for currency in CURRENCIES:
        await desk.room.account(currency, currency=currency)
    days = {"from": "2024-01-01", "to": "2026-12-31"}
    made = await desk.export("json", report="net-worth", **days, by="day")
    assert (made["status"], made["failure"]) == ("failed", "range_too_long")
