"""Products: added, edited and deleted by admins, read by everybody."""

import asyncio
from typing import Any

import pytest
from tests.integration.shop.room import CATEGORIES, PRODUCTS, Room, code

from contracts.auth import RecordAudit
from kit.ids import new_id
from testkit.pump import sent


async def test_a_product_has_all_that_it_was_given(room: Room) -> None:
    category = await room.category("Phones")
    given = {
        "slug": "phone-x",
        "description": "Line one\nline two",
        "currency": "KWD",
        "category_id": category["id"],
        "attributes": {"colour": "чёрный", "weight_g": 210, "is_new": True},
        "picture_url": "https://shop.example/x.jpg",
    }
    made = await room.product("Phone X", "12.345", **given)
    assert made.items() >= {**given, "price": "12.345", "stock": 10, "is_active": True}.items()
    for named in (made["id"], "phone-x"):
        answer = await room.http.get(f"{PRODUCTS}/{named}")
        assert (answer.status_code, answer.json()) == (200, made)
        assert answer.headers["etag"] == '"1-10"'


async def test_only_admins_edit(room: Room) -> None:
    await room.product("Phone")
    path = f"{PRODUCTS}/phone"
    for headers, status in ((None, 401), (room.user, 403)):
        for answer in (
            await room.http.post(PRODUCTS, json={"name": "x", "price": "1"}, headers=headers),
            await room.http.patch(path, json={"price": "1"}, headers=headers),
            await room.http.post(f"{path}/deactivate", headers=headers),
            await room.http.delete(path, headers=headers),
        ):
            assert answer.status_code == status
    assert (await room.http.get(path)).json()["version"] == 1


async def test_a_stale_edit_is_refused_and_changes_nothing(room: Room) -> None:
    made = await room.product("Phone")
    path = f"{PRODUCTS}/{made['id']}"
    changed = await room.edit(path, '"1-10"', price="200.00")
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2-10"')
    stale = await room.edit(path, '"1-10"', price="300.00")
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    assert (await room.http.get(path)).json()["price"] == "200.00"


async def test_of_edits_at_once_of_one_version_one_wins(room: Room) -> None:
    made = await room.product("Phone")
    path = f"{PRODUCTS}/{made['id']}"
    answers = await asyncio.gather(
        *(room.edit(path, '"1-10"', price=f"{price}.00") for price in range(1, 9))
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]


async def test_only_an_edit_of_the_stock_minds_what_was_sold_meanwhile(room: Room) -> None:
    made = await room.product("Phone")
    path = f"{PRODUCTS}/{made['id']}"
    async with room.database.unit_of_work() as uow:
        await uow.execute("UPDATE product SET stock = 7")
    stale = await room.edit(path, '"1-10"', stock=12)
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    priced = await room.edit(path, '"1-10"', price="50.00")
    assert (priced.status_code, priced.headers["etag"]) == (200, '"2-7"')
    added = await room.edit(path, '"2-10"', stock_change=5)
    assert (added.status_code, added.json()["stock"]) == (200, 12)


