"""The ledger over HTTP: transfers for their sides, and everything for administrators."""

from datetime import datetime, timedelta
from typing import Any

from tests.integration.wallet.test_bank_credits import tell
from tests.integration.wallet.world import Caller, World, code, transfer

from kit.ids import new_id

Json = dict[str, Any]


async def shown(caller: Caller, transfer_id: object) -> Json:
    answer = await caller.get(f"/v1/transfers/{transfer_id}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_each_side_sees_its_own_entry_of_a_transfer_and_an_admin_all(world: World) -> None:
    alice, bob, root = world.caller(), world.caller(), world.caller(admin=True)
    await alice.top_up("10.00")
    made = transfer(alice.user_id, bob.user_id, 300, description="Dinner")
    await world.ask(made)
    whole = await shown(root, made.transfer_id)
    assert [entry["amount"] for entry in whole["entries"]] == ["-3.00", "3.00"]
    assert [entry["owner_id"] for entry in whole["entries"]] == [
        str(alice.user_id),
        str(bob.user_id),
    ]
    assert whole["owed_amount"] == "0.00"
    for caller, entry in zip((alice, bob), whole["entries"], strict=True):
        mine = await shown(caller, made.transfer_id)
        assert mine["entries"] == [entry]
        assert (mine["amount"], mine["description"]) == ("3.00", "Dinner")
    assert (await shown(bob, made.transfer_id))["owed_amount"] is None


async def test_anybody_elses_transfer_is_as_a_missing_one(world: World) -> None:
    alice, mallory = world.caller(), world.caller()
    await alice.top_up("10.00")
    made = transfer(alice.user_id, new_id(), 300)
    await world.ask(made)
    theirs = await mallory.get(f"/v1/transfers/{made.transfer_id}")
    missing = await mallory.get(f"/v1/transfers/{new_id()}")
    assert code(theirs) == code(missing) == (404, "not_found")
    assert code(await mallory.get("/v1/transfers/x")) == (404, "not_found")
    for path in ("/v1/ledger/accounts", f"/v1/ledger/accounts/{new_id()}/entries"):
        assert code(await mallory.get(path)) == (403, "forbidden")


async def test_who_owes_all_of_a_transfer_sees_it_though_no_entry_is_theirs(world: World) -> None:
    alice, bob, root = world.caller(), world.caller(), world.caller(admin=True)
    made = transfer(alice.user_id, bob.user_id, 300, is_owed=True)
    await world.ask(made)
    mine = await shown(alice, made.transfer_id)
    assert (mine["entries"], mine["owed_amount"]) == ([], "3.00")
    assert (await shown(bob, made.transfer_id))["owed_amount"] is None
    whole = await shown(root, made.transfer_id)
    assert [(entry["kind"], entry["amount"]) for entry in whole["entries"]] == [
        ("debts", "-3.00"),
        ("wallet", "3.00"),
    ]


async def test_a_top_up_is_a_transfer_that_can_be_looked_at(world: World) -> None:
    alice, root = world.caller(), world.caller(admin=True)
    answer = await alice.post("/v1/wallets/top-up", {"amount": "10.00"})
    whole = await shown(root, answer.json()["transfer_id"])
    assert [entry["kind"] for entry in whole["entries"]] == ["clearing", "wallet"]
    mine = await shown(alice, answer.json()["transfer_id"])
    assert [entry["kind"] for entry in mine["entries"]] == ["wallet"]


async def test_an_admin_sees_what_lies_on_the_houses_accounts_and_since_when(
    world: World,
) -> None:
    root, alice = world.caller(admin=True), world.caller()
    await alice.top_up("10.00")
    await world.ask(transfer(alice.user_id, new_id(), 5_000, is_owed=True))
    await tell(world, wallet_id=str(new_id()))
    page = (await root.get("/v1/ledger/accounts")).json()
    found = {one["house"]: one for one in page["items"] if one["provider"] != "sandbox"}
    assert found["debts"]["balance"]["amount"] == "-40.00"
    assert found["suspense"]["balance"]["amount"] == "150.00"
    assert found["clearing"]["balance"]["amount"] == "-150.00"
    assert datetime.fromisoformat(found["suspense"]["oldest_at"])
    assert found["suspense"]["age_seconds"] >= 0
    suspense = (await root.get("/v1/ledger/accounts", house="suspense", provider="bank")).json()
    assert [one["id"] for one in suspense["items"]] == [found["suspense"]["id"]]
    for query in ({"house": "fees"}, {"currency": "USD"}, {"provider": "nobody"}):
        assert (await root.get("/v1/ledger/accounts", **query)).json()["items"] == []
    assert (await root.get("/v1/ledger/accounts", house="external")).status_code == 422


async def test_the_houses_accounts_are_paged(world: World) -> None:
    root = world.caller(admin=True)
    for currency in ("RUB", "USD", "EUR"):
        await world.caller().top_up("1.00", currency=currency)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = (await root.get("/v1/ledger/accounts", limit=1, **cursor)).json()
        seen += [one["currency"] for one in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert (seen, cursor) == (["EUR", "USD", "RUB"], {"cursor": None})


async def test_what_came_first_leaves_first_when_the_age_is_told(world: World) -> None:
    root = world.caller(admin=True)
    for number in range(3):
        await tell(world, wallet_id=str(new_id()), transaction_id=f"t{number}")
    (waiting,) = (await root.get("/v1/ledger/accounts", house="suspense")).json()["items"]
    path = f"/v1/ledger/accounts/{waiting['id']}/entries"
    times = [entry["posted_at"] for entry in (await root.get(path)).json()["items"]]
    assert waiting["oldest_at"] == times[-1]
    # As if 200.00 of the 450.00 had been paid out: the first credit is gone, of the second a part.
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE account SET balance_minor = 25000 WHERE id = $1::text::uuid", waiting["id"]
        )
    (waiting,) = (await root.get("/v1/ledger/accounts", house="suspense")).json()["items"]
    assert waiting["oldest_at"] == times[1]


async def test_entries_of_any_account_are_paged_for_admins(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    wallet = await alice.top_up("10.00")
    for _ in range(2):
        await alice.top_up("1.00")
    (clearing,) = (await root.get("/v1/ledger/accounts")).json()["items"]
    for account_id in (clearing["id"], wallet["id"]):
        path = f"/v1/ledger/accounts/{account_id}/entries"
        first = (await root.get(path, limit=2)).json()
        rest = (await root.get(path, limit=2, cursor=first["next_cursor"])).json()
        assert [entry["seq"] for entry in first["items"] + rest["items"]] == [3, 2, 1]
        assert rest["next_cursor"] is None
        later = datetime.fromisoformat(first["items"][0]["posted_at"]) + timedelta(days=1)
        assert (await root.get(path, from_=later.isoformat())).json()["items"] == []
    missing = await root.get(f"/v1/ledger/accounts/{new_id()}/entries")
    assert code(missing) == (404, "not_found")


async def test_wallets_are_found_by_owner_status_currency_and_number(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    rubles = await alice.top_up("1.00")
    dollars = await alice.top_up("1.00", currency="USD")
    await world.caller().top_up("1.00")
    await root.post(f"/v1/wallets/{dollars['id']}/freeze")

    async def found(caller: Caller, **query: Any) -> list[str]:
        page = (await caller.get("/v1/wallets", **query)).json()
        return [one["id"] for one in page["items"]]

    assert await found(root, owner_id=str(alice.user_id)) == [dollars["id"], rubles["id"]]
    assert await found(root, owner=str(alice.user_id)) == [dollars["id"], rubles["id"]]
    assert await found(root, status="frozen") == [dollars["id"]]
    assert await found(root, currency="USD") == [dollars["id"]]
    assert await found(root, number=rubles["number"]) == [rubles["id"]]
    assert await found(alice, status="active") == [rubles["id"]]
    assert len(await found(root)) == 3
    other = await alice.get("/v1/wallets", owner_id=str(root.user_id))
    assert code(other) == (404, "not_found")
