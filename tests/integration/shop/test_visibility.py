"""What is hidden stays hidden, however somebody asks; and every edit is told, once."""

from typing import Any

import httpx
import pytest
from tests.integration.shop.room import CATEGORIES, PRODUCTS, Json, Room, code

from contracts.auth import RecordAudit
from kit.ids import new_id
from testkit.pump import sent

IMPORT = "/v1/shop/catalogue"
EXPORT = "/v1/shop/catalogue.csv"
EXPIRED = {"Authorization": "Bearer no.such.token"}


@pytest.fixture
async def hidden(room: Room) -> Json:
    """A closed category, one below it, a product in each way hidden, and one that is shown."""
    closed = await room.category("Secret", slug="secret", is_active=False)
    below = await room.category("Deeper", slug="deeper", parent_id=closed["id"])
    return {
        "closed": closed,
        "below": below,
        "off": await room.product("Off", slug="off", is_active=False, description="общее слово"),
        "in": await room.product("In", slug="in", category_id=closed["id"], description="слово"),
        "deep": await room.product("Deep", slug="deep", category_id=below["id"], stock=0),
        "shown": await room.product("Shown", slug="shown", description="слово"),
    }


def strangers(room: Room) -> list[dict[str, str] | None]:
    """Return all who see only what is shown: nobody, a user, one whose token is no good."""
    return [None, room.user, EXPIRED]


async def test_no_way_of_asking_shows_a_hidden_product(room: Room, hidden: Json) -> None:
    for headers in strangers(room):
        for one in ("off", "in", "deep"):
            for named in (hidden[one]["id"], one, hidden[one]["id"].upper()):
                answer = await room.http.get(f"{PRODUCTS}/{named}", headers=headers)
                assert (answer.status_code, code(answer)) == (404, "product_not_found")
                missing = await room.http.get(f"{PRODUCTS}/nowhere", headers=headers)
                assert answer.json()["detail"] == missing.json()["detail"]
                assert "etag" not in answer.headers
        for query in (
            {},
            {"search": "слово"},
            {"search": "слово", "sort": "newest"},
            {"is_active": True},
            {"sort": "price", "price_min": "0"},
            {"in_stock": True},
        ):
            assert await room.names(headers=headers, **query) == ["Shown"], query
        assert await room.names(headers=headers, in_stock=False) == []
        assert await room.names(headers=headers, search="deep") == []


async def test_no_way_of_asking_shows_a_hidden_category(room: Room, hidden: Json) -> None:
    for headers in strangers(room):
        for one in ("closed", "below"):
            for named in (hidden[one]["id"], hidden[one]["slug"], hidden[one]["name"]):
                shown = await room.http.get(f"{CATEGORIES}/{named}", headers=headers)
                missing = await room.http.get(f"{CATEGORIES}/{new_id()}", headers=headers)
                assert (shown.status_code, code(shown)) == (404, "category_not_found")
                assert shown.json()["detail"] == missing.json()["detail"]
                products = await room.http.get(
                    PRODUCTS, params={"category": named}, headers=headers
                )
                assert (products.status_code, code(products)) == (404, "category_not_found")
        for query in ({}, {"parent_id": hidden["closed"]["id"]}, {"is_active": "true"}):
            page = await room.http.get(CATEGORIES, params=query, headers=headers)
            assert page.json() == {"items": [], "next_cursor": None}


async def test_an_editor_sees_all_of_it_by_the_same_ways(room: Room, hidden: Json) -> None:
    assert sorted(await room.names(headers=room.admin)) == ["Deep", "In", "Off", "Shown"]
    assert await room.names(headers=room.admin, category="secret") == ["Deep", "In"]
    assert await room.names(headers=room.admin, category="Deeper", in_stock=False) == ["Deep"]
    assert sorted(await room.names(headers=room.admin, is_active=False)) == ["Deep", "In", "Off"]
    for one in ("off", "in", "deep"):
        answer = await room.http.get(f"{PRODUCTS}/{one}", headers=room.admin)
        assert answer.json() == hidden[one]


async def test_a_hidden_name_does_not_hide_a_shown_category_of_the_same_name(room: Room) -> None:
    await room.category("Tea", slug="tea-old", is_active=False)
    shown = await room.category("Tea", slug="tea-new")
    for headers in (None, room.user):
        found = await room.http.get(f"{CATEGORIES}/Tea", headers=headers)
        assert found.json() == shown
    await room.product("Leaf", category_id=shown["id"])
    assert await room.names(category="Tea") == ["Leaf"]
    assert await room.names(category="Tea", headers=room.admin) == []  # the oldest of the name


async def test_what_is_shown_again_is_found_again(room: Room, hidden: Json) -> None:
    assert (await room.edit(f"{CATEGORIES}/secret", is_active=True)).status_code == 200
    assert sorted(await room.names()) == ["Deep", "In", "Shown"]
    moved = await room.edit(f"{CATEGORIES}/deeper", parent_id=None)
    assert moved.status_code == 200
    await room.http.post(f"{CATEGORIES}/secret/deactivate", headers=room.admin)
    assert sorted(await room.names()) == ["Deep", "Shown"]
    assert hidden["deep"]["category_id"] == moved.json()["id"]


async def test_a_page_that_an_editor_began_is_not_gone_on_with_by_others(
    room: Room, hidden: Json
) -> None:
    page = await room.http.get(PRODUCTS, params={"limit": 1}, headers=room.admin)
    query = {"limit": 1, "cursor": page.json()["next_cursor"]}
    for headers in strangers(room):
        answer = await room.http.get(PRODUCTS, params=query, headers=headers)
        assert (answer.status_code, code(answer)) == (400, "cursor_invalid")
    assert (await room.http.get(PRODUCTS, params=query, headers=room.admin)).status_code == 200
    assert hidden["shown"]["id"] == page.json()["items"][0]["id"]


