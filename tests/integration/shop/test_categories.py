"""Categories: a tree that admins edit and everybody reads."""

import asyncio
from typing import Any

import pytest
from tests.integration.shop.room import CATEGORIES, Room, code

from kit.ids import new_id
from shop.service import catalogue, categories


async def test_a_category_is_found_by_its_id_its_slug_and_its_name(room: Room) -> None:
    made = await room.category("Наушники и гарнитуры")
    assert made["slug"] == "naushniki-i-garnitury"
    for named in (made["id"], made["slug"], made["name"]):
        answer = await room.http.get(f"{CATEGORIES}/{named}")
        assert (answer.status_code, answer.json()) == (200, made)
        assert answer.headers["etag"] == '"1"'


async def test_of_two_of_one_name_the_oldest_is_found(room: Room) -> None:
    first = await room.category("Cables", slug="cables-a")
    await room.category("Cables", slug="cables-b")
    assert (await room.http.get(f"{CATEGORIES}/Cables")).json()["id"] == first["id"]


async def test_a_slug_goes_before_a_name(room: Room) -> None:
    await room.category("tea", slug="coffee")
    second = await room.category("Anything", slug="tea")
    assert (await room.http.get(f"{CATEGORIES}/tea")).json()["id"] == second["id"]


async def test_they_are_listed_in_the_order_of_their_names_page_by_page(room: Room) -> None:
    for name in ("Ёлки", "ель", "apples", "Books", "Ель"):
        await room.category(name, slug=f"s-{new_id().hex}")
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while query:
        page = (await room.http.get(CATEGORIES, params=query)).json()
        found += [one["name"] for one in page["items"]]
        query = {"limit": 2, "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert found[:2] == ["apples", "Books"]
    assert found[2] == "Ёлки"
    assert sorted(found[3:]) == ["Ель", "ель"]


async def test_what_is_not_active_and_what_is_below_it_is_shown_to_admins_only(room: Room) -> None:
    top = await room.category("Top")
    await room.category("Below", parent_id=top["id"])
    other = await room.category("Other")
    hidden = await room.http.post(f"{CATEGORIES}/top/deactivate", headers=room.admin)
    assert (hidden.status_code, hidden.json()["is_active"]) == (200, False)

    async def seen(headers: dict[str, str] | None) -> list[str]:
        page = (await room.http.get(CATEGORIES, headers=headers)).json()
        return [one["name"] for one in page["items"]]

    assert await seen(None) == await seen(room.user) == ["Other"]
    assert await seen(room.admin) == ["Below", "Other", "Top"]
    assert (await room.http.get(f"{CATEGORIES}/below")).status_code == 404
    assert (await room.http.get(f"{CATEGORIES}/below", headers=room.admin)).status_code == 200
    assert (await room.http.get(f"{CATEGORIES}/{other['id']}")).status_code == 200


async def test_only_admins_ask_for_what_is_not_active(room: Room) -> None:
    await room.category("Hidden", is_active=False)
    query = {"is_active": "false"}
    for headers in (None, room.user):
        answer = await room.http.get(CATEGORIES, params=query, headers=headers)
        assert (answer.status_code, code(answer)) == (403, "forbidden")
    page = (await room.http.get(CATEGORIES, params=query, headers=room.admin)).json()
    assert [one["name"] for one in page["items"]] == ["Hidden"]


async def test_only_admins_edit(room: Room) -> None:
    await room.category("Phones")
    path = f"{CATEGORIES}/phones"
    for headers, status in ((None, 401), (room.user, 403)):
        for answer in (
            await room.http.post(CATEGORIES, json={"name": "x"}, headers=headers),
            await room.http.patch(path, json={"name": "x"}, headers=headers),
            await room.http.post(f"{path}/deactivate", headers=headers),
            await room.http.delete(path, headers=headers),
        ):
            assert answer.status_code == status
    assert (await room.http.get(path)).json()["version"] == 1


async def test_a_stale_edit_is_refused_and_changes_nothing(room: Room) -> None:
    made = await room.category("Phones")
    path = f"{CATEGORIES}/{made['id']}"
    changed = await room.edit(path, '"1"', name="Telephones")
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    for answer in (
        await room.edit(path, '"1"', name="Mine"),
        await room.edit(path, 'W/"2"', name="Mine"),
        await room.http.post(f"{path}/deactivate", headers={**room.admin, "If-Match": '"1"'}),
        await room.http.delete(path, headers={**room.admin, "If-Match": '"1"'}),
    ):
        assert (answer.status_code, code(answer)) == (412, "edit_stale")
    malformed = await room.edit(path, "2", name="Mine")
    assert (malformed.status_code, code(malformed)) == (400, "if_match_malformed")
    assert (await room.http.get(path)).json()["name"] == "Telephones"
    assert (await room.edit(path, '"1", "2"', name="Phones")).status_code == 200


async def test_an_edit_that_changes_nothing_leaves_the_version(room: Room) -> None:
    made = await room.category("Phones")
    answer = await room.edit(f"{CATEGORIES}/{made['id']}", name="Phones", parent_id=None)
    assert (answer.status_code, answer.json()) == (200, made)


async def test_a_category_is_not_its_own_ancestor(room: Room) -> None:
    top = await room.category("Top")
    middle = await room.category("Middle", parent_id=top["id"])
    low = await room.category("Low", parent_id=middle["id"])
    for parent in (top, middle, low):
        answer = await room.edit(f"{CATEGORIES}/top", parent_id=parent["id"])
        assert (answer.status_code, code(answer)) == (422, "category_cycle")
    assert (await room.edit(f"{CATEGORIES}/low", parent_id=top["id"])).status_code == 200


async def test_two_moves_at_once_make_no_circle(room: Room) -> None:
    for attempt in range(10):
        one = await room.category("One", slug=f"one-{attempt}")
        two = await room.category("Two", slug=f"two-{attempt}")
        answers = await asyncio.gather(
            room.edit(f"{CATEGORIES}/{one['id']}", parent_id=two["id"]),
            room.edit(f"{CATEGORIES}/{two['id']}", parent_id=one["id"]),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_tree_has_at_most_eight_levels(room: Room) -> None:
    above = None
    for level in range(8):
        above = (await room.category("Level", slug=f"level-{level}", parent_id=above))["id"]
    body = {"name": "Ninth", "parent_id": above}
    ninth = await room.http.post(CATEGORIES, json=body, headers=room.admin)
    assert (ninth.status_code, code(ninth)) == (422, "category_too_deep")
    await room.category("Root")
    low = await room.edit(f"{CATEGORIES}/level-0", parent_id=(await room.category("New"))["id"])
    assert (low.status_code, code(low)) == (422, "category_too_deep")


async def test_an_unknown_parent_is_refused(room: Room) -> None:
    body = {"name": "Lost", "parent_id": str(new_id())}
    answer = await room.http.post(CATEGORIES, json=body, headers=room.admin)
    assert (answer.status_code, code(answer)) == (422, "parent_not_found")
    await room.category("Phones")
    moved = await room.edit(f"{CATEGORIES}/phones", parent_id=str(new_id()))
    assert (moved.status_code, code(moved)) == (422, "parent_not_found")


async def test_a_category_that_holds_something_is_not_deleted(room: Room) -> None:
    top = await room.category("Top")
    low = await room.category("Low", parent_id=top["id"])
    product = await room.product(category_id=low["id"])
    for slug, counts in (("top", "0 products and 1 categories"), ("low", "1 products and 0")):
        answer = await room.http.delete(f"{CATEGORIES}/{slug}", headers=room.admin)
        assert (answer.status_code, code(answer)) == (409, "category_in_use")
        assert counts in answer.json()["detail"]
    await room.http.delete(f"/v1/shop/products/{product['id']}", headers=room.admin)
    for slug in ("low", "top"):
        answer = await room.http.delete(f"{CATEGORIES}/{slug}", headers=room.admin)
        assert answer.status_code == 204
    assert (await room.http.get(f"{CATEGORIES}/top")).status_code == 404


async def test_a_slug_is_anothers_only_once(room: Room) -> None:
    await room.category("Phones")
    await room.category("Tablets")
    again = await room.http.post(CATEGORIES, json={"name": "phones"}, headers=room.admin)
    assert (again.status_code, code(again)) == (409, "slug_taken")
    changed = await room.edit(f"{CATEGORIES}/tablets", slug="phones")
    assert (changed.status_code, code(changed)) == (409, "slug_taken")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "required"),
        ({"name": ""}, "malformed"),
        ({"name": "   "}, "malformed"),
        ({"name": "a\u202eb"}, "malformed"),
        ({"name": "a\nb"}, "malformed"),
        ({"name": "x" * 201}, "too_long"),
        ({"name": "\U0001f600"}, None),
        ({"name": "!!!"}, "required"),
        ({"name": "Phones", "slug": "Phones"}, "malformed"),
        ({"name": "Phones", "slug": "phones-"}, "malformed"),
        ({"name": "Phones", "slug": "a" * 81}, "too_long"),
        ({"name": "Phones", "parent_id": "1"}, "malformed"),
        ({"name": "Phones", "colour": "red"}, "unknown_field"),
    ],
)
async def test_what_is_no_category_is_refused_and_nothing_stored(
    room: Room, body: dict[str, Any], expected: str | None
) -> None:
    answer = await room.http.post(CATEGORIES, json=body, headers=room.admin)
    if expected is None:
        assert answer.status_code == 201
        return
    assert answer.status_code == 422, answer.text
    assert (await room.http.get(CATEGORIES, headers=room.admin)).json()["items"] == []


async def test_a_repeated_request_adds_one_category(room: Room) -> None:
    headers = {**room.admin, "Idempotency-Key": "once"}
    answers = [
        await room.http.post(CATEGORIES, json={"name": "Phones"}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_there_are_only_so_many_also_by_a_file(room: Room, monkeypatch: Any) -> None:
    for module in (categories, catalogue):
        monkeypatch.setattr(module, "MOST_CATEGORIES", 2)
    await room.category("One")
    text = "kind,slug,name\ncategory,two,Two\ncategory,three,Three\n"
    headers = {**room.admin, "Content-Type": "text/csv"}
    file = await room.http.post("/v1/shop/catalogue", content=text, headers=headers)
    assert (file.status_code, code(file)) == (409, "too_many_categories")
    await room.category("Two")
    third = await room.http.post(CATEGORIES, json={"name": "Three"}, headers=room.admin)
    assert (third.status_code, code(third)) == (409, "too_many_categories")
