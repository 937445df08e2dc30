"""What can be done to categories: a tree of each type, names once, and who takes over."""

from typing import Any

import pytest
from tests.integration.finance.room import Room, code

from kit.ids import new_id


async def test_a_category_is_made_shown_and_listed_by_name(room: Room) -> None:
    answer = await room.ask(
        "POST", "/categories", json={"name": "Food", "type": "expense", "colour": "#2E7D32"}
    )
    food = answer.json()
    assert answer.headers["location"] == f"/v1/finance/categories/{food['id']}"
    assert food == {
        "id": food["id"],
        "name": "Food",
        "type": "expense",
        "colour": "#2e7d32",
        "parent_id": None,
        "created_at": food["created_at"],
        "updated_at": food["created_at"],
    }
    shown = await room.ask("GET", f"/categories/{food['id']}")
    assert (shown.json(), shown.headers["etag"]) == (food, answer.headers["etag"])
    pay, apples = await room.category("pay", type="income"), await room.category("Apples")
    assert await room.ids("/categories", limit=2) == [apples, food["id"], pay]
    assert await room.ids("/categories", type="income") == [pay]


@pytest.mark.parametrize("name", ["Food", "food", " FOOD ", "Ｆood"])
async def test_a_name_is_one_categorys_of_a_type_however_it_is_spelt(room: Room, name: str) -> None:
    await room.category("Food")
    other = await room.category("Drinks")
    await room.category("Food", type="income")
    taken = {"name": name, "type": "expense"}
    for answer in (
        await room.ask("POST", "/categories", json=taken),
        await room.patch(f"/categories/{other}", name=name),
    ):
        assert (answer.status_code, code(answer)) == (409, "category_exists")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"name": "x"}, "required"),
        ({"name": "x", "type": "transfer"}, "not_allowed"),
        ({"name": "x", "type": "expense", "colour": "red"}, "malformed"),
        ({"name": "x", "type": "expense", "parent_id": str(new_id())}, "parent_not_found"),
    ],
)
async def test_what_is_no_category_is_refused(
    room: Room, body: dict[str, Any], reason: str
) -> None:
    answer = await room.ask("POST", "/categories", json=body)
    assert (answer.status_code, code(answer)) == (422, reason)


async def test_the_tree_has_one_type_no_circles_and_five_levels(room: Room) -> None:
    line = [await room.category("1")]
    for name in ("2", "3", "4", "5"):
        line.append(await room.category(name, parent_id=line[-1]))
    pay = await room.category("Pay", type="income")
    deep = {"name": "6", "type": "expense", "parent_id": line[-1]}
    for answer, reason in (
        (await room.ask("POST", "/categories", json=deep), "category_too_deep"),
        (await room.patch(f"/categories/{line[0]}", parent_id=line[2]), "category_cycle"),
        (await room.patch(f"/categories/{line[0]}", parent_id=line[0]), "category_cycle"),
        (await room.patch(f"/categories/{pay}", parent_id=line[0]), "category_type_differs"),
    ):
        assert (answer.status_code, code(answer)) == (422, reason)
    loose = await room.category("loose")
    below = await room.category("below", parent_id=loose)
    assert (await room.patch(f"/categories/{loose}", parent_id=line[2])).status_code == 200
    moved = await room.patch(f"/categories/{loose}", parent_id=line[3])
    assert code(moved) == "category_too_deep"
    top = await room.patch(f"/categories/{below}", parent_id=None, colour=None)
    assert top.json()["parent_id"] is None


async def test_the_type_changes_only_while_nothing_has_the_category(room: Room) -> None:
    cash, food = await room.account(), await room.category("Food")
    assert (await room.patch(f"/categories/{food}", type="income")).json()["type"] == "income"
    await room.book(cash, category_id=food)
    answer = await room.patch(f"/categories/{food}", type="expense")
    assert (answer.status_code, answer.json()["code"]) == (409, "category_in_use")


