"""Lists and searches of products: filters, orders, pages, words of two languages."""

from typing import Any

import pytest
from tests.integration.shop.room import PRODUCTS, Room, code


@pytest.fixture
async def shelf(room: Room) -> Room:
    """Six products in three categories, in two currencies."""
    sound = await room.category("Звук", slug="sound")
    ears = await room.category("Наушники", slug="ears", parent_id=sound["id"])
    books = await room.category("Books")
    for name, price, more in (
        ("Наушники К-72", "2490.00", {"category_id": ears["id"], "stock": 0}),
        ("Колонка Гром", "7990.00", {"category_id": sound["id"]}),
        ("Running shoes", "5500.00", {"description": "Кроссовки для бега", "slug": "shoes"}),
        ("The Ledger", "990.00", {"category_id": books["id"], "attributes": {"author": "Ёлкин"}}),
        ("Cable 3.5 mm", "190.00", {"description": "Провод к наушникам"}),
        ("Import", "20.00", {"currency": "USD"}),
    ):
        await room.product(name, price, **more)
    return room


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("наушник", ["Наушники К-72", "Cable 3.5 mm"]),
        ("НАУШНИКОВ", ["Наушники К-72", "Cable 3.5 mm"]),
        ("кросс", ["Running shoes"]),
        ("бегать", ["Running shoes"]),
        ("run", ["Running shoes"]),
        ("ran shoe", []),
        ("shoe running", ["Running shoes"]),
        ("ledgers", ["The Ledger"]),
        ("the", ["The Ledger"]),
        ("елкин", ["The Ledger"]),
        ("к-72", ["Наушники К-72"]),
        ("3.5", ["Cable 3.5 mm"]),
        ("5 3 cab", ["Cable 3.5 mm"]),
        ("50%", []),
        ("к' | 72 & !x:*", []),
        ("колонка\\", ["Колонка Гром"]),
    ],
)
async def test_words_are_found_in_any_form_and_by_their_beginning(
    shelf: Room, search: str, found: list[str]
) -> None:
    assert await shelf.names(search=search) == found


async def test_what_is_in_the_name_goes_before_what_is_in_the_description(shelf: Room) -> None:
    assert await shelf.names(search="наушники", limit=1) == ["Наушники К-72", "Cable 3.5 mm"]


@pytest.mark.parametrize("search", ["%", "_", "*", "''", "🙂", " ", "a " * 13])
async def test_a_search_without_words_or_with_too_many_is_refused(room: Room, search: str) -> None:
    answer = await room.http.get(PRODUCTS, params={"search": search})
    assert (answer.status_code, code(answer)) == (422, "malformed")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"category": "sound"}, ["Колонка Гром", "Наушники К-72"]),
        ({"category": "Наушники"}, ["Наушники К-72"]),
        ({"category": "books", "search": "кабель"}, []),
        ({"in_stock": True, "category": "sound"}, ["Колонка Гром"]),
        ({"in_stock": False}, ["Наушники К-72"]),
        ({"price_max": "1000"}, ["Cable 3.5 mm", "The Ledger"]),
        ({"price_min": "5500", "price_max": "5500.00"}, ["Running shoes"]),
        ({"price_min": "0"}, None),
        ({"price_max": "0"}, []),
        ({"currency": "USD"}, ["Import"]),
        ({"currency": "USD", "price_min": "20.01"}, []),
        ({"sort": "price", "category": "sound"}, ["Наушники К-72", "Колонка Гром"]),
        ({"sort": "-price", "category": "sound"}, ["Колонка Гром", "Наушники К-72"]),
        (
            {"sort": "name", "currency": "RUB"},
            ["Cable 3.5 mm", "Running shoes", "The Ledger", "Колонка Гром", "Наушники К-72"],
        ),
        ({"from": "2999-01-01"}, []),
        ({"to": "2999-01-01T00:00:00Z", "currency": "USD"}, ["Import"]),
        ({"search": "наушник", "sort": "newest"}, ["Cable 3.5 mm", "Наушники К-72"]),
    ],
)
async def test_filters_and_orders(
    shelf: Room, query: dict[str, Any], found: list[str] | None
) -> None:
    expected = found
    if expected is None:
        expected = ["Cable 3.5 mm", "The Ledger", "Running shoes", "Колонка Гром", "Наушники К-72"]
    assert await shelf.names(**query) == expected
    assert await shelf.names(**query, limit=1) == expected


@pytest.mark.check(39)
@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ({"category": "nowhere"}, 404, "category_not_found"),
        ({"sort": "relevance"}, 422, "malformed"),
        ({"sort": "stock"}, 422, "not_allowed"),
        ({"price_min": "1.005"}, 422, "amount_invalid"),
        ({"price_min": "-1"}, 422, "amount_invalid"),
        ({"is_active": "false"}, 403, "forbidden"),
        ({"colour": "red"}, 422, "unknown_parameter"),
        ({"cursor": "AAAA"}, 400, "cursor_invalid"),
    ],
)
async def test_what_is_no_query_is_refused(
    room: Room, query: dict[str, str], status: int, expected: str
) -> None:
    answer = await room.http.get(PRODUCTS, params=query)
    assert answer.status_code == status, answer.text
    if expected not in {"not_allowed", "unknown_parameter"}:
        assert code(answer) == expected


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "name", "relevance"])
async def test_pages_of_every_order_hold_each_product_once(room: Room, sort: str) -> None:
    for number in range(23):
        await room.product(f"Item {number % 5}", f"{number % 3 + 1}.00", slug=f"item-{number}")
    whole = await room.names(sort=sort, search="item", limit=100)
    assert len(whole) == 23
    assert await room.names(sort=sort, search="item", limit=4) == whole


async def test_a_cursor_is_of_its_order_and_of_its_viewer(room: Room) -> None:
    for number in range(3):
        await room.product(f"Item {number}")
    page = (await room.http.get(PRODUCTS, params={"limit": 1})).json()
    cursor = page["next_cursor"]
    for query, headers in (({"sort": "price"}, None), ({}, room.admin)):
        answer = await room.http.get(
            PRODUCTS, params={"limit": 1, "cursor": cursor, **query}, headers=headers
        )
        assert (answer.status_code, code(answer)) == (400, "cursor_invalid")
    again = await room.http.get(PRODUCTS, params={"limit": 1, "cursor": cursor}, headers=room.user)
    assert again.status_code == 200


async def test_a_changed_product_is_found_by_its_new_words_only(room: Room) -> None:
    await room.product("Phone", description="black")
    await room.edit(f"{PRODUCTS}/phone", name="Telephone", description="white")
    assert await room.names(search="black") == await room.names(search="phon") == []
    assert await room.names(search="telephone white") == ["Telephone"]
