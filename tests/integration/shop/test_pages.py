"""Pages of the shop: what they cost, what changes between two of them, and how they are asked."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.shop.room import CATEGORIES, PRODUCTS, Room

from shop.domain.products import ProductFilter, Sort
from shop.repository import Products
from shop.repository import products as sql
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read

MANY = 5_000
STORE = """
INSERT INTO product (id, name, name_key, slug, description, price_minor, currency, stock,
    category_id, is_active, attributes, picture_url, version, created_at, updated_at, search)
SELECT gen_random_uuid(), 'Item ' || n, 'item ' || n, 'item-' || n, NULL, n % 100 + 1, 'RUB',
    n % 2, NULL, true, '{}', NULL, 1, now() - n * interval '1 second', now(),
    setweight(to_tsvector('simple', 'item ' || n), 'A')
FROM generate_series(1, $1::int) AS n
"""


@pytest.fixture
async def full(room: Room, cluster: Cluster) -> Room:
    """Thousands of products, of which statistics know."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(STORE, MANY)
    await cluster.as_superuser("ANALYZE shop.product, shop.category")
    return room


async def explained(room: Room, wanted: ProductFilter, after: Any, limit: int) -> str:
    values: list[Any] = []

    def value(given: Any) -> str:
        values.append(given)
        return f"${len(values)}"

    text = sql._page(wanted, after, limit, value)
    async with room.database.read() as connection:
        [row] = await connection.fetch(EXPLAIN + text, *values)
    return str(row[0])


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.CHEAPEST, Sort.DEAREST, Sort.NAME])
@pytest.mark.parametrize("is_active", [True, None])
async def test_a_page_of_each_order_is_read_along_its_index_wherever_it_begins(
    full: Room,
    sort: Sort,
    is_active: bool | None,  # noqa: FBT001 - a filter's value
) -> None:
    wanted = ProductFilter(sort=sort, is_active=is_active)
    async with full.database.read() as connection:
        page = await Products(connection).page(wanted, None, 2_000)
    for after in (None, (page[-1][1], page[-1][0].id)):
        plan = await explained(full, wanted, after, 21)
        # Where many cost the same, those before the place that a page begins at may be read too.
        assert rows_read(plan, "product") <= 21 + MANY // 100, plan


async def test_a_category_is_read_along_its_index(full: Room) -> None:
    made = await full.category("Small")
    for number in range(3):
        await full.product("Phone", slug=f"phone-{number}", category_id=made["id"])
    async with full.database.unit_of_work() as uow:
        await uow.execute("UPDATE product SET created_at = created_at - interval '1 year'")
    wanted = ProductFilter(category_id=UUID(made["id"]))
    assert rows_read(await explained(full, wanted, None, 21), "product") <= 3


@pytest.mark.parametrize(
    ("word", "sort", "most"),
    [
        ("4711", Sort.RELEVANCE, sql.ASKED + 2),
        ("4711", Sort.CHEAPEST, sql.ASKED + 2),
        ("item", Sort.RELEVANCE, sql.MOST_RANKED + 2 * sql.MANY),
        ("item", Sort.CHEAPEST, 21 + 2 * sql.MANY),
    ],
)
async def test_a_search_reads_little_whether_many_products_have_its_word_or_few(
    full: Room, word: str, sort: Sort, most: int
) -> None:
    wanted = ProductFilter(words=(word,), sort=sort)
    assert 0 < rows_read(await explained(full, wanted, None, 21), "product") <= most


async def test_a_search_for_a_word_of_the_newest_alone_reads_what_has_it(full: Room) -> None:
    async with full.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE product SET search = search || to_tsvector('simple', 'brand') WHERE id IN"
            " (SELECT id FROM product ORDER BY created_at DESC LIMIT 100)"
        )
    wanted = ProductFilter(words=("brand",), sort=Sort.RELEVANCE)
    async with full.database.read() as connection:
        assert len(await Products(connection).page(wanted, None, 200)) == 100
    assert rows_read(await explained(full, wanted, None, 21), "product") <= 2 * sql.ASKED + 100


