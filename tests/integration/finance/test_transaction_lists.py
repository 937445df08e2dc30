"""Lists of transactions: which fit, in which order, and what a page costs."""

from typing import Any

import pytest
from tests.integration.finance.room import Json, Room, code, opened

from kit.ids import new_id
from testkit.databases import Cluster


async def shown(room: Room, **query: Any) -> list[str]:
    """Return the descriptions of what a list shows, in its order."""
    return [one["description"] for one in (await room.get("/transactions", **query))["items"]]


async def test_the_newest_day_comes_first_page_by_page(room: Room) -> None:
    cash = await room.account()
    days = ["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02", "2025-12-31"]
    made = [(day, (await room.book(cash, date=day))["id"]) for day in days]
    expected = [one for _, one in sorted(made, reverse=True)]
    for limit in (1, 2, 100):
        assert await room.ids("/transactions", limit=limit) == expected


async def test_a_page_goes_on_where_the_one_before_ended_whatever_is_booked_meanwhile(
    room: Room,
) -> None:
    cash = await room.account()
    made = [(await room.book(cash, date="2026-01-01"))["id"] for _ in range(4)]
    first = await room.get("/transactions", limit=2)
    await room.book(cash, date="2026-01-02")
    second = await room.get("/transactions", limit=2, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]


async def test_a_cursor_belongs_to_its_list_its_filters_and_its_reader(room: Room) -> None:
    cash = await room.account()
    for _ in range(2):
        await room.book(cash)
    cursor = (await room.get("/transactions", limit=1))["next_cursor"]
    for path, query, by in (
        ("/transactions", {"type": "expense"}, None),
        ("/transactions", {}, new_id()),
        ("/categories", {}, None),
    ):
        answer = await room.ask("GET", path, by=by, params={"cursor": cursor, **query})
        assert (answer.status_code, code(answer)) == (400, "cursor_invalid")


@pytest.fixture
async def shelf(room: Room) -> Json:
    """Some transactions of every kind, named by their descriptions."""
    cash, card = await room.account(), await room.account("Card", currency="USD")
    food, soap = await room.category("Food"), await room.category("Soap")
    pay = await room.category("Pay", type="income")
    for account, amount, more in (
        (cash, "10.00", {"category_id": food, "description": "Обед", "tags": ["work"]}),
        (cash, "20.00", {"description": "100%_sure", "note": "Ёлка", "date": "2026-01-31"}),
        (card, "30.00", {"category_id": pay, "description": "salary", "date": "2026-01-30"}),
        (
            cash,
            "40.00",
            {
                "description": "parted",
                "date": "2026-01-29",
                "splits": [
                    {"category_id": food, "amount": "15.00"},
                    {"category_id": soap, "amount": "10.00"},
                    {"category_id": food, "amount": "15.00"},
                ],
            },
        ),
    ):
        await room.book(account, amount, **more)
    return {"cash": cash, "card": card, "food": food, "soap": soap, "pay": pay}


async def test_each_filter_leaves_what_fits(room: Room, shelf: Json) -> None:
    for query, expected in (
        ({"account_id": shelf["card"]}, ["salary"]),
        ({"category_id": shelf["food"]}, ["Обед", "parted"]),
        ({"category_id": shelf["soap"]}, ["parted"]),
        ({"category_id": shelf["food"], "account_id": shelf["card"]}, []),
        ({"type": "income"}, ["salary"]),
        ({"text": "обе"}, ["Обед"]),
        ({"text": "ёл"}, ["100%_sure"]),
        ({"text": "%_"}, ["100%_sure"]),
        ({"text": "_"}, ["100%_sure"]),
        ({"text": "\\"}, []),
        ({"tag": "work"}, ["Обед"]),
        ({"tag": "wor"}, []),
        ({"currency": "USD"}, ["salary"]),
        ({"currency": "RUB", "amount_min": "20.00"}, ["100%_sure", "parted"]),
        ({"currency": "RUB", "amount_min": "10.01", "amount_max": "20"}, ["100%_sure"]),
        ({"uncategorised": True}, ["100%_sure"]),
        ({"from": "2026-01-30", "to": "2026-01-31"}, ["100%_sure", "salary"]),
        ({"from": "2026-01-29", "to": "2026-01-29"}, ["parted"]),
        ({"category_id": shelf["food"], "to": "2026-01-29"}, ["parted"]),
        ({"account_id": shelf["cash"], "from": "2026-01-29", "to": "2026-01-30"}, ["parted"]),
    ):
        assert await shown(room, **query) == expected, query