async def test_every_edit_is_told_once_with_what_it_changed(room: Room) -> None:
    made = await room.category("Home")
    path = f"{CATEGORIES}/{made['id']}"
    await room.edit(path, name="House")
    await room.http.post(f"{path}/deactivate", headers=room.admin)
    product = await room.product("Phone")
    await room.http.post(f"{PRODUCTS}/phone/deactivate", headers=room.admin)
    rows = [{"kind": "product", "slug": "a", "name": "A", "price": "1.00"}]
    await room.http.post(IMPORT, json=rows, headers=room.admin)
    await room.http.get(EXPORT, headers=room.admin)
    await room.http.delete(f"{PRODUCTS}/phone", headers=room.admin)
    await room.http.delete(path, headers=room.admin)
    told = [one.message for one in await sent(room.database, RecordAudit)]
    assert [(one.action, one.subject_id) for one in told] == [
        ("create_category", made["id"]),
        ("change_category", made["id"]),
        ("deactivate_category", made["id"]),
        ("create_product", product["id"]),
        ("deactivate_product", product["id"]),
        ("import_catalogue", None),
        ("export_catalogue", None),
        ("delete_product", product["id"]),
        ("delete_category", made["id"]),
    ]
    assert len({one.actor_id for one in told}) == 1


async def test_what_was_refused_is_told_to_nobody(room: Room) -> None:
    home = await room.category("Home")
    await room.product("Phone", category_id=home["id"])
    before = len(await sent(room.database, RecordAudit))
    row = {"kind": "product", "slug": "a", "name": "A", "price": "1", "category": "nowhere"}
    answers: list[httpx.Response] = [
        await room.edit(f"{PRODUCTS}/phone", '"9-9"', price="2.00"),
        await room.edit(f"{PRODUCTS}/phone", stock_change=-11),
        await room.edit(f"{CATEGORIES}/home", parent_id=home["id"]),
        await room.http.delete(f"{CATEGORIES}/home", headers=room.admin),
        await room.http.post(IMPORT, json=[row], headers=room.admin),
        await room.http.post(PRODUCTS, json={"name": "Phone", "price": "1"}, headers=room.admin),
        await room.http.post(CATEGORIES, json={"name": "Home"}, headers=room.admin),
    ]
    assert [one.status_code for one in answers] == [412, 422, 422, 409, 422, 409, 409]
    assert len(await sent(room.database, RecordAudit)) == before


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (CATEGORIES, {"name": "Home"}, {"name": "House"}),
        (PRODUCTS, {"name": "Phone", "price": "1.50"}, {"name": "Phone", "price": "1.51"}),
        (
            IMPORT,
            [{"kind": "product", "slug": "a", "name": "A", "price": "1.50"}],
            [{"kind": "product", "slug": "b", "name": "A", "price": "1.50"}],
        ),
    ],
)
async def test_a_key_stands_for_one_request_and_its_answer(
    room: Room, path: str, body: Any, other: Any
) -> None:
    headers = {**room.admin, "Idempotency-Key": "k-1"}
    first = await room.http.post(path, json=body, headers=headers)
    again = await room.http.post(path, json=body, headers=headers)
    assert first.status_code == again.status_code
    assert first.content == again.content
    for name in ("etag", "location"):
        assert first.headers.get(name) == again.headers.get(name)
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (
        None,
        "true",
    )
    reused = await room.http.post(path, json=other, headers=headers)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await sent(room.database, RecordAudit)) == 1


async def test_a_key_of_an_import_stands_for_its_rows_however_they_are_written(
    room: Room,
) -> None:
    headers = {**room.admin, "Idempotency-Key": "k-1"}
    rows = [{"kind": "product", "slug": "a", "name": "A", "price": "1.50"}]
    first = await room.http.post(IMPORT, json=rows, headers=headers)
    text = "slug,kind,price,name\na,product,1.50,A\n"
    as_file = {**headers, "Content-Type": "text/csv"}
    again = await room.http.post(IMPORT, content=text, headers=as_file)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


async def test_an_import_that_was_refused_may_be_mended_under_its_key(room: Room) -> None:
    headers = {**room.admin, "Idempotency-Key": "k-1"}
    row = {"kind": "product", "slug": "a", "name": "A", "price": "1.50", "category": "home"}
    assert (await room.http.post(IMPORT, json=[row], headers=headers)).status_code == 422
    rows = [row, {"kind": "category", "slug": "home", "name": "Home"}]
    mended = await room.http.post(IMPORT, json=rows, headers=headers)
    assert (mended.status_code, mended.json()["created"]) == (200, 2)


async def test_head_is_answered_as_get_is_without_a_body(room: Room, hidden: Json) -> None:
    for path, headers in (
        (PRODUCTS, None),
        (f"{PRODUCTS}/shown", None),
        (CATEGORIES, None),
        (f"{CATEGORIES}/secret", room.admin),
        (EXPORT, room.admin),
        (f"{PRODUCTS}/off", None),
        (EXPORT, None),
    ):
        shown = await room.http.get(path, headers=headers)
        head = await room.http.head(path, headers=headers)
        assert (head.status_code, head.content) == (shown.status_code, b"")
        for name in ("etag", "content-type"):
            assert head.headers.get(name) == shown.headers.get(name), path
    assert hidden["shown"]["version"] == 1
