"""Edits, deletions and imports of the catalogue at once: none undoes another, none breaks."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.shop.room import CATEGORIES, PRODUCTS, Json, Room, code

from kit.edits import ANY_EDITION
from shop.repository import Categories, Products
from shop.service import products
from testkit.conditions import until, waits

IMPORT = "/v1/shop/catalogue"


async def put_in(room: Room, *rows: Json) -> httpx.Response:
    return await room.http.post(IMPORT, json=list(rows), headers=room.admin)


def category_row(slug: str, **more: Any) -> Json:
    return {"kind": "category", "slug": slug, "name": slug.title(), **more}


def product_row(slug: str, **more: Any) -> Json:
    return {"kind": "product", "slug": slug, "name": slug.title(), "price": "1.00", **more}


async def test_a_category_is_not_deleted_while_a_product_is_put_into_it(room: Room) -> None:
    phones, phone = await room.category("Phones"), await room.product("Phone")
    changes = {"category_id": UUID(phones["id"])}
    async with asyncio.TaskGroup() as group, room.database.unit_of_work() as uow:
        await products.change_product(uow, UUID(phone["id"]), changes, ANY_EDITION)
        path = f"{CATEGORIES}/phones"
        deleting = group.create_task(room.http.delete(path, headers=room.admin))
        await until(waits(room.database))
    answer = await deleting
    assert (answer.status_code, code(answer)) == (409, "category_in_use")
    assert (await room.http.get(f"{PRODUCTS}/phone")).json()["category_id"] == phones["id"]


async def test_a_product_is_not_put_into_a_category_that_is_being_deleted(room: Room) -> None:
    phones, _ = await room.category("Phones"), await room.product("Phone")
    async with asyncio.TaskGroup() as group, room.database.unit_of_work() as uow:
        await Categories(uow).delete(UUID(phones["id"]))
        putting = group.create_task(room.edit(f"{PRODUCTS}/phone", category_id=phones["id"]))
        await until(waits(room.database))
    answer = await putting
    assert (answer.status_code, code(answer)) == (422, "product_category_not_found")
    assert (await room.http.get(f"{PRODUCTS}/phone")).json()["category_id"] is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"slug": "telephones"}])
async def test_an_import_does_not_undo_an_edit_that_was_made_meanwhile(
    room: Room, change: Json
) -> None:
    await room.category("Phones")
    phone = await room.product("Phone")
    path = f"{CATEGORIES}/{(await room.http.get(f'{CATEGORIES}/phones')).json()['id']}"
    async with asyncio.TaskGroup() as group, room.database.unit_of_work() as uow:
        await Products(uow).lock(UUID(phone["id"]))  # the import has read the categories by then
        rows = (category_row("phones", name="All phones"), product_row("phone", stock=3))
        importing = group.create_task(put_in(room, *rows))
        await until(waits(room.database))
        editing = group.create_task(room.edit(path, **change))
        both = waits(room.database, how_many=2)

        async def edit_is_done_or_waits() -> bool:
            return editing.done() or await both()

        await until(edit_is_done_or_waits)
    assert (await importing).status_code == (await editing).status_code == 200
    found = (await room.http.get(path, headers=room.admin)).json()
    assert found.items() >= {"name": "All phones", "version": 3, **change}.items()


async def test_of_imports_of_the_same_slugs_at_once_one_adds_and_the_others_change(
    room: Room,
) -> None:
    def rows(turn: int) -> list[Json]:
        made = [product_row(f"p-{n}", stock=turn, category=f"c-{n % 3}") for n in range(20)]
        tree = [category_row(f"c-{n}", category=f"c-{n - 1}" if n else None) for n in range(3)]
        return [*made, *tree] if turn % 2 else [*reversed(made), *tree]

    answers = await asyncio.gather(*(put_in(room, *rows(turn)) for turn in range(1, 6)))
    assert {answer.status_code for answer in answers} == {200}
    told = Counter(answer.json()["created"] for answer in answers)
    assert told == {23: 1, 0: 4}
    page = (await room.http.get(PRODUCTS, params={"limit": 100})).json()
    assert len(page["items"]) == 20
    assert len({one["stock"] for one in page["items"]}) == 1  # all of one import, the last


async def test_an_import_and_edits_of_the_same_products_in_any_order_end(room: Room) -> None:
    slugs = [f"p-{n}" for n in range(12)]
    home = await room.category("Home")
    for slug in slugs:
        await room.product(slug, slug=slug, stock=100)
    edits = [room.edit(f"{PRODUCTS}/{slug}", stock_change=1) for slug in slugs * 3]
    moves = [room.edit(f"{PRODUCTS}/{slug}", category_id=home["id"]) for slug in reversed(slugs)]
    names = [room.edit(f"{CATEGORIES}/home", name=f"Home {n}") for n in range(5)]
    rows = [category_row("home"), *(product_row(s, category="home") for s in reversed(slugs))]
    imports = [put_in(room, *rows) for _ in range(3)]
    answers = await asyncio.gather(*edits, *moves, *names, *imports)
    assert {answer.status_code for answer in answers} == {200}
    for slug in slugs:
        found = (await room.http.get(f"{PRODUCTS}/{slug}")).json()
        assert (found["stock"], found["category_id"]) == (103, home["id"])


async def test_of_products_of_one_slug_at_once_one_is_added(room: Room) -> None:
    body = {"name": "Phone", "price": "1.00"}
    answers = await asyncio.gather(
        *(room.http.post(PRODUCTS, json=body, headers=room.admin) for _ in range(8))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert await room.names() == ["Phone"]


async def test_an_import_beside_a_creation_of_its_slug_is_stored_whole_or_not_at_all(
    room: Room,
) -> None:
    for turn in range(8):
        slugs = [f"t-{turn}-{n}" for n in range(10)]
        body = {"name": "Made", "price": "1.00", "slug": slugs[5]}
        imported, created = await asyncio.gather(
            put_in(room, *(product_row(slug) for slug in slugs)),
            room.http.post(PRODUCTS, json=body, headers=room.admin),
        )
        assert (imported.status_code, created.status_code) in {(200, 201), (200, 409), (409, 201)}
        found = {
            (await room.http.get(f"{PRODUCTS}/{slug}")).status_code
            for slug in slugs
            if slug != slugs[5]
        }
        assert found == ({200} if imported.status_code == 200 else {404})


async def test_a_category_is_deactivated_and_moved_at_once_and_both_hold(room: Room) -> None:
    top = await room.category("Top")
    for turn in range(10):
        made = await room.category("Low", slug=f"low-{turn}")
        path = f"{CATEGORIES}/{made['id']}"
        await asyncio.gather(
            room.http.post(f"{path}/deactivate", headers=room.admin),
            room.edit(path, parent_id=top["id"]),
        )
        found = (await room.http.get(path, headers=room.admin)).json()
        assert (found["is_active"], found["parent_id"], found["version"]) == (False, top["id"], 3)


async def test_of_edits_and_deletions_of_one_version_one_wins(room: Room) -> None:
    for turn in range(6):
        made = await room.product("Phone", slug=f"phone-{turn}")
        path, headers = f"{PRODUCTS}/{made['id']}", {**room.admin, "If-Match": '"1-10"'}
        answers = await asyncio.gather(
            room.http.delete(path, headers=headers),
            room.edit(path, '"1-10"', price="2.00"),
            room.http.delete(path, headers=headers),
            room.http.post(f"{path}/deactivate", headers=headers),
        )
        won = [answer for answer in answers if answer.is_success]
        lost = {answer.status_code for answer in answers if not answer.is_success}
        assert len(won) == 1
        assert lost <= {404, 412}
