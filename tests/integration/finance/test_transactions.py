"""What can be booked: income, expenses, parts, transfers; and what becomes of balances."""

from typing import Any

import pytest
from tests.integration.finance.room import Room, changed, code

from kit.ids import new_id


async def test_a_balance_is_opening_and_income_less_expense(room: Room) -> None:
    cash = await room.account(opening_balance="100.00")
    food, pay = await room.category("Food"), await room.category("Pay", type="income")
    await room.book(cash, "30.00", category_id=food)
    await room.book(cash, "50.50", category_id=pay)
    await room.book(cash, "0.01", type="expense")
    assert await room.balance(cash) == "120.49"


async def test_what_is_booked_is_shown_as_it_was_written(room: Room) -> None:
    cash, food = await room.account(), await room.category("Food")
    answer = await room.ask(
        "POST",
        "/transactions",
        json={
            "account_id": cash,
            "amount": "350",
            "category_id": food,
            "description": "Lunch",
            "note": "with Olga",
            "date": "2024-02-29",
            "tags": ["weekend", "café", "weekend"],
        },
    )
    made = answer.json()
    assert answer.headers["location"] == f"/v1/finance/transactions/{made['id']}"
    assert made == {
        "id": made["id"],
        "account_id": cash,
        "type": "expense",
        "direction": None,
        "amount": "350.00",
        "currency": "RUB",
        "category_id": food,
        "description": "Lunch",
        "note": "with Olga",
        "date": "2024-02-29",
        "at": None,
        "tags": ["weekend", "café"],
        "splits": [],
        "transfer_id": None,
        "origin": "manual",
        "is_linked": False,
        "counterparty": None,
        "reference": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    shown = await room.ask("GET", f"/transactions/{made['id']}")
    assert (shown.json(), shown.headers["etag"]) == (made, answer.headers["etag"])
    assert (await room.get("/transactions"))["items"] == [made]


async def test_a_moment_has_its_day_in_the_books_zone_and_moves_with_it(room: Room) -> None:
    cash, food = await room.account(), await room.category("Food")
    part = {"category_id": food, "amount": "10.00"}
    late = await room.book(cash, date="2026-01-31T22:30:00Z", splits=[part])
    plain = await room.book(cash, date="2026-01-31")
    assert (late["date"], late["at"]) == ("2026-01-31", "2026-01-31T22:30:00Z")
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    assert (await room.get(f"/transactions/{late['id']}"))["date"] == "2026-02-01"
    assert (await room.get(f"/transactions/{plain['id']}"))["date"] == "2026-01-31"
    assert [row["date"].isoformat() for row in await room.rows("SELECT date FROM split")] == [
        "2026-02-01"
    ]
    later = await room.book(cash, date="2026-02-27T21:30:00Z")
    assert later["date"] == "2026-02-28"


async def test_what_another_zone_moves_was_edited_and_what_stays_was_not(room: Room) -> None:
    cash = await room.account()
    late = await room.book(cash, date="2026-01-31T22:30:00Z")
    noon = await room.book(cash, date="2026-01-31T12:00:00Z")
    room.clock.advance(seconds=1)
    await room.ask("PATCH", "/settings", json={"time_zone": "Europe/Moscow"})
    stale = await room.patch(f"/transactions/{late['id']}", '"1"', note="x")
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    seen = await room.ask("GET", f"/transactions/{late['id']}")
    assert (seen.headers["etag"], seen.json()["date"]) == ('"2"', "2026-02-01")
    assert seen.json()["updated_at"] > late["updated_at"]
    assert await room.get(f"/transactions/{noon['id']}") == noon
    assert (await room.patch(f"/transactions/{noon['id']}", '"1"', note="x")).status_code == 200


async def test_without_a_date_it_is_today_in_the_books_zone(room: Room) -> None:
    cash = await room.account()
    await room.ask("PATCH", "/settings", json={"time_zone": "Pacific/Kiritimati"})  # UTC+14
    made = await room.book(cash)
    today = room.clock.now().date().toordinal()  # the clock stands at noon in UTC
    assert made["date"] == type(room.clock.now().date()).fromordinal(today + 1).isoformat()
    assert made["at"] is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": None}, "type_not_said"),
        ({"type": "transfer"}, "not_allowed"),
        ({"amount": "0.00"}, "amount_invalid"),
        ({"amount": "-5.00"}, "amount_invalid"),
        ({"amount": "5.001"}, "amount_invalid"),
        ({"amount": 5}, "amount_invalid"),
        ({"date": "2026-02-29"}, "malformed"),
        ({"date": "1899-12-31"}, "date_out_of_range"),
        ({"date": "3000-01-01"}, "date_out_of_range"),
        ({"date": "1900-01-01T12:00:00Z"}, "date_out_of_range"),
        ({"date": "2999-12-31T00:00:00Z"}, "date_out_of_range"),
        ({"tags": ["t"] * 21}, "too_long"),
        ({"tags": ["x" * 51]}, "too_long"),
        ({"tags": ["4111 1111 1111 1111"]}, "card_number_refused"),
        ({"description": "x" * 501}, "too_long"),
        ({"description": "4111 1111 1111 1111"}, "card_number_refused"),
        ({"note": "x" * 5001}, "too_long"),
        ({"account_id": str(new_id())}, "account_unknown"),
        ({"category_id": str(new_id())}, "category_unknown"),
    ],
)
async def test_what_can_not_be_booked_is_refused(
    room: Room, more: dict[str, Any], reason: str
) -> None:
    cash = await room.account()
    body = {"account_id": cash, "type": "expense", "amount": "10.00", **more}
    answer = await room.ask("POST", "/transactions", json=body)
    assert (answer.status_code, code(answer)) == (422, reason)
    assert await room.balance(cash) == "0.00"


