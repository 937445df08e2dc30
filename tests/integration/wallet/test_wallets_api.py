"""Wallets and top-ups over HTTP: who sees what, what is refused, what is done once."""

import asyncio
from typing import Any

import pytest
from tests.integration.wallet.world import World, code

from kit.ids import new_id
from wallet.settings import Settings


async def test_the_first_look_opens_the_default_wallet(world: World) -> None:
    alice = world.caller()
    answer = await alice.get("/v1/wallets/me")
    assert answer.status_code == 200
    wallet = answer.json()
    assert wallet == {
        "id": wallet["id"],
        "number": wallet["number"],
        "owner_id": str(alice.user_id),
        "name": "Main",
        "currency": "RUB",
        "status": "active",
        "is_default": True,
        "balance": {"amount": "0.00", "currency": "RUB"},
        "held": {"amount": "0.00", "currency": "RUB"},
        "available": {"amount": "0.00", "currency": "RUB"},
        "owed": {"amount": "0.00", "currency": "RUB"},
        "created_at": wallet["created_at"],
    }
    assert wallet["number"] >= 1001
    assert (await alice.get("/v1/wallets/me")).json() == wallet
    assert await world.count("outbox") == 1  # one wallet was opened, once


async def test_each_currency_has_a_default_wallet_with_its_own_decimals(world: World) -> None:
    alice = world.caller()
    for currency, shown in (("JPY", "5"), ("KWD", "5.000"), ("RUB", "5.00")):
        wallet = await alice.top_up("5", currency=currency)
        assert wallet["balance"] == {"amount": shown, "currency": currency}
        mine = await alice.get("/v1/wallets/me", currency=currency)
        assert mine.json() == wallet


@pytest.mark.check(34)
@pytest.mark.parametrize("currency", ["rub", "XXX", "RUBLE", "", "\u0420"])
async def test_an_unknown_currency_is_refused(world: World, currency: str) -> None:
    alice = world.caller()
    answers = [
        await alice.get("/v1/wallets/me", currency=currency),
        await alice.post("/v1/wallets", {"currency": currency, "name": "x"}),
        await alice.post("/v1/wallets/top-up", {"amount": "1.00", "currency": currency}),
    ]
    assert [code(answer) for answer in answers] == [(422, "validation_failed")] * 3
    assert await world.count("account") == 0


async def test_the_first_wallet_opened_is_the_default_and_the_next_are_not(world: World) -> None:
    alice = world.caller()
    first = await alice.post("/v1/wallets", {"currency": "USD", "name": "Travel"})
    second = await alice.post("/v1/wallets", {"currency": "USD", "name": "Отпуск 🏖"})
    assert first.status_code == second.status_code == 201
    assert first.headers["location"] == f"/v1/wallets/{first.json()['id']}"
    assert [one.json()["is_default"] for one in (first, second)] == [True, False]
    assert second.json()["name"] == "Отпуск 🏖"
    mine = await alice.get("/v1/wallets/me", currency="USD")
    assert mine.json() == first.json()
    topped = await alice.top_up("7.00", currency="USD", wallet_id=second.json()["id"])
    assert (topped["id"], topped["balance"]["amount"]) == (second.json()["id"], "7.00")


@pytest.mark.parametrize("name", ["", " ", " x", "x" * 65, "a\nb", "a\0b", 7, None])
async def test_a_name_that_is_none_is_refused(world: World, name: object) -> None:
    answer = await world.caller().post("/v1/wallets", {"currency": "RUB", "name": name})
    assert code(answer) == (422, "validation_failed")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/name"]
    assert await world.count("account") == 0


@pytest.mark.check(34)
@pytest.mark.parametrize(
    "amount",
    ["0", "0.00", "-1.00", "+5", "1e3", "1.001", "1,00", "\u0665", "NaN", "", "01", "1" * 30, ".5"],
)
async def test_an_amount_not_spelt_as_amounts_are_is_refused(world: World, amount: str) -> None:
    answer = await world.caller().post("/v1/wallets/top-up", {"amount": amount})
    assert code(answer) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/amount"
    assert await world.count("account") == 0


