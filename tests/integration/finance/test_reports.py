"""Reports: what they add up, in which days, and what they refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.finance.ledger import Ledger
from tests.integration.finance.room import Json, Room, code

from kit.ids import new_id

REPORTS = ("summary", "by-category", "series", "cash-flow", "net-worth")
PICTURES = ("series.svg", "by-category.svg", "net-worth.svg")
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.fixture
def ledger(room: Room) -> Ledger:
    return Ledger(room)


def turn(room: Room, to: datetime) -> None:
    """Turn the clock to a moment."""
    room.clock.advance((to - room.clock.now()).total_seconds())


def plain(money: Json) -> str:
    return f"{money['amount']} {money['currency']}"


def totals(found: Json) -> tuple[str, str, str, int]:
    """Return income, expense, balance and count, as far as they are of one currency."""
    return (
        found["income"]["amount"],
        found["expense"]["amount"],
        found["balance"]["amount"],
        found["transactions"],
    )


async def summary(room: Room, **query: Any) -> dict[str, tuple[str, str, str, int]]:
    """Return the totals of a summary by currency."""
    found = await room.get("/reports/summary", **query)
    return {one["currency"]: totals(one) for one in found["currencies"]}


@pytest.mark.parametrize("report", REPORTS)
async def test_an_empty_book_has_empty_reports(room: Room, report: str) -> None:
    found = await room.get(f"/reports/{report}", **NOVEMBER)
    assert (found["from"], found["to"], found["tz"]) == ("2026-11-01", "2026-11-30", "UTC")
    assert found.get("currencies", found.get("accounts")) == []


@pytest.mark.parametrize("picture", PICTURES)
async def test_an_empty_book_has_pictures(room: Room, picture: str) -> None:
    answer = await room.ask("GET", f"/reports/{picture}", params=NOVEMBER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.text.startswith("<svg ")


async def test_a_summary_adds_up_each_currency_for_itself(room: Room, ledger: Ledger) -> None:
    roubles, yen = await ledger.account(), await ledger.account("Trip", currency="JPY")
    await ledger.earn(roubles, "1000.00", "2026-11-01")
    await ledger.spend(roubles, "300.50", "2026-11-30")
    await ledger.spend(roubles, "7.00", "2026-12-01")
    await ledger.spend(roubles, "7.00", "2026-10-31")
    await ledger.spend(yen, "150", "2026-11-15")
    assert await summary(room, **NOVEMBER) == {
        "JPY": ("0", "150", "-150", 1),
        "RUB": ("1000.00", "300.50", "699.50", 2),
    }
    assert set(await summary(room, **NOVEMBER, currency="JPY")) == {"JPY"}
    assert set(await summary(room, **NOVEMBER, account_id=roubles)) == {"RUB"}


async def test_a_transfer_is_neither_income_nor_expense(room: Room, ledger: Ledger) -> None:
    cash, bank = await ledger.account(opening="500.00"), await ledger.account("Bank")
    await ledger.move(cash, bank, "200.00", "2026-11-10")
    await ledger.spend(cash, "50.00", "2026-11-11")
    assert await summary(room, **NOVEMBER) == {"RUB": ("0.00", "50.00", "-50.00", 1)}
    found = await room.get("/reports/by-category", **NOVEMBER)
    assert [plain(one["total"]) for one in found["currencies"]] == ["50.00 RUB"]
    flows = (await room.get("/reports/cash-flow", **NOVEMBER))["accounts"]
    names = ("opening", "income", "expense", "transfers_in", "transfers_out", "closing")
    assert [[flow[name]["amount"] for name in names] for flow in flows] == [
        ["500.00", "0.00", "50.00", "0.00", "200.00", "250.00"],
        ["0.00", "0.00", "0.00", "200.00", "0.00", "200.00"],
    ]


async def test_a_summary_is_compared_with_the_month_before(room: Room, ledger: Ledger) -> None:
    cash, euros = await ledger.account(), await ledger.account("Euros", currency="EUR")
    await ledger.spend(cash, "10.00", "2026-11-30")
    await ledger.spend(cash, "4.00", "2026-10-31")
    await ledger.earn(cash, "5.00", "2026-10-01")
    await ledger.earn(euros, "3.00", "2026-10-15")
    await ledger.spend(cash, "99.00", "2026-09-30")
    found = await room.get("/reports/summary", **NOVEMBER, compare="true")
    assert found["compared_with"] == {"from": "2026-10-01", "to": "2026-10-31"}
    told = {one["currency"]: (totals(one), totals(one["previous"])) for one in found["currencies"]}
    assert told == {
        "EUR": (("0.00", "0.00", "0.00", 0), ("3.00", "0.00", "3.00", 1)),
        "RUB": (("0.00", "10.00", "-10.00", 1), ("5.00", "4.00", "1.00", 2)),
    }
    alone = await room.get("/reports/summary", **NOVEMBER)
    assert alone["compared_with"] is None
    assert [one["previous"] for one in alone["currencies"]] == [None]


async def test_categories_are_compared_with_the_month_before(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    food, cafe = await ledger.category("Food"), await ledger.category("Cafe")
    pay = await ledger.category("Pay", "income")
    await ledger.spend(cash, "10.00", "2026-11-30", category_id=food)
    await ledger.spend(cash, "4.00", "2026-10-31", category_id=food)
    await ledger.spend(cash, "7.00", "2026-10-01", category_id=cafe)
    await ledger.earn(cash, "5.00", "2026-10-01", category_id=pay)
    await ledger.spend(cash, "99.00", "2026-09-30", category_id=food)
    found = await room.get("/reports/by-category", **NOVEMBER, compare="true")
    assert found["compared_with"] == {"from": "2026-10-01", "to": "2026-10-31"}
    told = {
        one["category"]["name"]: (one["amount"], one["share"], one["previous"])
        for group in found["currencies"]
        for one in group["categories"]
    }
    assert told == {
        "Food": ("10.00", "100.00", "4.00"),
        "Cafe": ("0.00", "0.00", "7.00"),
        "Pay": ("0.00", "0.00", "5.00"),
    }
    alone = await room.get("/reports/by-category", **NOVEMBER)
    assert alone["compared_with"] is None
    [group] = alone["currencies"]
    assert [one["previous"] for one in group["categories"]] == [None]


async def test_a_series_is_compared_with_the_days_of_the_month_before(
    room: Room, ledger: Ledger
) -> None:
    cash, euros = await ledger.account(), await ledger.account("Euros", currency="EUR")
    await ledger.spend(cash, "10.00", "2026-02-28")
    await ledger.spend(cash, "4.00", "2026-01-31")
    await ledger.earn(euros, "3.00", "2026-01-01")
    await ledger.earn(euros, "99.00", "2025-12-31")
    february = {"from": "2026-02-01", "to": "2026-02-28"}
    alone = await room.get("/reports/series", **february)
    assert alone["compared_with"] is None
    assert [(one["currency"], one["previous"]) for one in alone["currencies"]] == [("RUB", None)]
    found = await room.get("/reports/series", **february, compare="true")
    assert found["compared_with"] == {"from": "2026-01-01", "to": "2026-01-31"}
    told = {one["currency"]: one for one in found["currencies"]}
    assert sorted(told) == ["EUR", "RUB"]
    for name, now, days in (("buckets", "2026-02-01", 28), ("previous", "2026-01-01", 31)):
        for one in told.values():
            assert (one[name][0]["from"], len(one[name])) == (now, days)
    assert totals(told["RUB"]["buckets"][27]) == ("0.00", "10.00", "-10.00", 1)
    assert totals(told["RUB"]["previous"][30]) == ("0.00", "4.00", "-4.00", 1)
    assert totals(told["EUR"]["previous"][0]) == ("3.00", "0.00", "3.00", 1)
    assert {totals(one) for one in told["EUR"]["buckets"]} == {("0.00", "0.00", "0.00", 0)}


async def test_cash_flow_and_net_worth_are_compared_with_the_month_before(
    room: Room, ledger: Ledger
) -> None:
    cash, bank = await ledger.account(opening="100.00"), await ledger.account("Bank")
    await ledger.spend(cash, "30.00", "2026-09-30")
    await ledger.move(cash, bank, "20.00", "2026-10-15")
    await ledger.earn(cash, "5.00", "2026-11-30")
    names = ("opening", "income", "expense", "transfers_in", "transfers_out", "closing")
    alone = (await room.get("/reports/cash-flow", **NOVEMBER))["accounts"]
    assert [one["previous"] for one in alone] == [None, None]
    flows = await room.get("/reports/cash-flow", **NOVEMBER, compare="true")
    assert flows["compared_with"] == {"from": "2026-10-01", "to": "2026-10-31"}
    assert [[one["previous"][name]["amount"] for name in names] for one in flows["accounts"]] == [
        ["70.00", "0.00", "0.00", "0.00", "20.00", "50.00"],
        ["0.00", "0.00", "0.00", "20.00", "0.00", "20.00"],
    ]
    assert [{**one, "previous": None} for one in flows["accounts"]] == alone

    async def worth(**query: str) -> list[str]:
        asked = {**NOVEMBER, "by": "month", **query}
        [found] = (await room.get("/reports/net-worth", **asked))["currencies"]
        shown = [*found["points"], *(found["previous"] or [])]
        return [f"{one['date']} {one['worth']['amount']}" for one in shown]

    assert await worth() == ["2026-11-30 75.00"]
    assert await worth(compare="true") == ["2026-11-30 75.00", "2026-10-31 70.00"]


async def test_moments_are_compared_with_as_many_hours_before(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    await ledger.spend(cash, "1.00", "2026-11-01T11:59:59Z")
    await ledger.spend(cash, "2.00", "2026-11-01T12:00:00Z")
    await ledger.spend(cash, "4.00", "2026-11-01T18:00:00Z")
    edges = {"from": "2026-11-01T12:00:00Z", "to": "2026-11-01T18:00:00Z"}
    found = await room.get("/reports/summary", **edges, compare="true")
    assert found["compared_with"] == {"from": "2026-11-01T06:00:00Z", "to": "2026-11-01T12:00:00Z"}
    [one] = found["currencies"]
    assert (one["expense"]["amount"], one["previous"]["expense"]["amount"]) == ("2.00", "1.00")


async def test_without_a_period_it_is_the_present_month_of_the_books_zone(room: Room) -> None:
    turn(room, datetime(2026, 11, 30, 22, tzinfo=UTC))
    found = await room.get("/reports/summary")
    assert (found["from"], found["to"]) == ("2026-11-01", "2026-11-30")
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    found = await room.get("/reports/summary")
    assert (found["from"], found["to"], found["tz"]) == (
        "2026-12-01",
        "2026-12-31",
        "Europe/Moscow",
    )


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"from": "2024-02-10"}, ("2024-02-10", "2026-11-30")),
        ({"from": "2027-02-10"}, ("2027-02-10", "2027-02-28")),
        ({"to": "2024-02-10"}, ("2024-02-01", "2024-02-10")),
    ],
)
async def test_an_edge_that_is_left_out_is_that_of_a_month(
    room: Room, given: dict[str, str], meant: tuple[str, str]
) -> None:
    turn(room, datetime(2026, 11, 15, tzinfo=UTC))
    found = await room.get("/reports/summary", **given)
    assert (found["from"], found["to"]) == meant


async def test_categories_have_shares_that_add_up(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    food, cafe = await ledger.category("Food"), await ledger.category("Cafe")
    pay = await ledger.category("Pay", "income")
    for category in (food, cafe):
        await ledger.spend(cash, "1.00", "2026-11-05", category_id=category)
    await ledger.spend(cash, "1.00", "2026-11-06")
    await ledger.earn(cash, "70.00", "2026-11-07", category_id=pay)
    found = (await room.get("/reports/by-category", **NOVEMBER))["currencies"]
    assert [(one["currency"], one["type"], one["total"]["amount"]) for one in found] == [
        ("RUB", "expense", "3.00"),
        ("RUB", "income", "70.00"),
    ]
    shares = {
        one["category"] and one["category"]["name"]: one["share"] for one in found[0]["categories"]
    }
    assert sorted(shares.values()) == ["33.33", "33.33", "33.34"]
    assert set(shares) == {"Food", "Cafe", None}
    [income] = found[1]["categories"]
    assert income["category"] == {
        "id": pay,
        "name": "Pay",
        "type": "income",
        "colour": None,
        "parent_id": None,
    }
    only = await room.get("/reports/by-category", **NOVEMBER, type="income")
    assert only["currencies"] == found[1:]


async def test_a_split_transaction_counts_by_its_parts(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    food = await ledger.category("Food")
    cafe = await ledger.category("Cafe", parent=food)
    home = await ledger.category("Home")
    parts = [
        {"category_id": food, "amount": "1.00"},
        {"category_id": cafe, "amount": "2.00"},
        {"category_id": home, "amount": "3.00"},
    ]
    await ledger.spend(cash, "6.00", "2026-11-05", splits=parts)
    await ledger.spend(cash, "4.00", "2026-11-06", category_id=cafe)
    assert await summary(room, **NOVEMBER) == {"RUB": ("0.00", "10.00", "-10.00", 2)}

    async def figures(**query: str) -> list[tuple[str, str, str, int]]:
        [found] = (await room.get("/reports/by-category", **NOVEMBER, **query))["currencies"]
        return [
            (one["category"]["name"], one["amount"], one["share"], one["transactions"])
            for one in found["categories"]
        ]

    assert await figures() == [
        ("Cafe", "6.00", "60.00", 2),
        ("Home", "3.00", "30.00", 1),
        ("Food", "1.00", "10.00", 1),
    ]
    assert await figures(level="top") == [
        ("Food", "7.00", "70.00", 2),
        ("Home", "3.00", "30.00", 1),
    ]


async def test_a_series_has_the_days_in_which_nothing_was(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    await ledger.spend(cash, "5.00", "2024-02-29")
    await ledger.earn(cash, "7.00", "2024-03-02")
    edges = {"from": "2024-02-28", "to": "2024-03-02"}
    found = await room.get("/reports/series", **edges)
    assert found["by"] == "day"
    [series] = found["currencies"]
    assert [(one["from"], one["to"], *totals(one)) for one in series["buckets"]] == [
        ("2024-02-28", "2024-02-28", "0.00", "0.00", "0.00", 0),
        ("2024-02-29", "2024-02-29", "0.00", "5.00", "-5.00", 1),
        ("2024-03-01", "2024-03-01", "0.00", "0.00", "0.00", 0),
        ("2024-03-02", "2024-03-02", "7.00", "0.00", "7.00", 1),
    ]


@pytest.mark.parametrize(
    ("by", "spans"),
    [
        ("week", [("2026-12-30", "2027-01-03", "5.00"), ("2027-01-04", "2027-01-10", "7.00")]),
        ("month", [("2026-12-30", "2026-12-31", "3.00"), ("2027-01-01", "2027-01-10", "9.00")]),
    ],
)
async def test_a_series_is_cut_at_weeks_and_months(
    room: Room, ledger: Ledger, by: str, spans: list[tuple[str, str, str]]
) -> None:
    cash = await ledger.account()
    for amount, day in (
        ("100.00", "2026-12-29"),
        ("3.00", "2026-12-31"),
        ("2.00", "2027-01-03"),
        ("7.00", "2027-01-04"),
        ("100.00", "2027-01-11"),
    ):
        await ledger.spend(cash, amount, day)
    edges = {"from": "2026-12-30", "to": "2027-01-10"}
    [series] = (await room.get("/reports/series", **edges, by=by))["currencies"]
    found = [(one["from"], one["to"], one["expense"]["amount"]) for one in series["buckets"]]
    assert found == spans


async def test_a_day_is_that_of_the_zone_also_where_clocks_change(
    room: Room, ledger: Ledger
) -> None:
    cash = await ledger.account()
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Berlin"})
    # On 2026-10-25 the day has 25 hours in Berlin: from 22:00 UTC to 23:00 UTC.
    for amount, moment in (
        ("1.00", "2026-10-24T21:59:59Z"),
        ("2.00", "2026-10-24T22:00:00Z"),
        ("4.00", "2026-10-25T22:59:59Z"),
        ("8.00", "2026-10-25T23:00:00Z"),
    ):
        await ledger.spend(cash, amount, moment)
    await ledger.spend(cash, "16.00", "2026-10-25")  # whose moment nobody knows
    edges = {"from": "2026-10-24", "to": "2026-10-26"}

    async def days(**query: str) -> list[str]:
        [series] = (await room.get("/reports/series", **edges, **query))["currencies"]
        return [one["expense"]["amount"] for one in series["buckets"]]

    assert await days() == ["1.00", "22.00", "8.00"]
    assert await days(tz="UTC") == ["3.00", "28.00", "0.00"]
    assert await days(tz="Asia/Tokyo") == ["0.00", "19.00", "12.00"]
    berlin = await summary(room, **{"from": "2026-10-25", "to": "2026-10-25"})
    assert berlin["RUB"] == ("0.00", "22.00", "-22.00", 3)


async def test_net_worth_counts_openings_transfers_and_what_comes_later(
    room: Room, ledger: Ledger
) -> None:
    cash, bank = await ledger.account(opening="100.00"), await ledger.account("Bank")
    await ledger.spend(cash, "30.00", "2026-10-31")
    await ledger.move(cash, bank, "20.00", "2026-11-02")
    await ledger.earn(bank, "5.00", "2026-11-03")
    await ledger.spend(cash, "100.00", "2026-11-03")
    await ledger.spend(cash, "1000.00", "2026-12-01")
    edges = {"from": "2026-11-01", "to": "2026-11-03"}

    async def worth(**query: str) -> list[str]:
        [found] = (await room.get("/reports/net-worth", **edges, **query))["currencies"]
        return [f"{one['date']} {one['worth']['amount']}" for one in found["points"]]

    assert await worth() == ["2026-11-01 70.00", "2026-11-02 70.00", "2026-11-03 -25.00"]
    assert await worth(account_id=bank, by="month") == ["2026-11-03 25.00"]


async def test_nobody_sees_what_is_in_anothers_book(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account(opening="5.00")
    await ledger.spend(cash, "1.00", "2026-11-05")
    for report in REPORTS:
        answer = await room.ask("GET", f"/reports/{report}", params=NOVEMBER, by=new_id())
        found = answer.json()
        assert found.get("currencies", found.get("accounts")) == []
        asked = {**NOVEMBER, "account_id": cash}
        answer = await room.ask("GET", f"/reports/{report}", params=asked, by=new_id())
        assert (answer.status_code, code(answer)) == (422, "account_unknown")


@pytest.mark.parametrize(
    ("query", "status", "refused"),
    [
        ({"from": "2026-11-02", "to": "2026-11-01"}, 422, "period_invalid"),
        ({"from": "2026-11-01T10:00:00Z", "to": "2026-11-01T10:00:00Z"}, 422, "period_invalid"),
        ({"from": "1899-12-31"}, 422, "date_out_of_range"),
        ({"to": "3000-01-01"}, 422, "date_out_of_range"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 422, "date_out_of_range"),
        ({"tz": "Mars/Olympus"}, 422, "zone_unknown"),
        ({"currency": "rub"}, 422, "currency_unknown"),
        ({"account_id": "7"}, 422, "malformed"),
        ({"from": "2026-02-30"}, 422, "malformed"),
        ({"form": "2026-02-03"}, 422, "unknown_field"),
    ],
)
@pytest.mark.parametrize("report", [*REPORTS, *PICTURES])
async def test_what_no_report_can_be_of_is_refused(
    room: Room, report: str, query: dict[str, str], status: int, refused: str
) -> None:
    answer = await room.ask("GET", f"/reports/{report}", params=query)
    assert answer.status_code == status, answer.text
    assert code(answer) == refused


@pytest.mark.parametrize("report", ["series", "net-worth"])
async def test_a_range_with_too_many_days_is_refused(room: Room, report: str) -> None:
    edges = {"from": "2020-01-01", "to": "2023-01-04", "by": "day"}
    await room.get(f"/reports/{report}", **edges)
    edges["to"] = "2023-01-05"  # the 1,101st day
    answer = await room.ask("GET", f"/reports/{report}", params=edges)
    assert (answer.status_code, code(answer)) == (422, "range_too_long")
    assert answer.json()["errors"][0]["pointer"] == "/query/to"
    edges["from"] = "2021-12-01"  # 401 days, too many for a picture
    picture = await room.ask("GET", f"/reports/{report}.svg", params=edges)
    assert (picture.status_code, code(picture)) == (422, "range_too_long")


async def test_a_range_with_too_many_figures_is_refused(room: Room, ledger: Ledger) -> None:
    for currency in ("RUB", "USD", "EUR", "JPY", "KWD", "GEL"):
        account = await ledger.account(currency, currency=currency)
        await ledger.spend(account, "1", "2022-01-01")
    edges = {"from": "2020-01-01", "to": "2023-01-04", "by": "day"}
    for report in ("series", "net-worth"):
        answer = await room.ask("GET", f"/reports/{report}", params=edges)
        assert (answer.status_code, code(answer)) == (422, "range_too_long")
        for more, status in (
            ({"currency": "USD"}, 200),
            ({"currency": "USD", "compare": "true"}, 200),
            ({"compare": "true", "from": "2020-07-01"}, 422),  # twice 918 days of six
        ):
            answer = await room.ask("GET", f"/reports/{report}", params={**edges, **more})
            assert answer.status_code == status


async def test_sums_beyond_what_an_integer_column_holds_are_exact(
    room: Room, ledger: Ledger
) -> None:
    accounts = [await ledger.account(f"A{number}") for number in range(3)]
    huge = "9000000000000.00"
    for account in accounts:
        for _ in range(4):
            await ledger.earn(account, huge, "2026-11-05")
            await ledger.spend(account, huge, "2026-11-05")
    found = await summary(room, **NOVEMBER)
    assert found["RUB"] == ("108000000000000.00", "108000000000000.00", "0.00", 24)


async def test_a_picture_speaks_the_callers_language(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    food = await ledger.category("<b>Еда</b>")
    await ledger.spend(cash, "1.00", "2026-11-05", category_id=food)
    for path, english, russian in (
        ("series.svg", "Income and expense, RUB", "Доходы и расходы, RUB"),
        ("by-category.svg", "Expense by category, RUB", "Расходы по категориям, RUB"),
        ("net-worth.svg", "Net worth, RUB", "Капитал, RUB"),
    ):
        for headers, more, title in (
            ({}, {}, english),
            ({"Accept-Language": "ru"}, {}, russian),
            ({"Accept-Language": "ru"}, {"lang": "en"}, english),
        ):
            answer = await room.ask(
                "GET", f"/reports/{path}", params={**NOVEMBER, **more}, headers=headers
            )
            assert title in answer.text
            assert "<b>" not in answer.text
            assert "Nothing" not in answer.text


@pytest.mark.parametrize("picture", PICTURES)
async def test_a_picture_that_the_caller_has_is_not_sent_again(
    room: Room, ledger: Ledger, picture: str
) -> None:
    cash = await ledger.account()
    first = await room.ask("GET", f"/reports/{picture}", params=NOVEMBER)
    tag = first.headers["ETag"]
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = await room.ask(
            "GET", f"/reports/{picture}", params=NOVEMBER, headers={"If-None-Match": known}
        )
        assert (again.status_code, again.content) == (304, b"")
    await ledger.spend(cash, "1.00", "2026-11-05")
    newer = await room.ask(
        "GET", f"/reports/{picture}", params=NOVEMBER, headers={"If-None-Match": tag}
    )
    assert newer.status_code == 200
    assert newer.headers["ETag"] != tag


async def test_a_report_of_hours_ends_within_a_day(room: Room, ledger: Ledger) -> None:
    cash = await ledger.account()
    begun = datetime(2026, 11, 5, 22, tzinfo=UTC)
    for hours in range(4):
        moment = (begun + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
        await ledger.spend(cash, "1.00", moment)
    edges = {"from": "2026-11-05T23:00:00Z", "to": "2026-11-06T01:00:00Z"}
    [series] = (await room.get("/reports/series", **edges))["currencies"]
    assert [(one["from"], one["expense"]["amount"]) for one in series["buckets"]] == [
        ("2026-11-05", "1.00"),
        ("2026-11-06", "1.00"),
    ]
    [flow] = (await room.get("/reports/cash-flow", **edges))["accounts"]
    assert (flow["opening"]["amount"], flow["closing"]["amount"]) == ("-1.00", "-3.00")