async def test_the_first_and_the_last_day_can_be_booked(room: Room) -> None:
    cash = await room.account()
    for day in ("1900-01-01", "2999-12-31", "1900-01-02T00:00:00Z", "2999-12-30T23:59:59Z"):
        await room.book(cash, date=day)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        answer = await room.ask("PATCH", "/settings", json={"time_zone": zone})
        assert answer.status_code == 200
    assert len(await room.ids("/transactions")) == 4


async def test_a_category_is_of_the_transactions_type_and_ones_own(room: Room) -> None:
    cash, food = await room.account(), await room.category("Food")
    body = {"name": "Hers", "type": "expense"}
    hers = (await room.ask("POST", "/categories", json=body, by=new_id())).json()["id"]
    for category, reason in ((food, "category_type_differs"), (hers, "category_unknown")):
        body = {"account_id": cash, "type": "income", "amount": "1.00", "category_id": category}
        answer = await room.ask("POST", "/transactions", json=body)
        assert (answer.status_code, code(answer)) == (422, reason)
        assert answer.json()["errors"][0]["pointer"] == "/category_id"


async def test_nobody_books_on_anothers_account(room: Room) -> None:
    hers = (await room.ask("POST", "/accounts", json={"name": "x"}, by=new_id())).json()["id"]
    body = {"account_id": hers, "type": "income", "amount": "1.00"}
    answer = await room.ask("POST", "/transactions", json=body)
    assert (answer.status_code, code(answer)) == (422, "account_unknown")


class TestParts:
    async def test_parts_have_a_category_each_and_add_up(self, room: Room) -> None:
        cash = await room.account()
        food, soap = await room.category("Food"), await room.category("Soap")
        parts = [
            {"category_id": food, "amount": "7.50", "description": "bread"},
            {"category_id": soap, "amount": "2.50", "description": None},
        ]
        made = await room.book(cash, "10.00", splits=parts)
        assert (made["splits"], made["type"], made["category_id"]) == (parts, "expense", None)
        assert await room.balance(cash) == "-10.00"

    async def test_parts_that_do_not_fit_are_refused_where_they_stand(self, room: Room) -> None:
        cash = await room.account()
        food, pay = await room.category("Food"), await room.category("Pay", type="income")
        good = {"category_id": food, "amount": "5.00"}
        for parts, pointer, reason in (
            ([good], "/splits", "splits_differ"),
            (
                [good, {**good, "category_id": pay}],
                "/splits/1/category_id",
                "category_type_differs",
            ),
            ([good, {**good, "category_id": cash}], "/splits/1/category_id", "category_unknown"),
            ([good, {**good, "amount": "5.001"}], "/splits/1/amount", "amount_invalid"),
            ([good] * 51, "/splits", "too_long"),
        ):
            body = {"account_id": cash, "amount": "10.00", "splits": parts}
            answer = await room.ask("POST", "/transactions", json=body)
            assert (answer.status_code, code(answer)) == (422, reason)
            assert answer.json()["errors"][0]["pointer"] == pointer

    async def test_a_category_or_parts_are_named_not_both(self, room: Room) -> None:
        cash, food = await room.account(), await room.category("Food")
        parts = [{"category_id": food, "amount": "10.00"}]
        body = {"account_id": cash, "amount": "10.00", "category_id": food, "splits": parts}
        answer = await room.ask("POST", "/transactions", json=body)
        assert (answer.status_code, code(answer)) == (422, "at_most_one")

    async def test_each_takes_the_place_of_the_other(self, room: Room) -> None:
        cash, food = await room.account(), await room.category("Food")
        parts = [{"category_id": food, "amount": "10.00", "description": None}]
        path = f"/transactions/{(await room.book(cash, category_id=food))['id']}"
        parted = (await room.patch(path, splits=parts)).json()
        assert (parted["category_id"], parted["splits"]) == (None, parts)
        refused = await room.patch(path, amount="11.00")
        assert (refused.status_code, code(refused)) == (422, "splits_differ")
        whole = (await room.patch(path, category_id=food)).json()
        assert (whole["category_id"], whole["splits"]) == (food, [])
        assert (await room.patch(path, splits=parts)).status_code == 200
        none = (await room.patch(path, splits=[])).json()
        assert (none["category_id"], none["splits"]) == (None, [])
        assert await room.rows("SELECT * FROM split") == []