async def test_named_ones_are_listed_if_they_are_ones_own(room: Room, shelf: Json) -> None:
    ids = await room.ids("/transactions")
    body = {"account_id": shelf["cash"], "type": "income", "amount": "1.00"}
    await room.ask("POST", "/transactions", by=new_id(), json=body)
    named = ",".join([ids[2], ids[0], str(new_id())])
    assert await room.ids("/transactions", id=named) == [ids[0], ids[2]]
    answer = await room.ask("GET", "/transactions", by=new_id(), params={"id": ids[0]})
    assert answer.json()["items"] == []
    in_food = await room.ids("/transactions", id=",".join(ids), category_id=shelf["food"], limit=1)
    assert in_food == [ids[0], ids[3]]


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ({"from": "2026-02-01", "to": "2026-01-31"}, 422, "period_invalid"),
        ({"from": "2026-01-31T12:00:00Z", "to": "2026-01-31T12:00:00Z"}, 422, "period_invalid"),
        ({"tz": "Mars/Olympus"}, 422, "zone_unknown"),
        ({"from": "2026-02-30"}, 422, "malformed"),
        ({"amount_min": "1.00"}, 422, "required"),
        ({"currency": "RUB", "amount_min": "1.01", "amount_max": "1"}, 422, "range_invalid"),
        ({"currency": "RUB", "amount_max": "1.001"}, 422, "amount_invalid"),
        ({"account_id": str(new_id())}, 422, "account_unknown"),
        ({"category_id": str(new_id())}, 422, "category_unknown"),
        ({"id": "1,2"}, 422, "malformed"),
        ({"text": "x" * 201}, 422, "too_long"),
        ({"month": "1"}, 422, "unknown_field"),
    ],
)
async def test_what_asks_for_nothing_is_refused(
    room: Room, query: Json, status: int, reason: str
) -> None:
    answer = await room.ask("GET", "/transactions", params=query)
    assert (answer.status_code, code(answer)) == (status, reason)


WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE datname = current_database() AND NOT granted
"""


async def test_what_is_looked_for_in_vain_is_given_up_and_its_connection_goes_on(
    cluster: Cluster,
) -> None:
    async with opened(cluster, list_seconds=0.2) as room:
        await room.book(await room.account(), description="lunch")
        async with room.database.unit_of_work() as uow:  # as if it took for ever
            await uow.execute("LOCK TABLE transaction IN ACCESS EXCLUSIVE MODE")
            answer = await room.ask("GET", "/transactions", params={"text": "dinner"})
            assert (answer.status_code, code(answer)) == (422, "list_too_wide")
            assert await uow.fetchval(WAITING) == 0
        assert await shown(room, text="lunch") == ["lunch"]


async def test_days_are_those_of_the_zone_that_is_asked_for(room: Room) -> None:
    cash = await room.account()
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    await room.book(cash, description="night", date="2026-01-31T21:30:00Z")  # 1 February there
    await room.book(cash, description="plain", date="2026-02-01")
    february, january = {"from": "2026-02-01"}, {"to": "2026-01-31"}
    assert sorted(await shown(room, **february)) == ["night", "plain"]
    assert await shown(room, **january) == []
    assert await shown(room, **january, tz="UTC") == ["night"]
    assert await shown(room, **february, tz="UTC") == ["plain"]
    moment = "2026-01-31T21:30:00Z"
    assert sorted(await shown(room, **{"from": moment})) == ["night"]
    assert sorted(await shown(room, to=moment)) == ["plain"]  # Moscow's midnight was before
    assert sorted(await shown(room, **{"from": moment}, tz="UTC")) == ["night", "plain"]


async def test_an_edge_is_meant_in_the_books_own_zone(room: Room) -> None:
    """Day and moment are in order in Moscow, and would not be in UTC."""
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    edges = {"from": "2026-01-02", "to": "2026-01-01T22:00:00Z"}
    assert await shown(room, **edges) == []
    answer = await room.ask("GET", "/transactions", params={**edges, "tz": "UTC"})
    assert (answer.status_code, code(answer)) == (422, "period_invalid")