async def test_a_stale_edit_of_a_category_is_refused(room: Room) -> None:
    food = await room.category("Food")
    first = await room.patch(f"/categories/{food}", '"1"', name="Groceries")
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    same = await room.patch(f"/categories/{food}", name="Groceries")
    assert same.headers["etag"] == '"2"'
    stale = await room.patch(f"/categories/{food}", '"1"', name="Shop")
    assert (stale.status_code, code(stale)) == (412, "edit_stale")


async def test_a_category_goes_when_nothing_has_it(room: Room) -> None:
    cash, food = await room.account(), await room.category("Food")
    await room.category("Bread", parent_id=food)
    await room.book(cash, category_id=food)
    await room.book(cash, splits=[{"category_id": food, "amount": "10.00"}])
    await room.plan(cash, category_id=food)
    answer = await room.delete(f"/categories/{food}")
    assert (answer.status_code, answer.json()["code"]) == (409, "category_in_use")
    assert {one["pointer"]: one["detail"] for one in answer.json()["errors"]} == {
        "/transactions": "1: transactions.",
        "/splits": "1: parts of split transactions.",
        "/recurring": "1: recurring transactions.",
        "/categories": "1: categories in it.",
    }
    free = await room.category("Free")
    assert (await room.delete(f"/categories/{free}")).status_code == 204
    gone = await room.delete(f"/categories/{free}")
    assert (gone.status_code, code(gone)) == (404, "category_not_found")


async def test_another_category_takes_over_and_those_within_go_up(room: Room) -> None:
    cash, top = await room.account(), await room.category("Top")
    food = await room.category("Food", parent_id=top)
    bread = await room.category("Bread", parent_id=food)
    lunch = await room.book(cash, category_id=food)
    parted = await room.book(cash, splits=[{"category_id": food, "amount": "10.00"}])
    await room.plan(cash, category_id=food)
    # What takes over may stand in what goes.
    assert (await room.delete(f"/categories/{food}", move_to=bread)).status_code == 204
    assert (await room.get(f"/transactions/{lunch['id']}"))["category_id"] == bread
    stale = await room.patch(f"/transactions/{lunch['id']}", '"1"', note="mine")
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    [part] = (await room.get(f"/transactions/{parted['id']}"))["splits"]
    assert part["category_id"] == bread
    assert [one["category_id"] for one in (await room.get("/recurring"))["items"]] == [bread]
    assert (await room.get(f"/categories/{bread}"))["parent_id"] == top


async def test_only_another_own_category_of_the_same_type_takes_over(room: Room) -> None:
    food, pay = await room.category("Food"), await room.category("Pay", type="income")
    body = {"name": "Hers", "type": "expense"}
    hers = (await room.ask("POST", "/categories", json=body, by=new_id())).json()["id"]
    for move_to, reason in (
        (food, "categories_same"),
        (pay, "category_type_differs"),
        (hers, "category_unknown"),
    ):
        answer = await room.delete(f"/categories/{food}", move_to=move_to)
        assert (answer.status_code, code(answer)) == (422, reason)


async def test_a_thousand_categories_are_the_most(room: Room) -> None:
    await room.category("first")
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO category (id, user_id, name, name_key, type, version, created_at,"
            " updated_at) SELECT gen_random_uuid(), user_id, n::text, n::text, type, 1, created_at,"
            " updated_at FROM category, generate_series(2, 1000) AS n"
        )
    answer = await room.ask("POST", "/categories", json={"name": "more", "type": "expense"})
    assert (answer.status_code, code(answer)) == (409, "too_many_categories")


async def test_nobody_sees_or_changes_another_ones_category(room: Room) -> None:
    food, stranger = await room.category("Food"), new_id()
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answer = await room.ask(method, f"/categories/{food}", by=stranger, json=body)
        assert (answer.status_code, code(answer)) == (404, "category_not_found")
    listed = await room.ask("GET", "/categories", by=stranger)
    assert listed.json()["items"] == []