class TestChanges:
    async def test_a_change_moves_both_balances(self, room: Room) -> None:
        cash, card = await room.account(), await room.account("Card")
        path = f"/transactions/{(await room.book(cash, '10.00'))['id']}"
        answer = await room.patch(path, account_id=card, amount="7.00", type="income")
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert [await room.balance(one) for one in (cash, card)] == ["0.00", "7.00"]

    async def test_a_change_names_only_what_changes(self, room: Room) -> None:
        cash, food = await room.account(), await room.category("Food")
        made = await room.book(cash, category_id=food, date="2026-01-31T10:00:00Z", tags=["a"])
        path = f"/transactions/{made['id']}"
        changed = (await room.patch(path, description="Lunch", tags=["b"])).json()
        differing = {name for name in made if made[name] != changed[name]}
        assert differing <= {"description", "tags", "updated_at"}
        assert (changed["description"], changed["tags"]) == ("Lunch", ["b"])
        assert (await room.patch(path, date="2026-01-30")).json()["at"] is None
        same = await room.patch(path, description="Lunch")
        assert same.headers["etag"] == '"3"'

    async def test_a_stale_change_or_deletion_is_refused(self, room: Room) -> None:
        cash = await room.account()
        path = f"/transactions/{(await room.book(cash))['id']}"
        await room.patch(path, description="Lunch")
        stale = await room.patch(path, '"1"', description="Dinner")
        assert (stale.status_code, code(stale)) == (412, "edit_stale")
        left = await room.ask("DELETE", path, headers={"If-Match": '"1"'})
        assert (left.status_code, code(left)) == (412, "edit_stale")

    async def test_a_change_is_decided_as_a_new_one_is(self, room: Room) -> None:
        cash, pay = await room.account(), await room.category("Pay", type="income")
        path = f"/transactions/{(await room.book(cash))['id']}"
        for changes, reason in (
            ({"category_id": pay}, "category_type_differs"),
            ({"account_id": str(new_id())}, "account_unknown"),
            ({"amount": "1.234"}, "amount_invalid"),
            ({"date": "1800-01-01"}, "date_out_of_range"),
            ({"amount": None}, "malformed"),
        ):
            answer = await room.patch(path, **changes)
            assert (answer.status_code, code(answer)) == (422, reason)
        both = await room.patch(path, category_id=pay, type="income")
        assert (both.status_code, both.json()["type"]) == (200, "income")

    async def test_a_deleted_one_is_taken_back(self, room: Room) -> None:
        cash = await room.account()
        path = f"/transactions/{(await room.book(cash))['id']}"
        assert (await room.delete(path)).status_code == 204
        assert await room.balance(cash) == "0.00"
        again = await room.delete(path)
        assert (again.status_code, code(again)) == (404, "transaction_not_found")


async def test_nobody_sees_or_changes_anothers_transaction(room: Room) -> None:
    cash, stranger = await room.account(), new_id()
    path = f"/transactions/{(await room.book(cash))['id']}"
    for method, body in (("GET", None), ("PATCH", {"amount": "1.00"}), ("DELETE", None)):
        answer = await room.ask(method, path, by=stranger, json=body)
        assert (answer.status_code, code(answer)) == (404, "transaction_not_found")


