"""Rules over the API: made, tried on the past, applied to it; and what they leave alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.finance.movements import Purse, order_paid
from tests.integration.finance.room import Json, Room, changed, code

from finance.api.feed.rules import PAGES
from finance.domain.feed.rules import MOST_RULES
from finance.domain.transactions.transactions import TransactionType
from finance.repository import Transactions
from finance.service.feed.rules import PAGE, placed
from kit.ids import new_id

RULES = "/rules"


@pytest.fixture
def purse(room: Room) -> Purse:
    return Purse(room, room.user)


async def rule(room: Room, category_id: str, **conditions: Any) -> Json:
    return await room.make(RULES, category_id=category_id, **conditions)


async def refused(room: Room, **body: Any) -> tuple[int, str]:
    answer = await room.ask("POST", RULES, json=body)
    return answer.status_code, code(answer)


async def tried(room: Room, replaces: str | None = None, **body: Any) -> Json:
    answer = await room.ask("POST", f"{RULES}/try", json={"rule": body, "replaces": replaces})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def applied(room: Room, **body: Any) -> Json:
    answer = await room.ask("POST", f"{RULES}/apply", json=body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def replaced(room: Room, one: Json, **body: Any) -> httpx.Response:
    seen = await room.ask("GET", f"{RULES}/{one['id']}")
    headers = {"If-Match": seen.headers["etag"]}
    return await room.ask("PUT", f"{RULES}/{one['id']}", json=body, headers=headers)


async def test_a_rule_is_made_shown_listed_replaced_and_deleted(room: Room) -> None:
    await room.told(changed(pavel := new_id(), "Pavel"))
    food = await room.category()
    made = await rule(
        room, food, payee_username="pavel", words="tea", amount_max="50", currency="RUB", tags=["x"]
    )
    assert (made["place"], made["type"], made["tags"]) == (1, "expense", ["x"])
    assert (made["payee_id"], made["payee_username"]) == (str(pavel), "Pavel")
    assert (made["amount_min"], made["amount_max"], made["currency"]) == (None, "50.00", "RUB")
    second = await rule(room, food, kind="payment")
    first = await rule(room, food, kind="refund", place=1)
    assert await room.get(f"{RULES}/{made['id']}") == made
    page = await room.get(RULES, limit=2)
    rest = await room.get(RULES, limit=2, cursor=page["next_cursor"])
    listed = [one["id"] for one in page["items"] + rest["items"]]
    assert listed == [made["id"], first["id"], second["id"]]
    answer = await replaced(room, second, category_id=food, words="cake")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["kind"], answer.json()["words"]) == (None, "cake")
    assert (answer.json()["place"], answer.headers["etag"]) == (2, '"2"')
    stale = await room.ask("DELETE", f"{RULES}/{second['id']}", headers={"If-Match": '"1"'})
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    gone = await room.ask("DELETE", f"{RULES}/{second['id']}", headers={"If-Match": '"2"'})
    assert gone.status_code == 204
    missing = await room.ask("GET", f"{RULES}/{second['id']}")
    assert (missing.status_code, code(missing)) == (404, "rule_not_found")


async def test_a_rule_needs_a_condition_and_names_what_is_ones_own(room: Room) -> None:
    food = await room.category()
    other = new_id()
    theirs = await room.ask("POST", "/categories", by=other, json={"name": "x", "type": "expense"})
    stranger = theirs.json()["id"]
    assert await refused(room, category_id=food) == (422, "required")
    assert await refused(room, category_id=food, amount_min="5") == (422, "required")
    assert await refused(room, category_id=food, words=" \u0301 ") == (422, "malformed")
    assert await refused(room, category_id=food, payee_id=str(other), payee_username="x") == (
        422,
        "at_most_one",
    )
    assert await refused(room, category_id=stranger, kind="x") == (422, "category_unknown")
    assert await refused(room, category_id=food, account_id=str(other)) == (422, "account_unknown")
    assert (await refused(room, category_id=food, amount_min="0.001", currency="RUB"))[0] == 422
    made = await rule(room, food, kind="x")
    seen = await room.ask("GET", f"{RULES}/{made['id']}", by=other)
    assert (seen.status_code, code(seen)) == (404, "rule_not_found")


class TestNotToldYet:
    """Auth is asked about a payee whom no event has told of."""

    @pytest.fixture
    def auth(self, room: Room) -> Iterator[respx.Route]:
        url = room.service.settings.auth_url
        with respx.mock(assert_all_called=False) as outside:
            granted = {"access_token": "own-token", "expires_in": 300}
            outside.post(f"{url}/v1/auth/token").respond(json=granted)
            yield outside.get(f"{url}/internal/users")

    async def test_who_registered_a_moment_ago_can_be_named(
        self, room: Room, purse: Purse, auth: respx.Route
    ) -> None:
        pavel, food = new_id(), await room.category()
        told = {"user_id": str(pavel), "number": 7, "username": "Pavel", "status": "active"}
        auth.respond(json=told)
        trial = await tried(room, category_id=food, payee_username="pavel")
        assert (trial["looked_at"], trial["fitting"]) == (0, 0)
        made = await rule(room, food, payee_username="pavel")
        assert (made["payee_id"], made["payee_username"]) == (str(pavel), "Pavel")
        assert (await replaced(room, made, category_id=food, payee_username="PAVEL")).is_success
        [call] = auth.calls  # what it has answered is known
        assert call.request.url.params["username"] == "pavel"
        assert call.request.headers["authorization"] == "Bearer own-token"
        assert (await purse.moves(-500, counterparty_id=pavel))["category_id"] == food
        await room.told(changed(pavel, "paul"))
        assert (await room.get(f"{RULES}/{made['id']}"))["payee_username"] == "paul"

    async def test_what_auth_has_told_of_is_newer_than_its_answer(
        self, room: Room, auth: respx.Route
    ) -> None:
        pavel, food = new_id(), await room.category()
        await room.told(changed(pavel, None, "deleted"), sequence=2)
        told = {"user_id": str(pavel), "number": 7, "username": "pavel", "status": "active"}
        auth.respond(json=told)
        made = await rule(room, food, payee_username="pavel")
        assert (made["payee_id"], made["payee_username"]) == (str(pavel), None)

    async def test_whom_auth_does_not_know_either_is_nobody(
        self, room: Room, auth: respx.Route
    ) -> None:
        auth.respond(404)
        food = await room.category()
        wanted = {"category_id": food, "payee_username": "nobody"}
        assert await refused(room, **wanted) == (422, "payee_unknown")
        answer = await room.ask("POST", f"{RULES}/try", json={"rule": wanted})
        assert (answer.status_code, code(answer)) == (422, "payee_unknown")
        assert answer.json()["errors"][0]["pointer"] == "/rule/payee_username"
        kept = await rule(room, food, kind="x")
        changed_to = await replaced(room, kept, **wanted)
        assert (changed_to.status_code, code(changed_to)) == (422, "payee_unknown")

    @pytest.mark.parametrize(
        "trouble",
        [
            {"side_effect": httpx.ConnectError},
            {"return_value": httpx.Response(500)},
            {"return_value": httpx.Response(200, json={"status": "active"})},
        ],
    )
    async def test_where_auth_is_away_the_rule_waits_for_it(
        self, room: Room, auth: respx.Route, trouble: dict[str, Any]
    ) -> None:
        auth.mock(**trouble)
        food = await room.category()
        wanted = {"category_id": food, "payee_username": "pavel"}
        assert await refused(room, **wanted) == (503, "unavailable")
        assert (await room.get(RULES))["items"] == []
        await rule(room, food, kind="x")  # which names nobody


async def test_there_are_only_so_many_rules(room: Room) -> None:
    food = await room.category()
    made = await rule(room, food, kind="x")
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO rule (id, user_id, place, category_id, tags, kind, version, created_at,"
            " updated_at) SELECT gen_random_uuid(), user_id, 2, category_id, tags, kind, 1,"
            " created_at, updated_at FROM rule, generate_series(2, $1) WHERE id = $2",
            MOST_RULES,
            UUID(made["id"]),
        )
    assert await refused(room, category_id=food, kind="x") == (409, "too_many_rules")


async def test_movements_are_sorted_as_they_are_booked(room: Room, purse: Purse) -> None:
    await room.told(changed(pavel := new_id(), "pavel"))
    food, pay = await room.category(), await room.category("Pay", type="income")
    await rule(room, food, payee_username="pavel", tags=["friend"])
    await rule(room, pay, words="salary")
    assert (await purse.moves(-500, counterparty_id=pavel))["category_id"] == food
    assert (await purse.moves(-500))["category_id"] is None
    earned = await purse.moves(700, counterparty_id=pavel, description="Salary of May")
    assert (earned["category_id"], earned["tags"]) == (pay, [])
    phone = await room.category("Phone")
    await rule(room, phone, service_id=str(service := new_id()))
    paid = await purse.moves(-300, purpose=f"service:{service}")
    assert paid["category_id"] == phone
    own = await purse.moves(-100, is_own_counterparty=True, counterparty_id=room.user)
    assert (own["type"], own["category_id"]) == ("transfer", None)


@pytest.mark.parametrize("is_early", [True, False])
async def test_a_purchase_is_sorted_by_its_products_told_early_or_late(
    room: Room, purse: Purse, *, is_early: bool
) -> None:
    food, tech = await room.category(), await room.category("Tech")
    await rule(room, food, product_category="food")
    await rule(room, tech, product_category="phones")
    told = order_paid(
        room.user,
        payment_id := new_id(),
        ("Tea", ("tea", "food"), 300),
        ("Phone", ("phones",), 700),
    )
    if is_early:
        await room.told(told)
    await purse.pays_the_shop(payment_id, 1000)
    if not is_early:
        await room.told(told)
    paid = await purse.seen(1)
    assert [(one["category_id"], one["amount"]) for one in paid["splits"]] == [
        (food, "3.00"),
        (tech, "7.00"),
    ]
    assert paid["category_id"] is None
    refund = await purse.moves(1000, kind="refund", reference=str(payment_id))
    assert (refund["type"], refund["splits"]) == ("income", [])
    await room.told(told)  # a second time
    assert await purse.seen(1) == paid


async def test_the_purchase_of_another_sorts_nothing(room: Room, purse: Purse) -> None:
    food = await room.category()
    await rule(room, food, product_category="food")
    await room.told(order_paid(new_id(), payment_id := new_id(), ("Tea", ("food",), 300)))
    assert (await purse.pays_the_shop(payment_id, 300))["category_id"] is None


async def test_a_rule_is_tried_on_the_past_before_it_is_stored(room: Room, purse: Purse) -> None:
    food, fun = await room.category(), await room.category("Fun")
    await purse.moves(-500, description="Tea")
    await purse.moves(-600, description="Tea and cake")
    await purse.moves(-700, description="Cinema")
    first = await rule(room, fun, words="cake")
    assert (await applied(room))["changed"] == 1
    trial = await tried(room, category_id=food, words="tea")
    assert (trial["looked_at"], trial["is_whole"]) == (3, True)
    assert (trial["fitting"], trial["changes"]) == (2, 1)  # the other is taken by the first rule
    [example] = trial["examples"]
    assert (example["description"], example["amount"]) == ("Tea", "5.00")
    assert (example["category_id"], example["new_category_id"]) == (None, food)
    ahead = await tried(room, category_id=food, words="tea", place=1)
    assert ahead["changes"] == 1  # of the same place the older one comes first
    instead = await tried(room, first["id"], category_id=food, words="tea")
    assert instead["changes"] == 2
    assert (await applied(room))["changed"] == 0  # nothing was stored
    elsewhere = await tried(room, first["id"], category_id=food, words="cinema")
    assert (elsewhere["fitting"], elsewhere["changes"]) == (1, 2)  # the cake has no category then
    assert [one["new_category_id"] for one in elsewhere["examples"]] == [food, None]
    await replaced(room, first, category_id=food, words="cinema")
    assert (await applied(room))["changed"] == elsewhere["changes"]
    unknown = await room.ask(
        "POST",
        f"{RULES}/try",
        json={"rule": {"category_id": food, "kind": "x"}, "replaces": str(new_id())},
    )
    assert (unknown.status_code, code(unknown)) == (404, "rule_not_found")


async def test_the_past_is_sorted_anew_and_what_one_has_sorted_stays(
    room: Room, purse: Purse
) -> None:
    food, fun = await room.category(), await room.category("Fun")
    cash = await room.account()
    by_hand = await purse.moves(-500, description="Tea")
    answer = await room.ask(
        "PATCH",
        f"/transactions/{by_hand['id']}",
        json={"category_id": fun},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
    await purse.moves(-600, description="Tea")
    left, placed = [
        await room.book(cash, description="Tea", **more)
        for more in ({"type": "expense"}, {"category_id": fun})
    ]
    made = await rule(room, food, words="tea", tags=["warm"])
    assert await applied(room) == {"looked_at": 2, "changed": 2, "next_cursor": None}
    assert (await purse.seen(1))["category_id"] == fun
    second = await purse.seen(2)
    assert (second["category_id"], second["tags"]) == (food, ["warm"])
    assert (await room.get(f"/transactions/{left['id']}"))["category_id"] == food
    assert (await room.get(f"/transactions/{placed['id']}"))["category_id"] == fun
    assert (await applied(room))["changed"] == 0
    assert (await replaced(room, made, category_id=food, words="coffee")).status_code == 200
    assert (await applied(room))["changed"] == 1  # the movement; no rule fits it any more
    assert (await purse.seen(2))["category_id"] is None


async def test_applying_goes_on_where_it_was_left(room: Room, purse: Purse) -> None:
    food, count = await room.category(), PAGE * PAGES + 50
    await purse.moves(-500, description="Tea")
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO transaction (id, user_id, account_id, type, amount_minor, currency,"
            " description, date, origin, version, created_at, updated_at)"
            " SELECT gen_random_uuid(), user_id, account_id, type, amount_minor, currency,"
            " description, date, 'manual', 1, created_at, updated_at"
            " FROM transaction, generate_series(2, $1)",
            count,
        )
    await rule(room, food, words="tea")
    first = await applied(room)
    assert (first["looked_at"], first["changed"]) == (PAGE * PAGES, PAGE * PAGES)
    rest = await applied(room, cursor=first["next_cursor"])
    assert (rest["changed"], rest["next_cursor"]) == (50, None)
    for reader, cursor in ((room.user, "nonsense"), (new_id(), first["next_cursor"])):
        refused = await room.ask("POST", f"{RULES}/apply", by=reader, json={"cursor": cursor})
        assert (refused.status_code, code(refused)) == (400, "cursor_invalid")


async def test_what_is_imported_is_placed_unless_it_was_and_transfers_never(room: Room) -> None:
    food, fun = await room.category(), await room.category("Fun")
    cash = await room.account()
    await rule(room, food, words="tea", tags=["warm"])
    made = await room.book(cash, description="Green tea", tags=["x"])
    async with room.database.unit_of_work() as uow:
        found = await Transactions(uow).find(room.user, UUID(made["id"]))
        assert found is not None
        other = replace(found, category_id=UUID(fun))
        moved = replace(found, type=TransactionType.TRANSFER, transfer_id=new_id())
        coffee = replace(found, description="Coffee")
        placed_one, *left = await placed(uow, room.owner, [found, other, moved, coffee])
    assert placed_one == replace(found, category_id=UUID(food), tags=("x", "warm"))
    assert left == [other, moved, coffee]


async def test_a_category_that_a_rule_gives_is_in_use_and_hands_it_over(room: Room) -> None:
    food, fun = await room.category(), await room.category("Fun")
    made = await rule(room, food, kind="x")
    held = await room.ask("DELETE", f"/categories/{food}", headers={"If-Match": '"1"'})
    assert (held.status_code, held.json()["code"]) == (409, "category_in_use")
    assert [one["pointer"] for one in held.json()["errors"]] == ["/rules"]
    moved = await room.ask(
        "DELETE", f"/categories/{food}", params={"move_to": fun}, headers={"If-Match": '"1"'}
    )
    assert moved.status_code == 204, moved.text
    assert (await room.get(f"{RULES}/{made['id']}"))["category_id"] == fun


async def test_a_deleted_persons_rules_and_purchases_go_with_the_book(
    room: Room, purse: Purse
) -> None:
    await rule(room, await room.category(), kind="payment")
    await purse.pays_the_shop(payment_id := new_id(), 300)
    await room.told(order_paid(room.user, payment_id, ("Tea", ("food",), 300)))
    await room.told(changed(room.user, None, "deleted"), sequence=2)
    for table in ("rule", "purchase", "transaction", "account", "book"):
        assert await room.rows(f"SELECT FROM {table}") == []
