"""Money set aside, paid in part, paid later, given back: by the gateway on the real stack."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx

from testkit.people import Person, eventually


async def refund(payee: Person, payment_id: str, amount: str, wait: int = 10) -> httpx.Response:
    return await payee.post(
        f"/v1/payments/{payment_id}/refunds", {"amount": amount}, {"Prefer": f"wait={wait}"}
    )


async def paid(payer: Person, payee: Person, amount: str) -> str:
    answer = await payer.post(
        "/v1/payments",
        {"payee": {"username": payee.username}, "amount": amount, "confirm": True},
        {"Prefer": "wait=10"},
    )
    assert (answer.status_code, answer.json()["status"]) == (201, "paid"), answer.text
    return str(answer.json()["id"])


async def test_what_was_paid_goes_back_in_parts_until_all_is_back(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    payment_id = await paid(alice, bob, "100.00")
    first = await refund(bob, payment_id, "60.00")
    assert (first.status_code, first.json()["status"]) == (201, "completed")
    assert (await alice.balance(), await bob.balance()) == (Decimal(60), Decimal(40))
    too_much = await refund(bob, payment_id, "40.01")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_payment")
    assert (await refund(bob, payment_id, "40.00")).status_code == 201
    assert (await alice.payment(payment_id))["status"] == "refunded"
    assert (await alice.balance(), await bob.balance()) == (Decimal(100), Decimal(0))
    listed = (await alice.get(f"/v1/payments/{payment_id}/refunds")).json()["items"]
    assert [item["amount"] for item in listed] == ["40.00", "60.00"]
    wallet_id = (await alice.wallet())["id"]
    entries = (await alice.get(f"/v1/wallets/{wallet_id}/entries")).json()["items"]
    kinds = [(entry["kind"], entry["reference"]) for entry in entries[:3]]
    assert kinds == [("refund", payment_id)] * 2 + [("payment", payment_id)]


async def test_two_refunds_of_60_of_100_at_once_move_60(alice: Person, bob: Person) -> None:
    await alice.top_up("1000.00")
    payments = await asyncio.gather(*(paid(alice, bob, "100.00") for _ in range(10)))
    answers = await asyncio.gather(*(refund(bob, one, "60.00") for one in payments for _ in "ab"))
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 10}
    assert (await alice.balance(), await bob.balance()) == (Decimal(600), Decimal(400))


async def test_a_payee_who_has_spent_the_money_is_refused(alice: Person, bob: Person) -> None:
    await alice.top_up("100.00")
    payment_id = await paid(alice, bob, "100.00")
    await paid(bob, alice, "50.00")
    answer = await bob.post(f"/v1/payments/{payment_id}/refunds")
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_not_covered")
    assert (await alice.payment(payment_id))["refunded_amount"] == "0.00"
    assert (await refund(bob, payment_id, "50.00")).status_code == 201
    assert (await alice.balance(), await bob.balance()) == (Decimal(100), Decimal(0))


async def test_money_set_aside_is_captured_in_part_and_the_rest_is_free(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    answer = await alice.post(
        "/v1/payments",
        {"payee": {"username": bob.username}, "amount": "100.00", "reserve": True},
        {"Prefer": "wait=10"},
    )
    payment = answer.json()
    assert (answer.status_code, payment["status"]) == (201, "created"), answer.text
    assert payment["reserved_at"]
    assert (await alice.held(), await alice.balance()) == (Decimal(100), Decimal(100))
    path = f"/v1/payments/{payment['id']}/pay"
    done = await alice.post(path, {"amount": "40.00"}, {"Prefer": "wait=10"})
    assert (done.status_code, done.json()["paid_amount"]) == (200, "40.00")
    assert (await alice.held(), await alice.balance()) == (Decimal(0), Decimal(60))
    assert await bob.balance() == Decimal(40)


async def test_pay_and_cancel_of_100_reserved_payments_at_once_hold_nothing_afterwards(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    created = await asyncio.gather(*(alice.create(bob, "1.00", reserve=True) for _ in range(100)))

    async def both(payment_id: str) -> list[httpx.Response]:
        return list(await asyncio.gather(alice.pay(payment_id), alice.cancel(payment_id)))

    answers = await asyncio.gather(*(both(one["id"]) for one in created))
    assert {answer.status_code for pair in answers for answer in pair} <= {202, 409}
    ended = await asyncio.gather(*(alice.settled(one["id"], within=60) for one in created))
    counted = Counter(one["status"] for one in ended)
    assert set(counted) <= {"paid", "cancelled"}
    assert await alice.held() == Decimal(0)
    assert await alice.balance() == Decimal(100 - counted["paid"])
    assert await bob.balance() == Decimal(counted["paid"])


async def test_a_scheduled_payment_is_paid_by_itself_or_called_off_before(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    first = await alice.create(bob, "10.00", execute_at=soon)
    second = await alice.create(bob, "10.00", execute_at=later)
    assert (first["status"], second["status"]) == ("scheduled", "scheduled")
    cancelled = await alice.cancel(second["id"])
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await alice.settled(first["id"], within=20))["status"] == "paid"
    assert await eventually(alice.balance, lambda left: left == Decimal(90)) == Decimal(90)