class TestMovements:
    """What a wallet has moved stays as the wallet has it."""

    async def test_nothing_is_booked_on_a_wallets_account_by_hand(self, room: Room) -> None:
        cash, wallet = await room.account(), await room.account("Wallet")
        moved = (await room.book(cash))["id"]
        await room.link(wallet)
        for answer in (
            await room.ask(
                "POST",
                "/transactions",
                json={"account_id": wallet, "type": "income", "amount": "1.00"},
            ),
            await room.patch(f"/transactions/{moved}", account_id=wallet),
            await room.ask(
                "POST",
                "/transfers",
                json={"from_account_id": cash, "to_account_id": wallet, "amount": "1.00"},
            ),
        ):
            assert (answer.status_code, code(answer)) == (409, "account_linked")

    async def test_of_a_movement_only_the_labels_change(self, room: Room) -> None:
        wallet, food = await room.account("Wallet"), await room.category("Food")
        await room.link(wallet)
        bob = new_id()
        await room.told(changed(bob, "bob"))
        path = f"/transactions/{await room.movement(wallet, 1, -1000, counterparty_id=bob)}"
        answer = await room.patch(path, category_id=food, note="for Bob", tags=["gift"])
        shown = answer.json()
        assert (shown["category_id"], shown["note"], shown["tags"]) == (food, "for Bob", ["gift"])
        assert shown["counterparty"] == {"user_id": str(bob), "username": "bob"}
        assert (shown["is_linked"], shown["origin"]) == (True, "wallet")
        parts = [{"category_id": food, "amount": "10.00", "description": None}]
        assert (await room.patch(path, splits=parts)).json()["splits"] == parts
        for refused in (
            await room.patch(path, amount="5.00"),
            await room.patch(path, description="x"),
            await room.patch(path, date="2026-01-01"),
            await room.delete(path),
        ):
            assert (refused.status_code, code(refused)) == (409, "transaction_linked")
        [row] = await room.rows("SELECT is_category_own FROM transaction")
        assert row["is_category_own"] is True


class TestTransfers:
    async def test_a_transfer_is_one_linked_pair(self, room: Room) -> None:
        cash, card = await room.account(), await room.account("Card")
        made = await room.make(
            "/transfers",
            from_account_id=cash,
            to_account_id=card,
            amount="30.00",
            description="To the card",
        )
        leaves, arrives = made["leaves"], made["arrives"]
        assert leaves["transfer_id"] == arrives["transfer_id"] is not None
        assert [(one["account_id"], one["direction"], one["type"]) for one in made.values()] == [
            (cash, "out", "transfer"),
            (card, "in", "transfer"),
        ]
        assert [await room.balance(one) for one in (cash, card)] == ["-30.00", "30.00"]
        assert len(await room.ids("/transactions", type="transfer")) == 2
        assert (await room.delete(f"/transactions/{arrives['id']}")).status_code == 204
        assert [await room.balance(one) for one in (cash, card)] == ["0.00", "0.00"]

    async def test_another_currency_arrives_as_is_said(self, room: Room) -> None:
        cash, yen = await room.account(), await room.account("Yen", currency="JPY")
        body = {"from_account_id": cash, "to_account_id": yen, "amount": "30.00"}
        refused = await room.ask("POST", "/transfers", json=body)
        assert (refused.status_code, code(refused)) == (422, "to_amount_needed")
        precise = await room.ask("POST", "/transfers", json={**body, "to_amount": "5.5"})
        assert precise.json()["errors"][0]["pointer"] == "/to_amount"
        made = await room.make("/transfers", **body, to_amount="55")
        assert (made["arrives"]["amount"], made["arrives"]["currency"]) == ("55", "JPY")

    async def test_what_is_no_transfer_is_refused(self, room: Room) -> None:
        cash, card = await room.account(), await room.account("Card")
        good = {"from_account_id": cash, "to_account_id": card, "amount": "30.00"}
        for more, reason in (
            ({"to_account_id": cash}, "accounts_same"),
            ({"to_amount": "29.00"}, "to_amount_differs"),
            ({"to_account_id": str(new_id())}, "account_unknown"),
            ({"from_account_id": str(new_id())}, "account_unknown"),
            ({"date": "1800-01-01"}, "date_out_of_range"),
        ):
            answer = await room.ask("POST", "/transfers", json={**good, **more})
            assert (answer.status_code, code(answer)) == (422, reason)
        assert await room.ids("/transactions") == []

    async def test_date_and_description_change_on_both_sides(self, room: Room) -> None:
        cash, card = await room.account(), await room.account("Card")
        made = await room.make(
            "/transfers", from_account_id=cash, to_account_id=card, amount="30.00"
        )
        path = f"/transactions/{made['arrives']['id']}"
        answer = await room.patch(path, date="2026-01-31", description="Saved", note="mine")
        assert answer.status_code == 200
        shown = (await room.get("/transactions"))["items"]
        assert {(one["date"], one["description"]) for one in shown} == {("2026-01-31", "Saved")}
        assert sorted(one["note"] or "" for one in shown) == ["", "mine"]
        tag = answer.headers["etag"]
        assert (await room.patch(path, description="Saved")).headers["etag"] == tag
        assert (await room.patch(path, tags=["a"])).json()["date"] == "2026-01-31"
        for changes in ({"amount": "1.00"}, {"account_id": cash}, {"splits": []}):
            refused = await room.patch(path, **changes)
            assert (refused.status_code, code(refused)) == (409, "transfer_fixed")