async def test_stock_changes_at_once_all_count(room: Room) -> None:
    made = await room.product("Phone", stock=0)
    path = f"{PRODUCTS}/{made['id']}"
    answers = await asyncio.gather(*(room.edit(path, stock_change=3) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await room.http.get(path)).json()["stock"] == 60


async def test_the_stock_never_leaves_its_range(room: Room) -> None:
    made = await room.product("Phone", stock=5)
    path = f"{PRODUCTS}/{made['id']}"
    for change in (-6, 1_000_000_000):
        answer = await room.edit(path, stock_change=change)
        assert (answer.status_code, code(answer)) == (422, "stock_out_of_range")
    assert (await room.edit(path, stock_change=-5)).json()["stock"] == 0


async def test_the_price_is_of_the_products_currency(room: Room) -> None:
    made = await room.product("Chopsticks", "150", currency="JPY")
    path = f"{PRODUCTS}/{made['id']}"
    refused = await room.edit(path, price="150.5")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/price")
    assert (await room.edit(path, price="160")).json()["price"] == "160"


async def test_what_is_not_active_is_found_by_admins_only(room: Room) -> None:
    made = await room.product("Phone")
    path = f"{PRODUCTS}/{made['id']}"
    first = await room.http.post(f"{path}/deactivate", headers=room.admin)
    again = await room.http.post(f"{path}/deactivate", headers=room.admin)
    assert first.json() == again.json()
    assert first.json()["is_active"] is False
    for headers in (None, room.user):
        assert (await room.http.get(path, headers=headers)).status_code == 404
        assert await room.names(headers=headers) == []
    assert (await room.http.get(path, headers=room.admin)).status_code == 200
    assert await room.names(headers=room.admin) == ["Phone"]
    assert await room.names(headers=room.admin, is_active=True) == []
    assert (await room.edit(path, is_active=True)).status_code == 200
    assert await room.names() == ["Phone"]


async def test_an_inactive_category_hides_its_products_at_every_depth(room: Room) -> None:
    top = await room.category("Top")
    low = await room.category("Low", parent_id=top["id"])
    made = await room.product("Phone", category_id=low["id"])
    await room.product("Loose")
    await room.http.post(f"{CATEGORIES}/top/deactivate", headers=room.admin)
    assert (await room.http.get(f"{PRODUCTS}/{made['id']}")).status_code == 404
    assert await room.names() == ["Loose"]
    assert await room.names(headers=room.admin, is_active=False) == ["Phone"]


async def test_a_category_must_exist(room: Room) -> None:
    body = {"name": "Phone", "price": "1.00", "category_id": str(new_id())}
    answer = await room.http.post(PRODUCTS, json=body, headers=room.admin)
    assert (answer.status_code, code(answer)) == (422, "product_category_not_found")
    await room.product("Phone")
    moved = await room.edit(f"{PRODUCTS}/phone", category_id=str(new_id()))
    assert (moved.status_code, code(moved)) == (422, "product_category_not_found")
    assert (await room.edit(f"{PRODUCTS}/phone", category_id=None)).status_code == 200


async def test_a_product_is_deleted_for_good(room: Room) -> None:
    await room.product("Phone")
    path = f"{PRODUCTS}/phone"
    stale = await room.http.delete(path, headers={**room.admin, "If-Match": '"9"'})
    assert stale.status_code == 412
    assert (await room.http.delete(path, headers=room.admin)).status_code == 204
    for answer in (
        await room.http.delete(path, headers=room.admin),
        await room.http.get(path),
        await room.edit(path, price="1.00"),
        await room.http.post(f"{path}/deactivate", headers=room.admin),
    ):
        assert (answer.status_code, code(answer)) == (404, "product_not_found")


async def test_a_slug_is_anothers_only_once(room: Room) -> None:
    await room.product("Phone")
    await room.product("Tablet")
    body = {"name": "PHONE!", "price": "1.00"}
    again = await room.http.post(PRODUCTS, json=body, headers=room.admin)
    assert (again.status_code, code(again)) == (409, "slug_taken")
    changed = await room.edit(f"{PRODUCTS}/tablet", slug="phone")
    assert (changed.status_code, code(changed)) == (409, "slug_taken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "0"},
        {"price": "-1.00"},
        {"price": "1.005"},
        {"price": 100},
        {"price": "1e3"},
        {"currency": "XXX"},
        {"currency": "rub"},
        {"stock": -1},
        {"stock": 1.5},
        {"stock": "5"},
        {"stock": 1_000_000_001},
        {"name": "a\u0000b"},
        {"name": "\u200b"},
        {"name": "x" * 201},
        {"slug": "Ünï"},
        {"slug": "a--b"},
        {"description": "x" * 5_001},
        {"description": "bell\u0007"},
        {"picture_url": "javascript:alert(1)"},
        {"picture_url": "/x.jpg"},
        {"attributes": {"": "x"}},
        {"attributes": {"weight": 1.5}},
        {"attributes": {"list": []}},
        {"attributes": {f"k{n}": n for n in range(51)}},
        {"attributes": {"big": 2**60}},
        {"is_active": "yes"},
        {"unknown": 1},
    ],
)
async def test_what_is_no_product_is_refused_and_nothing_stored(
    room: Room, wrong: dict[str, Any]
) -> None:
    body = {"name": "Phone", "price": "1.00", **wrong}
    answer = await room.http.post(PRODUCTS, json=body, headers=room.admin)
    assert answer.status_code == 422, answer.text
    assert await room.names(headers=room.admin) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": None}, "malformed"),
        ({"price": None}, "malformed"),
        ({"stock": None}, "malformed"),
        ({"attributes": None}, "malformed"),
        ({"stock": 1, "stock_change": 1}, "at_most_one"),
        ({"currency": "USD"}, "unknown_field"),
    ],
)
async def test_a_change_that_means_nothing_is_refused(
    room: Room, changes: dict[str, Any], expected: str
) -> None:
    await room.product("Phone")
    answer = await room.edit(f"{PRODUCTS}/phone", **changes)
    assert (answer.status_code, code(answer)) == (422, expected)


async def test_edits_are_recorded(room: Room) -> None:
    await room.product("Phone")
    await room.edit(f"{PRODUCTS}/phone", price="5.00")
    told = await sent(room.database, RecordAudit)
    assert [one.message.action for one in told] == ["create_product", "change_product"]


class TestOpenCatalogue:
    """With SHOP_OPEN_CATALOGUE every user edits, as specification 5 has it."""

    @pytest.fixture
    def settings(self) -> Any:
        from shop.settings import Settings

        return Settings(environment="test", open_catalogue=True)

    async def test_every_user_edits_and_sees_all_but_nobody_without_a_token(
        self, room: Room
    ) -> None:
        body = {"name": "Phone", "price": "1.00"}
        assert (await room.http.post(PRODUCTS, json=body)).status_code == 401
        made = await room.http.post(PRODUCTS, json=body, headers=room.user)
        assert made.status_code == 201
        path = f"{PRODUCTS}/phone"
        hidden = await room.http.post(f"{path}/deactivate", headers=room.user)
        assert hidden.json()["is_active"] is False
        assert (await room.http.get(path, headers=room.user)).status_code == 200
        assert (await room.http.get(path)).status_code == 404