async def test_a_search_for_a_word_that_all_have_ranks_the_newest_thousand_only(
    full: Room,
) -> None:
    wanted = ProductFilter(words=("item",), sort=Sort.RELEVANCE)
    async with full.database.read() as connection:
        found = await Products(connection).page(wanted, None, MANY)
    assert len(found) == sql.MOST_RANKED
    assert {one.slug for one, _ in found} == {f"item-{n + 1}" for n in range(sql.MOST_RANKED)}
    wanted = ProductFilter(words=("item",), sort=Sort.NEWEST)
    async with full.database.read() as connection:
        assert len(await Products(connection).page(wanted, None, 2 * MANY)) == MANY


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ({}, 1),
        ({"search": "item", "in_stock": True, "price_min": "0.10"}, 1),
        ({"category": "home", "sort": "name"}, 2),
    ],
)
async def test_a_page_costs_the_same_statements_whatever_it_holds(
    room: Room, query: dict[str, Any], statements: int
) -> None:
    home = await room.category("Home")
    costs = set()
    for count in (1, 30, 400):
        async with room.database.unit_of_work() as uow:
            await uow.execute("DELETE FROM product")
            await uow.execute(STORE, count)
            await uow.execute("UPDATE product SET category_id = $1", home["id"])
        for limit in (5, 100):
            before = room.database.statements
            answer = await room.http.get(PRODUCTS, params={**query, "limit": limit})
            assert answer.status_code == 200
            costs.add(room.database.statements - before)
    assert costs == {statements}


async def test_one_thing_and_the_categories_cost_one_statement(room: Room) -> None:
    home = await room.category("Home")
    await room.product("Phone", category_id=home["id"])
    for path in (CATEGORIES, f"{CATEGORIES}/home", f"{PRODUCTS}/phone"):
        before = room.database.statements
        assert (await room.http.get(path)).status_code == 200
        assert room.database.statements - before == 1


async def first(room: Room, **query: Any) -> tuple[list[str], str]:
    page = (await room.http.get(PRODUCTS, params={"limit": 2, **query})).json()
    return [one["slug"] for one in page["items"]], page["next_cursor"]


async def rest(room: Room, cursor: str, **query: Any) -> list[str]:
    page = await room.http.get(PRODUCTS, params={"limit": 100, "cursor": cursor, **query})
    assert page.status_code == 200, page.text
    return [one["slug"] for one in page.json()["items"]]


@pytest.mark.parametrize("sort", ["newest", "name", "price"])
async def test_a_page_goes_on_from_where_the_one_before_ended_whatever_has_become_of_it(
    room: Room, sort: str
) -> None:
    slugs = [f"p-{n}" for n in range(6)]
    for number, slug in enumerate(slugs):
        await room.product(f"Item {number}", f"{number + 1}.00", slug=slug)
    order = slugs[::-1] if sort == "newest" else slugs
    shown, cursor = await first(room, sort=sort)
    assert shown == order[:2]
    # The row that the cursor stands on is deleted, the next hidden, the last renamed.
    await room.http.delete(f"{PRODUCTS}/{order[1]}", headers=room.admin)
    await room.http.post(f"{PRODUCTS}/{order[2]}/deactivate", headers=room.admin)
    await room.edit(f"{PRODUCTS}/{order[5]}", slug="renamed")
    await room.product("A first", "0.01", slug="early")
    expected = [*order[3:5], "renamed"]
    assert await rest(room, cursor, sort=sort) == expected


async def test_a_product_that_gets_dearer_comes_once_more_and_no_other_is_left_out(
    room: Room,
) -> None:
    for number in range(5):
        await room.product("Item", f"{number + 1}.00", slug=f"p-{number}")
    shown, cursor = await first(room, sort="price")
    await room.edit(f"{PRODUCTS}/p-0", price="4.50")
    assert shown == ["p-0", "p-1"]
    assert await rest(room, cursor, sort="price") == ["p-2", "p-3", "p-0", "p-4"]


@pytest.mark.parametrize("name", ["Ж" * 200, "𐐷" * 200, '"' * 200, "ﷺ" * 60, "\\" * 200])
async def test_a_cursor_holds_whatever_name_it_stands_on(room: Room, name: str) -> None:
    for number in range(3):
        await room.product(name, slug=f"p-{number}")
        await room.category(name, slug=f"c-{number}")
    for path, query in ((PRODUCTS, {"sort": "name"}), (CATEGORIES, {})):
        seen, cursor = [], None
        while True:
            given = {"limit": 1, **query, **({"cursor": cursor} if cursor else {})}
            page = await room.http.get(path, params=given)
            assert page.status_code == 200, page.text
            seen += [one["slug"][2:] for one in page.json()["items"]]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break
            assert f"cursor={cursor}" in page.headers["link"]
        assert sorted(seen) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "change", [{"sort": "name"}, {"in_stock": "true"}, {"from": "2000-01-01"}, {"search": "item"}]
)
async def test_a_cursor_is_of_its_filters(room: Room, change: dict[str, str]) -> None:
    for number in range(3):
        await room.product("Item", slug=f"p-{number}")
    _, cursor = await first(room, sort="price")
    answer = await room.http.get(PRODUCTS, params={"sort": "price", **change, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")
    other = await room.http.get(CATEGORIES, params={"cursor": cursor})
    assert (other.status_code, other.json()["code"]) == (400, "cursor_invalid")
