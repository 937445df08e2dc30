"""A refusal never sticks to an Idempotency-Key, and requests that mean the same are the same."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_bulk import row, send, shown, work
from tests.integration.payments.test_refunding import ask, paid, refund

KEY = {"Idempotency-Key": "k"}
WAIT = {"Prefer": "wait=10"}


def is_replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("idempotency-replayed") == "true"


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen", "balance_limit"])
@pytest.mark.parametrize("headers", [KEY, KEY | WAIT])
async def test_a_refund_that_was_refused_is_tried_anew_by_its_key(
    room: Room, alice: UUID, bob: UUID, code: str, headers: dict[str, str]
) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.refuses = lambda _: code
    refused = await refund(room, bob, payment_id, "60.00", headers=headers)
    assert refused.status_code == 409
    room.wallet.refuses = lambda _: None
    again = await refund(room, bob, payment_id, "60.00", headers=headers)
    assert again.status_code in (201, 202)
    assert not is_replayed(again)
    assert (await room.seen(bob, payment_id))["refunded_amount"] == "60.00"
    # What was had is not had twice.
    once_more = await refund(room, bob, payment_id, "60.00", headers=headers)
    assert is_replayed(once_more)
    assert once_more.json()["id"] == again.json()["id"]


async def test_a_refund_refused_long_after_it_was_accepted_is_tried_anew_too(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.is_silent = True
    accepted = await ask(room, bob, payment_id, "60.00", headers=KEY | {"Prefer": "wait=1"})
    assert accepted.status_code == 202
    room.wallet.is_silent = False
    room.wallet.refuses = lambda _: "insufficient_funds"
    room.clock.advance(60)
    for engine in room.service.state.wiring.refunds.values():
        await engine.wake_due(room.database)
    await room.settle()
    room.wallet.refuses = lambda _: None
    # Another sum by the same key as well: nothing has been had by it.
    again = await refund(room, bob, payment_id, "40.00", headers=KEY)
    assert (again.status_code, again.json()["status"]) == (202, "completed")


async def test_paying_that_was_refused_long_after_it_was_accepted_is_not_told_as_under_way(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    room.wallet.refuses = lambda _: "insufficient_funds"
    accepted = await room.pay(alice, payment_id, headers=KEY)
    assert accepted.status_code == 202
    await room.settle()
    again = await room.pay(alice, payment_id, headers=KEY)
    assert (again.status_code, again.json()["code"]) == (409, "payment_already_final")
    assert not is_replayed(again)


@pytest.mark.parametrize("how", ["confirm", "reserve"])
async def test_a_payment_made_in_one_call_that_failed_is_made_anew_by_its_key(
    room: Room, alice: UUID, bob: UUID, how: str
) -> None:
    body = {"payee": {"user_id": str(bob)}, "amount": "10.00", how: True}

    async def make() -> httpx.Response:
        [answer] = await room.carried(
            room.post(alice, "/v1/payments", json=body, headers=KEY | WAIT)
        )
        return answer

    room.wallet.refuses = lambda _: "insufficient_funds"
    failed = await make()
    assert failed.json()["failure_reason"] == "insufficient_funds"
    room.wallet.refuses = lambda _: None
    made = await make()
    assert made.json()["status"] == ("paid" if how == "confirm" else "created")
    assert made.json()["id"] != failed.json()["id"]
    again = await make()
    assert is_replayed(again)
    assert again.json()["id"] == made.json()["id"]


async def test_one_called_off_by_its_payer_is_not_made_anew(
    room: Room, alice: UUID, bob: UUID
) -> None:
    body = {"payee": {"user_id": str(bob)}, "amount": "10.00", "reserve": True}
    made = await room.post(alice, "/v1/payments", json=body, headers=KEY)
    await room.settle()
    await room.cancel(alice, UUID(made.json()["id"]))
    await room.settle()
    again = await room.post(alice, "/v1/payments", json=body, headers=KEY)
    assert (again.json()["id"], is_replayed(again)) == (made.json()["id"], True)


async def test_a_bulk_of_which_nothing_came_is_sent_anew_and_another_is_not(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    rows = [row("bob")]
    first = await send(room, alice, rows, headers=KEY)
    await work(room)
    assert (await shown(room, alice, first))["counts"]["failed"] == 1
    room.wallet.refuses = lambda _: None
    second = await send(room, alice, rows, headers=KEY)
    await work(room)
    assert second != first
    assert (await shown(room, alice, second))["counts"]["paid"] == 1
    assert await send(room, alice, rows, headers=KEY) == second


SAME: list[tuple[Any, Any]] = [
    (None, {}),
    ({}, None),
    (None, {"method": "wallet"}),
    ({"amount": None}, {}),
    ({"amount": "4"}, {"amount": "4.00"}),
    ({"amount": "4.50"}, {"amount": "4.5"}),
]


@pytest.mark.parametrize(("first", "second"), SAME)
async def test_paying_is_the_same_request_however_it_is_spelt(
    room: Room, alice: UUID, bob: UUID, first: Any, second: Any
) -> None:
    payment_id = await room.create(alice, bob, "10.00", reserve=True)
    path = f"/v1/payments/{payment_id}/pay"
    assert (await room.post(alice, path, json=first, headers=KEY)).status_code == 202
    upper = f"/v1/payments/{str(payment_id).upper()}/pay"
    again = await room.post(alice, upper, json=second, headers=KEY)
    assert (again.status_code, is_replayed(again)) == (202, True)
    assert await room.count("saga") == 1


async def test_no_content_at_all_is_the_same_as_an_empty_object(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    path = f"/v1/payments/{payment_id}/pay"
    assert (await room.post(alice, path, headers=KEY)).status_code == 202
    assert is_replayed(await room.post(alice, path, json={}, headers=KEY))
    other = await room.post(alice, path, json={"amount": "1.00"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [one["pointer"] for one in other.json()["errors"]] == ["/amount"]


async def test_creating_is_the_same_request_however_it_is_spelt(
    room: Room, alice: UUID, bob: UUID
) -> None:
    spellings: list[dict[str, Any]] = [
        {"payee": {"user_id": str(bob)}, "amount": "150.00", "metadata": {"a": 1, "b": 2}},
        {"metadata": {"b": 2, "a": 1}, "amount": "150", "payee": {"user_id": str(bob).upper()}},
        {
            "payee": {"user_id": str(bob), "username": None},
            "amount": "150.0",
            "currency": "RUB",
            "metadata": {"a": 1, "b": 2},
            "confirm": False,
            "reserve": False,
            "description": None,
        },
    ]
    answers = [await room.post(alice, "/v1/payments", json=body, headers=KEY) for body in spellings]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await room.count("payment") == 1
    for changed in ({"amount": "150.01"}, {"metadata": {"a": 1}}, {"confirm": True}):
        other = await room.post(alice, "/v1/payments", json=spellings[0] | changed, headers=KEY)
        assert other.json()["code"] == "idempotency_key_reused"


async def test_a_payee_is_one_name_however_it_is_spelt(room: Room, alice: UUID, bob: UUID) -> None:
    bodies = [{"payee": {"username": name}, "amount": "1.00"} for name in ("bob", "BOB")]
    first, second = [
        await room.post(alice, "/v1/payments", json=body, headers=KEY) for body in bodies
    ]
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