@pytest.mark.check(34)
@pytest.mark.parametrize("amount", ["1.5", "150", "true", "NaN", "Infinity", "1e400", "null", "[]"])
async def test_an_amount_that_is_no_string_is_refused(world: World, amount: str) -> None:
    alice = world.caller()
    answer = await world.http.post(
        "/v1/wallets/top-up",
        content=f'{{"amount": {amount}}}',
        headers={"Authorization": f"Bearer {alice.token}", "Content-Type": "application/json"},
    )
    assert answer.status_code in {400, 422}
    assert await world.count("account") == 0


@pytest.mark.check(6)
@pytest.mark.parametrize("field", ["id", "owner_id", "balance", "status", "is_default", "number"])
async def test_a_caller_sets_nothing_that_is_not_theirs_to_set(world: World, field: str) -> None:
    alice = world.caller()
    for path, body in (
        ("/v1/wallets", {"currency": "RUB", "name": "x", field: "1"}),
        ("/v1/wallets/top-up", {"amount": "1.00", field: "1"}),
    ):
        assert code(await alice.post(path, body)) == (422, "validation_failed")
    assert await world.count("account") == 0


async def test_money_of_another_currency_does_not_enter(world: World) -> None:
    alice = world.caller()
    wallet = await alice.top_up("1.00")
    body = {"amount": "1.00", "currency": "USD", "wallet_id": wallet["id"]}
    answer = await alice.post("/v1/wallets/top-up", body)
    assert code(answer) == (422, "currency_mismatch")
    assert answer.json()["errors"][0]["pointer"] == "/currency"
    assert await world.count("transfer") == 1


async def test_a_wallet_is_not_filled_past_its_limit(world: World) -> None:
    alice = world.caller()
    for _ in range(2):
        await alice.top_up("10000000000000.00")
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "UPDATE account SET balance_minor = sign(balance_minor) * 1000000000000000000"
        )
    answer = await alice.post("/v1/wallets/top-up", {"amount": "0.01"})
    assert code(answer) == (409, "balance_limit")
    assert await world.count("transfer") == 2


async def test_a_strangers_wallet_answers_as_a_missing_one(world: World) -> None:
    alice, mallory = world.caller(), world.caller()
    wallet = await alice.top_up("10.00")

    async def answers(wallet_id: object) -> list[Any]:
        found = [
            await mallory.get(f"/v1/wallets/{wallet_id}{what}")
            for what in ("", "/entries", "/balance", "/statement", "/statement?format=csv")
        ]
        body = {"amount": "1.00", "wallet_id": str(wallet_id)}
        found.append(await mallory.post("/v1/wallets/top-up", body))
        return [
            {**answer.json(), "instance": None, "request_id": None, "at": answer.status_code}
            for answer in found
        ]

    strangers = await answers(wallet["id"])
    assert strangers == await answers(new_id())
    assert {answer["at"] for answer in strangers} == {404}
    filtered = await mallory.get("/v1/wallets", owner=alice.user_id)
    assert code(filtered) == code(await mallory.get("/v1/wallets", owner=new_id()))
    assert filtered.status_code == 404
    assert await world.figures(alice.user_id) == (1_000, 0)


async def test_the_outside_worlds_account_is_nobodys_to_see(world: World) -> None:
    root = world.caller(admin=True)
    await world.caller().top_up("1.00")
    (bank,) = await world.row("SELECT id FROM account WHERE kind = 'external'")
    assert (await root.get(f"/v1/wallets/{bank}")).status_code == 404
    assert (await root.post(f"/v1/wallets/{bank}/freeze")).status_code == 404
    assert (await world.service_client().get(f"/internal/wallets/{bank}")).status_code == 404
    assert len((await root.get("/v1/wallets")).json()["items"]) == 1


