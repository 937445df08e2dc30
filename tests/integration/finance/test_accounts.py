"""What can be done to accounts, by whom, and what goes along when one is deleted."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.movements import Purse
from tests.integration.finance.room import Room, code

from kit.ids import new_id


async def test_an_account_begins_with_its_opening_balance(room: Room) -> None:
    answer = await room.ask("POST", "/accounts", json={"name": "Cash"})
    made = answer.json()
    assert answer.headers["location"] == f"/v1/finance/accounts/{made['id']}"
    assert made == {
        "id": made["id"],
        "name": "Cash",
        "kind": "cash",
        "currency": "RUB",
        "opening_balance": {"amount": "0.00", "currency": "RUB"},
        "balance": {"amount": "0.00", "currency": "RUB"},
        "is_linked": False,
        "wallet_id": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    debt = await room.account("Card", kind="card", currency="JPY", opening_balance="-120")
    assert await room.balance(debt) == "-120"
    assert await room.ids("/accounts") == [debt, made["id"]]


@pytest.mark.parametrize(
    ("body", "pointer", "reason"),
    [
        ({}, "/name", "required"),
        ({"name": " "}, "/name", "malformed"),
        ({"name": "x" * 101}, "/name", "too_long"),
        ({"name": "Card 4111 1111 1111 1111"}, "/name", "card_number_refused"),
        ({"name": "x", "kind": "sock"}, "/kind", "not_allowed"),
        ({"name": "x", "currency": "rub"}, "/currency", "currency_unknown"),
        ({"name": "x", "opening_balance": "1.001"}, "/opening_balance", "amount_invalid"),
        ({"name": "x", "opening_balance": "--1"}, "/opening_balance", "amount_invalid"),
        ({"name": "x", "opening_balance": "9" * 17}, "/opening_balance", "amount_invalid"),
        ({"name": "x", "opening_balance": 5}, "/opening_balance", "amount_invalid"),
        ({"name": "x", "balance": "5.00"}, "/balance", "unknown_field"),
    ],
)
async def test_what_is_no_account_is_refused(
    room: Room, body: dict[str, Any], pointer: str, reason: str
) -> None:
    answer = await room.ask("POST", "/accounts", json=body)
    assert (answer.status_code, code(answer)) == (422, reason)
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_account_is_made_once_for_one_key(room: Room) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = [
        await room.ask("POST", "/accounts", json={"name": "Cash"}, headers=headers)
        for _ in range(2)
    ]
    assert (first.json(), second.status_code) == (second.json(), 201)
    assert len(await room.ids("/accounts")) == 1


async def test_a_hundred_accounts_are_the_most_besides_wallets(room: Room) -> None:
    await Purse(room, room.user).moves(100)
    for number in range(100):
        await room.account(f"Account {number}")
    answer = await room.ask("POST", "/accounts", json={"name": "one more"})
    assert (answer.status_code, code(answer)) == (409, "too_many_accounts")
    assert len(await room.ids("/accounts", limit=7)) == 101


async def test_an_edit_changes_what_it_names_and_minds_what_was_read(room: Room) -> None:
    cash = await room.account(opening_balance="1.00")  # below zero soon, in the tag, too
    path = f"/accounts/{cash}"
    await room.book(cash, "4.00")
    tag = (await room.ask("GET", path)).headers["etag"]
    await room.book(cash, "1.00")  # moves the balance, which an edit of the name does not mind
    answer = await room.patch(path, tag, name="Purse", opening_balance="20.00")
    shown = answer.json()
    assert (answer.status_code, shown["name"], shown["balance"]["amount"]) == (
        200,
        "Purse",
        "15.00",
    )
    stale = await room.patch(path, tag, name="Wallet")
    assert (stale.status_code, code(stale)) == (412, "edit_stale")
    same = await room.patch(path, answer.headers["etag"], name="Purse")
    assert same.headers["etag"] == answer.headers["etag"]
    malformed = await room.patch(path, "1", name="Wallet")
    assert (malformed.status_code, code(malformed)) == (400, "if_match_malformed")


async def test_the_currency_changes_only_while_nothing_is_on_the_account(room: Room) -> None:
    cash = await room.account(opening_balance="10.00")
    answer = await room.patch(f"/accounts/{cash}", currency="JPY", opening_balance="1000")
    assert answer.json()["balance"] == {"amount": "1000", "currency": "JPY"}
    precise = await room.patch(f"/accounts/{cash}", currency="USD", opening_balance="0.001")
    assert (precise.status_code, code(precise)) == (422, "amount_invalid")
    await room.book(cash, "5")
    refused = await room.patch(f"/accounts/{cash}", currency="USD")
    assert (refused.status_code, refused.json()["code"]) == (409, "account_in_use")
    assert (await room.patch(f"/accounts/{cash}", currency="JPY", name="Yen")).status_code == 200


async def test_an_amount_goes_into_a_currency_with_fewer_decimals_if_it_fits(room: Room) -> None:
    empty, cash = await room.account(), await room.account(opening_balance="-10.50")
    answer = await room.patch(f"/accounts/{empty}", currency="JPY")
    assert answer.json()["balance"] == {"amount": "0", "currency": "JPY"}
    answer = await room.patch(f"/accounts/{cash}", currency="JPY")
    assert (answer.status_code, code(answer)) == (422, "amount_invalid")
    even, odd = [(await room.book(cash, amount))["id"] for amount in ("30.00", "30.50")]
    moved = await room.patch(f"/transactions/{even}", account_id=empty)
    assert (moved.json()["amount"], moved.json()["currency"]) == ("30", "JPY")
    answer = await room.patch(f"/transactions/{odd}", account_id=empty)
    assert (answer.status_code, code(answer)) == (422, "amount_invalid")


async def test_no_balance_grows_beyond_what_an_account_can_hold(room: Room) -> None:
    most = "10000000000000.00"
    cash = await room.account(opening_balance=most)
    answer = await room.ask(
        "POST",
        "/transactions",
        json={"account_id": cash, "type": "income", "amount": "0.01"},
    )
    assert (answer.status_code, code(answer)) == (422, "balance_out_of_range")
    assert await room.ids("/transactions") == []
    await room.book(cash, "0.01")
    await room.book(cash, "0.01", type="income")
    await room.book(cash, "0.02")
    turned = await room.patch(f"/accounts/{cash}", opening_balance="-" + most)
    assert (turned.status_code, code(turned)) == (422, "balance_out_of_range")
    assert await room.balance(cash) == "9999999999999.98"


async def test_an_account_goes_when_nothing_is_on_it(room: Room) -> None:
    cash = await room.account()
    lunch = await room.book(cash)
    await room.plan(cash)
    answer = await room.delete(f"/accounts/{cash}")
    assert (answer.status_code, answer.json()["code"]) == (409, "account_in_use")
    told = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
    assert told == {"/transactions": "1: transactions.", "/recurring": "1: recurring transactions."}
    await room.delete(f"/transactions/{lunch['id']}")
    [rent] = await room.ids("/recurring")
    await room.delete(f"/recurring/{rent}")
    assert (await room.delete(f"/accounts/{cash}")).status_code == 204
    gone = await room.delete(f"/accounts/{cash}")
    assert (gone.status_code, code(gone)) == (404, "account_not_found")


async def test_another_account_takes_over_all_that_is_on_one(room: Room) -> None:
    purse = await room.account("Purse", opening_balance="100.00")
    cash = await room.account("Cash", opening_balance="5.00")
    card = await room.account("Card")
    await room.book(purse, "30.00")
    await room.make("/transfers", from_account_id=purse, to_account_id=cash, amount="20.00")
    await room.make("/transfers", from_account_id=purse, to_account_id=card, amount="10.00")
    await room.plan(purse)
    await room.make("/rules", category_id=await room.category(), account_id=purse)
    assert (await room.delete(f"/accounts/{purse}", move_to=cash)).status_code == 204
    # 70 - 20 - 10 of the purse, and 5 + 20 of the cash; the transfer between the two is gone.
    assert await room.balance(cash) == "65.00"
    shown = (await room.get("/transactions", account_id=cash))["items"]
    assert sorted((one["type"], one["amount"]) for one in shown) == [
        ("expense", "30.00"),
        ("transfer", "10.00"),
    ]
    assert [one["account_id"] for one in (await room.get("/recurring"))["items"]] == [cash]
    [taken_over] = (await room.get("/rules"))["items"]
    assert taken_over["account_id"] == cash
    assert (await room.get(f"/accounts/{cash}"))["opening_balance"]["amount"] == "105.00"


async def test_a_line_imported_into_both_is_kept_when_one_takes_over(room: Room) -> None:
    purse, cash = await room.account("Purse"), await room.account("Cash")
    both = [(await room.book(one))["id"] for one in (purse, cash)]
    async with room.database.unit_of_work() as uow:
        await uow.execute("UPDATE transaction SET import_key = 'a line'")
    assert (await room.delete(f"/accounts/{purse}", move_to=cash)).status_code == 204
    assert sorted(await room.ids("/transactions", account_id=cash)) == sorted(both)
    keys = await room.rows("SELECT import_key FROM transaction ORDER BY import_key")
    assert [row["import_key"] for row in keys] == ["a line", None]


async def test_a_line_imported_into_both_may_move_from_one_to_the_other(room: Room) -> None:
    purse, cash, card = [await room.account(name) for name in ("Purse", "Cash", "Card")]
    first, _ = [(await room.book(one))["id"] for one in (purse, cash)]
    async with room.database.unit_of_work() as uow:
        await uow.execute("UPDATE transaction SET import_key = 'a line'")
    for account, keys in ((card, ["a line"]), (cash, ["a line", None])):
        moved = await room.patch(f"/transactions/{first}", account_id=account)
        assert moved.status_code == 200, moved.text
        rows = await room.rows(
            "SELECT import_key FROM transaction WHERE account_id = $1 ORDER BY 1", UUID(account)
        )
        assert [row["import_key"] for row in rows] == keys


async def test_only_another_own_account_in_the_same_currency_takes_over(room: Room) -> None:
    cash, yen = await room.account(), await room.account("Yen", currency="JPY")
    linked = await room.account("Wallet")
    await room.link(linked)
    stranger = await room.ask("POST", "/accounts", json={"name": "Hers"}, by=new_id())
    for move_to, status, reason in (
        (cash, 422, "accounts_same"),
        (yen, 422, "currencies_differ"),
        (stranger.json()["id"], 422, "account_unknown"),
        (str(new_id()), 422, "account_unknown"),
        (linked, 409, "account_linked"),
    ):
        answer = await room.delete(f"/accounts/{cash}", move_to=move_to)
        assert (answer.status_code, code(answer)) == (status, reason)
    assert len(await room.ids("/accounts")) == 3


async def test_a_wallets_account_is_read_only(room: Room) -> None:
    wallet = await room.account("Wallet")
    await room.link(wallet)
    shown = await room.get(f"/accounts/{wallet}")
    assert (shown["is_linked"], shown["kind"]) == (True, "wallet")
    for answer in (
        await room.patch(f"/accounts/{wallet}", name="Mine"),
        await room.delete(f"/accounts/{wallet}"),
    ):
        assert (answer.status_code, code(answer)) == (409, "account_linked")


async def test_nobody_sees_or_changes_another_ones_account(room: Room) -> None:
    cash, stranger = await room.account(), new_id()
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answer = await room.ask(method, f"/accounts/{cash}", by=stranger, json=body)
        assert (answer.status_code, code(answer)) == (404, "account_not_found")
    listed = await room.ask("GET", "/accounts", by=stranger)
    assert listed.json()["items"] == []
