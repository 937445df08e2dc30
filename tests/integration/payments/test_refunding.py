"""Refunds: all or a part, by the payee or an admin, never more than was paid."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.payments.room import Room

from contracts.payments import PaymentRefunded
from contracts.wallet import Transfer
from kit.ids import new_id
from payments.domain.payment import Method


async def paid(room: Room, payer: UUID, payee: UUID, amount: str = "100.00", **more: Any) -> UUID:
    payment_id = await room.create(payer, payee, amount, **more)
    await room.pay(payer, payment_id)
    await room.settle()
    return payment_id


async def ask(
    room: Room, caller: UUID, payment_id: UUID, amount: str | None = None, **options: Any
) -> httpx.Response:
    body = {} if amount is None else {"json": {"amount": amount}}
    return await room.post(caller, f"/v1/payments/{payment_id}/refunds", **body, **options)


async def refund(
    room: Room, caller: UUID, payment_id: UUID, amount: str | None = None, **options: Any
) -> httpx.Response:
    """Ask for a refund, and carry messages until that is answered."""
    [answer] = await room.carried(ask(room, caller, payment_id, amount, **options))
    return answer


async def test_the_payee_gives_all_of_it_back(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    answer = await refund(room, bob, payment_id, headers={"Prefer": "wait=10"})
    body = answer.json()
    assert (answer.status_code, body["status"], body["amount"]) == (201, "completed", "100.00")
    assert answer.headers["location"] == f"/v1/payments/{payment_id}/refunds/{body['id']}"
    assert answer.headers["preference-applied"] == "wait=10"
    assert (await room.get(bob, answer.headers["location"])).json() == body
    back = room.wallet.heard[-1]
    assert isinstance(back, Transfer)
    assert (back.payer.owner_id, back.payee.owner_id) == (bob, alice)
    assert (back.kind, back.reference, back.amount_minor) == ("refund", str(payment_id), 10_000)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["status_label"]) == ("refunded", "Refunded")
    assert (seen["refunded_amount"], seen["paid_amount"]) == ("100.00", "100.00")
    assert seen["refunded_at"]
    [told] = room.published(PaymentRefunded)
    assert told.sequence == 3
    assert told.message == PaymentRefunded(
        payment_id=payment_id,
        payer_id=alice,
        payee_id=bob,
        amount_minor=10_000,
        currency="RUB",
        at=room.clock.now(),
        status="refunded",
        refund_id=UUID(body["id"]),
        transfer_id=UUID(body["transfer_id"]),
        refunded_minor=10_000,
        is_full=True,
    )


async def test_without_a_wish_to_wait_it_is_accepted(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    answer = await refund(room, bob, payment_id, "60.00")
    assert (answer.status_code, answer.json()["status"]) == (202, "completed")
    room.wallet.is_silent = True
    slow = await refund(room, bob, payment_id, "1.00")
    assert (slow.status_code, slow.json()["status"]) == (202, "processing")


async def test_parts_add_up_until_all_is_back(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    await refund(room, bob, payment_id, "60.00")
    seen = await room.seen(bob, payment_id)
    assert (seen["status"], seen["refunded_amount"], seen["refunded_at"]) == ("paid", "60.00", None)
    too_much = await refund(room, bob, payment_id, "40.01")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_payment")
    assert "40.00 RUB" in too_much.json()["detail"]
    await refund(room, bob, payment_id)
    assert await room.status(bob, payment_id) == "refunded"
    for amount in (None, "0.01"):
        more = await refund(room, bob, payment_id, amount)
        assert (more.status_code, more.json()["code"]) == (409, "refund_exceeds_payment")
    told = [event.message for event in room.published(PaymentRefunded)]
    assert [
        (one.amount_minor, one.refunded_minor, one.is_full, one.status)
        for one in told
        if isinstance(one, PaymentRefunded)
    ] == [(6_000, 6_000, False, "paid"), (4_000, 10_000, True, "refunded")]
    assert [event.sequence for event in room.published(PaymentRefunded)] == [3, 4]


async def test_of_two_refunds_of_sixty_of_a_hundred_at_once_one_is_refused(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payments = [await paid(room, alice, bob) for _ in range(20)]
    answers = await room.carried(
        *(ask(room, bob, payment_id, "60.00") for payment_id in payments for _ in range(2))
    )
    codes = [answer.status_code for answer in answers]
    assert (codes.count(202), codes.count(409)) == (20, 20)
    for payment_id in payments:
        seen = await room.seen(bob, payment_id)
        assert (seen["status"], seen["refunded_amount"]) == ("paid", "60.00")
    assert len(room.published(PaymentRefunded)) == 20


@pytest.mark.check(49)
async def test_many_parts_at_once_give_back_exactly_what_was_paid(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    answers = await room.carried(*(ask(room, bob, payment_id, "10.00") for _ in range(15)))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(202), codes.count(409)) == (10, 5)
    seen = await room.seen(bob, payment_id)
    assert (seen["status"], seen["refunded_amount"]) == ("refunded", "100.00")
    told = room.published(PaymentRefunded)
    assert [event.sequence for event in told] == list(range(3, 13))
    full = [one.message.is_full for one in told if isinstance(one.message, PaymentRefunded)]
    assert full == [False] * 9 + [True]


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("insufficient_funds", "refund_not_covered"), ("wallet_frozen", "refund_refused")],
)
async def test_a_payee_whose_wallet_does_not_give_it_gets_409_and_nothing_is_taken(
    room: Room, alice: UUID, bob: UUID, code: str, refusal: str
) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.refuses = lambda _: code
    answer = await refund(room, bob, payment_id, "60.00", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, refusal)
    again = await refund(room, bob, payment_id, "60.00", headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["code"]) == (409, refusal)
    seen = await room.seen(bob, payment_id)
    assert (seen["status"], seen["refunded_amount"]) == ("paid", "0.00")
    path = f"/v1/payments/{payment_id}/refunds"
    # Each request with the key has tried anew.
    [mine, _], [theirs, _] = [(await room.get(who, path)).json()["items"] for who in (bob, alice)]
    assert (mine["status"], mine["failure_reason"]) == ("failed", code)
    assert mine["reason_label"]
    assert (theirs["status"], theirs["failure_reason"], theirs["reason_label"]) == (
        "failed",
        None,
        None,
    )
    room.wallet.refuses = lambda _: None
    assert (await refund(room, bob, payment_id)).status_code == 202
    assert await room.status(bob, payment_id) == "refunded"
    assert [event.sequence for event in room.published(PaymentRefunded)] == [3]


async def test_of_a_payment_paid_in_part_only_that_part_goes_back(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "100.00", reserve=True)
    await room.pay(alice, payment_id, json={"amount": "40.00"})
    await room.settle()
    answer = await refund(room, bob, payment_id)
    assert answer.json()["amount"] == "40.00"
    assert await room.status(bob, payment_id) == "refunded"


async def test_the_money_goes_back_between_the_wallets_that_were_named(
    room: Room, alice: UUID, bob: UUID
) -> None:
    mine, theirs = await room.opens(alice), await room.opens(bob)
    asked = {"payee": {"wallet_id": str(theirs)}, "amount": "10.00", "from_wallet_id": str(mine)}
    payment_id = UUID((await room.post(alice, "/v1/payments", json=asked)).json()["id"])
    await room.pay(alice, payment_id)
    await room.settle()
    await refund(room, bob, payment_id)
    back = room.wallet.heard[-1]
    assert isinstance(back, Transfer)
    assert (back.payer.account_id, back.payee.account_id) == (theirs, mine)


async def test_only_the_payee_and_admins_may_refund_and_to_strangers_there_is_nothing(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    answer = await refund(room, alice, payment_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "only_payee_may_refund")
    path = f"/v1/payments/{payment_id}/refunds"
    for stranger in (
        await refund(room, carol, payment_id),
        await refund(room, bob, new_id()),
        await room.get(carol, path),
        await room.get(carol, f"{path}/{new_id()}"),
    ):
        assert (stranger.status_code, stranger.json()["code"]) == (404, "payment_not_found")
    missing = await room.get(bob, f"{path}/{new_id()}")
    assert (missing.status_code, missing.json()["code"]) == (404, "refund_not_found")
    admin = await room.admin()
    assert (await refund(room, admin, payment_id)).status_code == 202
    for who in (alice, bob, admin):
        [item] = (await room.get(who, path)).json()["items"]
        assert item["status"] == "completed"


@pytest.mark.check(49)
async def test_what_has_not_been_paid_is_not_refunded(room: Room, alice: UUID, bob: UUID) -> None:
    created = await room.create(alice, bob)
    processing = await room.create(alice, bob)
    await room.pay(alice, processing)
    cancelled = await room.create(alice, bob)
    await room.cancel(alice, cancelled)
    path = "/v1/payments/{}/refunds"
    for payment_id in (created, processing, cancelled):
        answer = await room.post(bob, path.format(payment_id))
        assert (answer.status_code, answer.json()["code"]) == (409, "payment_not_paid")
    assert await room.count("refund") == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "0.00"}, "amount_invalid"),
        ({"amount": "1.001"}, "amount_invalid"),
        ({"amount": 60}, "validation_failed"),
        ({"amount": "-1"}, "validation_failed"),
        ({"amount": "1.00", "to": "me"}, "validation_failed"),
        ({"reason": "paid by 4111 1111 1111 1111"}, "validation_failed"),
        ({"reason": "wake_up \u0007"}, "validation_failed"),
    ],
)
async def test_bad_input_is_refused_and_stores_nothing(
    room: Room, alice: UUID, bob: UUID, body: dict[str, Any], code: str
) -> None:
    payment_id = await paid(room, alice, bob)
    answer = await room.post(bob, f"/v1/payments/{payment_id}/refunds", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await room.count("refund") == 0
    assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"


async def test_a_repeated_request_refunds_once(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    headers = {"Idempotency-Key": "k", "Prefer": "wait=10"}
    first = await refund(room, bob, payment_id, "60.00", headers=headers)
    again = await refund(room, bob, payment_id, "60.00", headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    other = await refund(room, bob, payment_id, "40.00", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await room.count("refund") == 1


async def test_a_reply_that_comes_twice_counts_once(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    await refund(room, bob, payment_id, "60.00")
    replies = [p for p in room.pump.broker.published if p.exchange == "saldo.replies"]
    for reply in replies:
        room.pump.broker.put("payments.replies", reply)
    await room.settle()
    assert (await room.seen(bob, payment_id))["refunded_amount"] == "60.00"
    assert len(room.published(PaymentRefunded)) == 1


async def test_a_wallet_that_is_silent_is_asked_again(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.is_silent = True
    answer = await refund(room, bob, payment_id)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    room.wallet.is_silent = False
    room.clock.advance(60)
    await room.service.state.wiring.refunds[Method.WALLET].wake_due(room.database)
    await room.settle()
    assert await room.status(bob, payment_id) == "refunded"


async def test_the_list_is_read_page_by_page_newest_first(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    for amount in ("1.00", "2.00", "3.00"):
        await refund(room, bob, payment_id, amount)
        room.clock.advance(1)
    path = f"/v1/payments/{payment_id}/refunds"
    first = await room.get(bob, path, limit=2)
    assert [item["amount"] for item in first.json()["items"]] == ["3.00", "2.00"]
    assert first.headers["link"].endswith('rel="next"')
    cursor = first.json()["next_cursor"]
    rest = await room.get(bob, path, limit=2, cursor=cursor)
    assert [item["amount"] for item in rest.json()["items"]] == ["1.00"]
    assert rest.json()["next_cursor"] is None
    strange = await room.get(alice, path, limit=2, cursor=cursor)
    assert (strange.status_code, strange.json()["code"]) == (400, "cursor_invalid")
