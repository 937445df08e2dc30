"""Administrators see everybody's payments, refunds, bulks and charges; others narrow their own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_audit import acts
from tests.integration.payments.test_bulk import row, send, work
from tests.integration.payments.test_refunding import paid, refund

from kit.ids import new_id


async def ids(room: Room, caller: UUID, path: str = "/v1/payments", **query: Any) -> set[str]:
    answer = await room.get(caller, path, **query)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


async def test_an_administrator_sees_anybodys_payment_as_its_payer_does(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    admin = await room.admin()
    payment_id = await room.create(alice, bob, "10.00", metadata={"order": "A-1"})
    path = f"/v1/payments/{payment_id}"
    assert (await room.get(admin, path)).json() == (await room.get(alice, path)).json()
    assert await acts(room) == [("get_payment", "payment", str(payment_id), alice)]
    for part in ("", "/timeline", "/refunds", "/events"):
        answer = await room.get(carol, path + part)
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")
    assert (await room.get(admin, f"{path}/refunds")).json()["items"] == []
    # Seeing is not doing.
    assert (await room.pay(admin, payment_id)).status_code == 404
    assert (await room.cancel(admin, payment_id)).status_code == 404


async def test_an_administrators_list_and_file_hold_everybodys_and_can_be_narrowed(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    admin = await room.admin()
    purse = await room.opens(alice)
    one = str(await paid(room, alice, bob, description="For tea", from_wallet_id=str(purse)))
    two = str(await room.create(bob, carol))
    three = str(await room.create(carol, alice))
    own = str(await room.create(admin, bob))
    transfer_id = (await room.seen(alice, UUID(one)))["transfer_id"]
    everything = {one, two, three, own}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, everything),
        ({"payer": str(alice)}, {one}),
        ({"payer": "ALICE"}, {one}),
        ({"payee": "bob"}, {one, own}),
        ({"payer": "bob", "payee": "carol"}, {two}),
        ({"payer": "nobody"}, set()),
        ({"payer": str(new_id())}, set()),
        ({"wallet_id": str(purse)}, {one}),
        ({"transfer_id": transfer_id}, {one}),
        ({"transfer_id": str(new_id())}, set()),
        ({"transfer_id": transfer_id, "payer": "bob"}, set()),
        ({"status": "paid"}, {one}),
        ({"search": "tea"}, {one}),
        ({"payee": "bob", "status": "created"}, {own}),
        ({"direction": "out"}, {own}),
    ]
    for query, expected in cases:
        assert await ids(room, admin, **query) == expected, query
        file = await room.get(admin, "/v1/payments/export.csv", **query)
        found = {line.split(",")[0] for line in file.text.splitlines()[1:]}
        assert found == expected, query


async def test_pages_of_everybodys_payments_hold_each_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    admin = await room.admin()
    made = {str(await room.create(alice, bob)) for _ in range(5)}
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await room.get(admin, "/v1/payments", **query)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(seen) == sorted(made)
    other = await room.get(alice, "/v1/payments", limit=2, cursor=query["cursor"])
    assert other.status_code == 400


async def test_the_same_filters_narrow_ones_own_list_and_open_no_others(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    one = str(await paid(room, alice, bob))
    two = str(await room.create(alice, carol))
    strangers = str(await paid(room, bob, carol))
    transfer_id = (await room.seen(bob, UUID(strangers)))["transfer_id"]
    own_transfer = (await room.seen(alice, UUID(one)))["transfer_id"]
    assert await ids(room, alice) == {one, two}
    assert await ids(room, alice, payee="bob") == {one}
    assert await ids(room, alice, payee="carol", payer="alice") == {two}
    assert await ids(room, alice, payer="bob") == set()
    assert await ids(room, alice, transfer_id=transfer_id) == set()
    assert await ids(room, alice, transfer_id=own_transfer) == {one}
    for path in ("/v1/payments/refunds", "/v1/payments/charges"):
        answer = await room.get(alice, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_wallets_payments_are_found_though_it_was_not_named(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    async with room.database.read() as connection:
        moved = await connection.fetchrow(
            "SELECT debited_account_id, credited_account_id FROM payment WHERE id = $1", payment_id
        )
        assert moved is not None
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO wallet_owner VALUES ($1, $2, 'RUB')", moved["credited_account_id"], bob
        )
    found = await ids(room, bob, wallet_id=str(moved["credited_account_id"]))
    assert found == {str(payment_id)}
    assert await ids(room, await room.admin(), wallet_id=str(moved["credited_account_id"])) == found


async def test_everybodys_refunds_are_listed_and_narrowed(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    admin = await room.admin()
    first, second = await paid(room, alice, bob), await paid(room, carol, bob)
    one = (await refund(room, bob, first, "1.00")).json()
    room.wallet.refuses = lambda _: "insufficient_funds"
    await refund(room, bob, second, "2.00")
    path = "/v1/payments/refunds"
    [two] = await ids(room, admin, path) - {one["id"]}
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {one["id"], two}),
        ({"payer": "carol"}, {two}),
        ({"payee": "bob"}, {one["id"], two}),
        ({"status": "failed"}, {two}),
        ({"payment_id": str(first)}, {one["id"]}),
        ({"transfer_id": one["transfer_id"]}, {one["id"]}),
        ({"payer": "nobody"}, set()),
    ]
    for query, expected in cases:
        assert await ids(room, admin, path, **query) == expected, query
    # A transfer of a refund leads to its payment.
    assert await ids(room, admin, transfer_id=one["transfer_id"]) == {str(first)}
    page = await room.get(admin, path, limit=1)
    assert page.headers["link"].endswith('rel="next"')


async def test_bulks_are_listed_to_their_senders_and_to_administrators(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    admin = await room.admin()
    mine = (await send(room, alice, [row("bob")])).rpartition("/")[2]
    theirs = (await send(room, carol, [row("bob"), row("carol")])).rpartition("/")[2]
    await work(room)
    path = "/v1/payments/bulk"
    assert await ids(room, alice, path) == {mine}
    assert await ids(room, alice, path, payer="carol") == set()
    assert await ids(room, admin, path) == {mine, theirs}
    assert await ids(room, admin, path, payer="carol") == {theirs}
    [shown] = (await room.get(carol, path)).json()["items"]
    assert (shown["status"], shown["counts"]["paid"], shown["counts"]["refused"]) == ("done", 1, 1)
    seen = await room.get(admin, f"{path}/{theirs}")
    assert seen.json() == (await room.get(carol, f"{path}/{theirs}")).json()
    assert (await room.get(alice, f"{path}/{theirs}")).status_code == 404


async def test_refunds_and_bulks_are_narrowed_by_time(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    admin = await room.admin()
    payment_id = await paid(room, alice, bob)
    made: list[tuple[str, str]] = []
    for _ in range(2):
        given_back = (await refund(room, bob, payment_id, "1.00")).json()["id"]
        made.append((given_back, (await send(room, carol, [row("bob")])).rpartition("/")[2]))
        room.clock.advance(3600)
    middle = (room.clock.now() - timedelta(seconds=3600)).isoformat()
    for place, paths in enumerate(
        (
            ((admin, "/v1/payments/refunds"), (alice, f"/v1/payments/{payment_id}/refunds")),
            ((admin, "/v1/payments/bulk"), (carol, "/v1/payments/bulk")),
        )
    ):
        first, second = (one[place] for one in made)
        for caller, path in paths:
            assert await ids(room, caller, path, to=middle) == {first}
            assert await ids(room, caller, path, **{"from": middle}) == {second}
            today = room.clock.now().date().isoformat()
            assert await ids(room, caller, path, **{"from": "2020-01-01", "to": today}) == {
                *(first, second)
            }


async def test_whose_is_asked_for_under_one_name(room: Room, carol: UUID) -> None:
    admin = await room.admin()
    theirs = (await send(room, carol, [row("bob")])).rpartition("/")[2]
    for query in ({"owner_id": str(carol)}, {"payer": "carol"}, {"payer": str(carol)}):
        assert await ids(room, admin, "/v1/payments/bulk", **query) == {theirs}
    for path in ("/v1/payments/bulk", "/v1/payments/charges"):
        answer = await room.get(admin, path, owner_id=str(carol), payer="carol")
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert answer.json()["errors"][0]["pointer"] == "/query/payer"


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/payments/bulk", "/v1/payments/charges"])
async def test_what_is_not_known_as_a_filter_is_refused(room: Room, path: str) -> None:
    answer = await room.get(await room.admin(), path, owner="x")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_everybodys_charges_are_listed_with_what_they_pay(
    room: Room, alice: UUID, bob: UUID
) -> None:
    admin = await room.admin()
    payment_id = await room.create(alice, bob)
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO charge (id, payment_id, owner_id, provider, amount_minor, currency,"
            " description, status, next_at, return_url, expires_at, created_at, updated_at)"
            " VALUES ($1, $1, $2, 'sandbox', 1000, 'RUB', '', 'wanted', $3, 'x', $3, $3, $3)",
            payment_id,
            alice,
            room.clock.now(),
        )
    path = "/v1/payments/charges"
    [charge] = (await room.get(admin, path)).json()["items"]
    assert (charge["payment_id"], charge["amount"]) == (str(payment_id), "10.00")
    now = room.clock.now().isoformat()
    for query in (
        {"payer": "alice"},
        {"owner_id": str(alice)},
        {"payment_id": str(payment_id)},
        {"status": "wanted"},
        {"from": now},
    ):
        assert await ids(room, admin, path, **query) == {str(payment_id)}
    for query in (
        {"payer": "bob"},
        {"owner_id": str(bob)},
        {"status": "failed"},
        {"provider": "stripe"},
        {"to": now},
    ):
        assert await ids(room, admin, path, **query) == set()