async def test_a_user_lists_their_own_wallets_newest_first_page_by_page(world: World) -> None:
    alice, bob = world.caller(), world.caller()
    await bob.top_up("1.00")
    for number in range(5):
        await alice.post("/v1/wallets", {"currency": "RUB", "name": f"w{number}"})
    names: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await alice.get("/v1/wallets", **query)
        names += [item["name"] for item in page.json()["items"]]
        query["cursor"] = page.json()["next_cursor"]
        assert ("link" in page.headers) == (query["cursor"] is not None)
        if query["cursor"] is None:
            break
        stolen = await bob.get("/v1/wallets", **query)
        assert code(stolen) == (400, "cursor_invalid")
    assert names == ["w4", "w3", "w2", "w1", "w0"]
    own = await alice.get("/v1/wallets", owner=alice.user_id)
    assert len(own.json()["items"]) == 5


async def test_an_admin_sees_all_wallets_or_those_of_some_owners(world: World) -> None:
    root, people = world.caller(admin=True), [world.caller() for _ in range(3)]
    wallets = [await one.top_up("1.00") for one in people]
    assert [item["id"] for item in (await root.get("/v1/wallets")).json()["items"]] == [
        wallet["id"] for wallet in reversed(wallets)
    ]
    two = ",".join(str(one.user_id) for one in people[:2])
    found = (await root.get("/v1/wallets", owner=two)).json()["items"]
    assert {item["id"] for item in found} == {wallet["id"] for wallet in wallets[:2]}
    assert (await root.get(f"/v1/wallets/{wallets[2]['id']}")).json() == wallets[2]
    for broken in ("x", f"{two},", "'; DROP TABLE account; --"):
        assert code(await root.get("/v1/wallets", owner=broken)) == (422, "validation_failed")


async def test_wallets_asked_for_at_once_are_read_together_and_shown_to_their_owners(
    world: World,
) -> None:
    people = [world.caller() for _ in range(8)]
    wallets = [await one.top_up("1.00") for one in people]
    statements = world.database.statements
    answers = await asyncio.gather(
        *(
            one.get(f"/v1/wallets/{wallet['id']}")
            for wallet in (*wallets, {"id": new_id()})
            for one in people
        )
    )
    assert world.database.statements - statements < len(answers) // 2
    for number, answer in enumerate(answers):
        owner, who = divmod(number, len(people))
        if owner == who:
            assert answer.json() == wallets[owner]
        else:
            assert code(answer) == (404, "not_found")


async def test_a_look_that_takes_too_long_is_given_up_for_those_who_come_next(world: World) -> None:
    alice = world.caller()
    wallet = await alice.top_up("1.00")
    path = f"/v1/wallets/{wallet['id']}"
    async with world.database.unit_of_work() as uow:
        await uow.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
        assert code(await alice.get(path)) == (503, "unavailable")
    assert (await alice.get(path)).json() == wallet


async def test_an_admin_freezes_and_unfreezes(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    wallet = await alice.top_up("1.00")
    path = f"/v1/wallets/{wallet['id']}"
    for verb, status in (("freeze", "frozen"), ("freeze", "frozen"), ("unfreeze", "active")):
        answer = await root.post(f"{path}/{verb}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert (await alice.get(path)).json()["status"] == status
    assert code(await alice.post(f"{path}/freeze")) == (403, "forbidden")
    assert code(await root.post(f"/v1/wallets/{new_id()}/freeze")) == (404, "not_found")


async def test_a_frozen_wallet_still_takes_money(world: World) -> None:
    root, alice = world.caller(admin=True), world.caller()
    wallet = await alice.top_up("1.00")
    await root.post(f"/v1/wallets/{wallet['id']}/freeze")
    topped = await alice.top_up("2.00")
    assert (topped["balance"]["amount"], topped["status"]) == ("3.00", "frozen")


async def test_a_service_asks_whose_a_wallet_is_and_nobody_else_does(world: World) -> None:
    alice = world.caller()
    wallet = await alice.top_up("1.00")
    path = f"/internal/wallets/{wallet['id']}"
    answer = await world.service_client().get(path)
    assert answer.json() == {
        "id": wallet["id"],
        "owner_id": str(alice.user_id),
        "currency": "RUB",
        "status": "active",
    }
    assert code(await world.service_client().get(f"/internal/wallets/{new_id()}")) == (
        404,
        "not_found",
    )
    assert code(await alice.get(path)) == (403, "forbidden")
    assert (await world.service_client().get("/v1/wallets/me")).status_code == 401


async def test_a_key_sent_again_repeats_the_answer_and_not_the_effect(world: World) -> None:
    alice, bob, key = world.caller(), world.caller(), {"Idempotency-Key": "top-up-1"}
    body = {"amount": "5.00"}
    first = await alice.post("/v1/wallets/top-up", body, key)
    again = await alice.post("/v1/wallets/top-up", body, key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await alice.post("/v1/wallets/top-up", {"amount": "6.00"}, key)
    assert code(other) == (422, "idempotency_key_reused")
    assert [fault["pointer"] for fault in other.json()["errors"]] == ["/amount"]
    assert (await bob.post("/v1/wallets/top-up", body, key)).status_code == 201
    assert (await alice.post("/v1/wallets", {"name": "x"}, key)).status_code == 201
    assert code(await alice.post("/v1/wallets/top-up", body, {"Idempotency-Key": "a b"})) == (
        400,
        "idempotency_key_malformed",
    )
    assert await world.figures(alice.user_id) == (500, 0)


async def test_twenty_with_one_key_at_once_are_one(world: World) -> None:
    alice, key = world.caller(), {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(alice.post("/v1/wallets/top-up", {"amount": "5.00"}, key) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert await world.figures(alice.user_id) == (500, 0)


async def test_a_refused_request_does_not_use_its_key_up(world: World) -> None:
    alice, key = world.caller(), {"Idempotency-Key": "second-try"}
    missing = {"amount": "5.00", "wallet_id": str(new_id())}
    assert (await alice.post("/v1/wallets/top-up", missing, key)).status_code == 404
    assert (await alice.post("/v1/wallets/top-up", {"amount": "5.00"}, key)).status_code == 201


class TestInProduction:
    @pytest.fixture
    def settings(self) -> Settings:
        secret = "Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf"
        return Settings(
            ENVIRONMENT="production",
            CURSOR_SECRET=secret,
            WALLET_BANK_SECRET=secret,
            WALLET_CLIENT_SECRET=secret,
            RABBITMQ_URL=f"amqp://saldo:{secret}@127.0.0.1/",
            REDIS_URL=f"redis://:{secret}@127.0.0.1/0",
            database_url=f"postgresql://wallet:{secret}@127.0.0.1/saldo",
            migration_url=f"postgresql://wallet_owner:{secret}@127.0.0.1/saldo",
        )

    async def test_there_is_no_sandbox_money(self, world: World) -> None:
        answer = await world.caller().post("/v1/wallets/top-up", {"amount": "5.00"})
        assert code(answer) == (403, "sandbox_money_refused")
        assert await world.count("account") == 0


async def test_another_service_learns_what_may_be_spent(world: World) -> None:
    alice, bob = world.caller(), world.caller()
    payments = world.service_client()

    async def ask(owner: Any, **more: Any) -> Any:
        query = {"owner_id": str(owner.user_id), "currency": "RUB", **more}
        return await payments.get("/internal/accounts", **query)

    assert code(await ask(alice)) == (404, "not_found")
    wallet = await alice.top_up("12.50")
    assert (await ask(alice)).json() == {
        "id": wallet["id"],
        "owner_id": str(alice.user_id),
        "currency": "RUB",
        "status": "active",
        "available_minor": 1250,
        "room_minor": 10**18 - 1250,
    }
    assert (await ask(alice, wallet_id=wallet["id"])).status_code == 200
    assert code(await ask(bob, wallet_id=wallet["id"])) == (404, "not_found")
    assert code(await ask(alice, wallet_id=wallet["id"], currency="USD")) == (404, "not_found")
    assert (await alice.get("/internal/accounts", owner_id="x", currency="RUB")).status_code == 403


async def test_wallets_are_listed_by_when_they_were_opened(world: World) -> None:
    alice, root = world.caller(), world.caller(admin=True)
    first = (await alice.get("/v1/wallets/me")).json()
    later = (await alice.post("/v1/wallets", {"name": "Holidays"})).json()
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"to": later["created_at"]}, [first["id"]]),
        ({"from_": later["created_at"]}, [later["id"]]),
        (
            {"from_": "1970-01-01", "to": "2999-12-31", "tz": "Asia/Tokyo"},
            [later["id"], first["id"]],
        ),
    ]
    for query, expected in cases:
        for caller, more in ((alice, {}), (root, {"owner_id": str(alice.user_id)})):
            found = (await caller.get("/v1/wallets", **query, **more)).json()["items"]
            assert [one["id"] for one in found] == expected, query


async def test_several_wallets_come_in_one_call_and_nobody_elses(world: World) -> None:
    alice, bob, root = world.caller(), world.caller(), world.caller(admin=True)
    first = (await alice.get("/v1/wallets/me")).json()["id"]
    second = (await alice.post("/v1/wallets", {"name": "Holidays"})).json()["id"]
    third = (await alice.post("/v1/wallets", {"name": "Car"})).json()["id"]
    other = (await bob.get("/v1/wallets/me")).json()["id"]
    wanted = f"{first},{third},{other}"
    for caller, expected in (
        (alice, {first, third}),
        (bob, {other}),
        (root, {first, third, other}),
    ):
        found = (await caller.get("/v1/wallets", id=wanted)).json()["items"]
        assert {one["id"] for one in found} == expected
    assert (await alice.get("/v1/wallets", id=other)).json()["items"] == []
    assert (await root.get("/v1/wallets", id=second, owner_id=bob.user_id)).json()["items"] == []
    for malformed in ("", "x", f"{first},", ",".join([first] * 101)):
        assert code(await alice.get("/v1/wallets", id=malformed)) == (422, "validation_failed")


async def test_wallets_come_with_their_latest_entries_in_one_call(world: World) -> None:
    alice = world.caller()
    await alice.get("/v1/wallets/me")
    empty = (await alice.post("/v1/wallets", {"name": "Holidays"})).json()["id"]
    for amount in range(1, 13):
        await world.fund(alice.user_id, f"{amount}.00")
    plain = (await alice.get("/v1/wallets")).json()["items"]
    assert [wallet["entries"] for wallet in plain] == [None, None]
    before = world.database.statements
    listed = (await alice.get("/v1/wallets", expand="entries")).json()["items"]
    assert world.database.statements - before == 2
    shown = {wallet["id"]: wallet["entries"] for wallet in listed}
    assert shown.pop(empty) == []
    [(full, entries)] = shown.items()
    assert [entry["amount"] for entry in entries] == [f"{n}.00" for n in range(12, 2, -1)]
    alone = (await alice.get(f"/v1/wallets/{full}/entries", limit=10)).json()["items"]
    assert entries == alone
    answer = await alice.get("/v1/wallets", expand="holds")
    assert code(answer) == (422, "validation_failed")


async def test_an_owner_given_under_both_names_is_refused(world: World) -> None:
    alice, root = world.caller(), world.caller(admin=True)
    for caller in (alice, root):
        answer = await caller.get("/v1/wallets", owner=alice.user_id, owner_id=alice.user_id)
        assert code(answer) == (422, "validation_failed")
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
            ("/query/owner", "at_most_one")
        ]
