"""What may be done to a payment in each of its states, and by whom: every cell of the table."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import CHECKED, Room

from payments.domain.payment import PaymentStatus
from payments.loops.expiry import sweep_once

Make = Callable[[Room, UUID, UUID], Awaitable[UUID]]
DAY = 24 * 3600


async def created(room: Room, payer: UUID, payee: UUID) -> UUID:
    return await room.create(payer, payee, "100.00")


async def scheduled(room: Room, payer: UUID, payee: UUID) -> UUID:
    at = room.clock.now() + timedelta(days=30)
    return await room.create(payer, payee, "100.00", execute_at=at.isoformat())


async def reserved(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await room.create(payer, payee, "100.00", reserve=True)
    await room.settle()
    return payment_id


async def out_of_time(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await created(room, payer, payee)
    room.clock.advance(DAY)
    return payment_id


async def being_checked(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await room.create(payer, payee, CHECKED)
    assert (await room.pay(payer, payment_id)).status_code == 202
    await room.settle()
    return payment_id


async def being_moved(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await created(room, payer, payee)
    room.wallet.is_silent = True
    assert (await room.pay(payer, payment_id)).status_code == 202
    await room.settle()
    room.wallet.is_silent = False
    return payment_id


async def being_undone(room: Room, payer: UUID, payee: UUID) -> UUID:
    room.wallet.is_silent = False
    payment_id = await being_checked(room, payer, payee)
    room.wallet.is_silent = True
    assert (await room.cancel(payer, payment_id)).status_code == 202
    return payment_id


async def paid(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await created(room, payer, payee)
    await room.pay(payer, payment_id)
    await room.settle()
    return payment_id


async def paid_in_part(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await reserved(room, payer, payee)
    await room.pay(payer, payment_id, json={"amount": "40.00"})
    await room.settle()
    return payment_id


async def given_back(room: Room, payer: UUID, payee: UUID, amount: str = "100.00") -> UUID:
    payment_id = await paid(room, payer, payee)
    path = f"/v1/payments/{payment_id}/refunds"
    [answer] = await room.carried(room.post(payee, path, json={"amount": amount}))
    assert answer.status_code == 202
    return payment_id


async def given_back_in_part(room: Room, payer: UUID, payee: UUID) -> UUID:
    return await given_back(room, payer, payee, "99.00")


async def failed(room: Room, payer: UUID, payee: UUID) -> UUID:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await paid(room, payer, payee)
    room.wallet.refuses = lambda _: None
    return payment_id


async def called_off(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await created(room, payer, payee)
    await room.cancel(payer, payment_id)
    return payment_id


async def expired(room: Room, payer: UUID, payee: UUID) -> UUID:
    payment_id = await out_of_time(room, payer, payee)
    await sweep_once(room.database)
    return payment_id


FINAL = {
    "pay": "payment_already_final",
    "pay 1.00": "payment_already_final",
    "cancel": "payment_already_final",
}
UNPAID = {"refund": "payment_not_paid", "refund 2.00": "payment_not_paid"}
OVER = {"refund": "refund_exceeds_payment", "refund 2.00": "refund_exceeds_payment"}
WHOLE = {"pay": 202, "pay 1.00": "only_reserved_may_be_paid_in_part", "cancel": 200}

# What the payer's pay and cancel, and the payee's refund, are answered: a status, or a refusal.
STATES: dict[Make, tuple[str, dict[str, int | str]]] = {
    created: ("created", WHOLE | UNPAID),
    scheduled: ("scheduled", WHOLE | UNPAID),
    reserved: ("created", {"pay": 202, "pay 1.00": 202, "cancel": 202} | UNPAID),
    out_of_time: (
        "created",
        {"pay": "payment_expired", "pay 1.00": "payment_expired", "cancel": 200} | UNPAID,
    ),
    being_checked: ("processing", {"pay": 202, "pay 1.00": 202, "cancel": 202} | UNPAID),
    being_moved: (
        "processing",
        {"pay": 202, "pay 1.00": 202, "cancel": "payment_being_captured"} | UNPAID,
    ),
    being_undone: (
        "processing",
        {
            "pay": "payment_being_cancelled",
            "pay 1.00": "payment_being_cancelled",
            "cancel": 202,
        }
        | UNPAID,
    ),
    paid: ("paid", FINAL | {"refund": 202, "refund 2.00": 202}),
    paid_in_part: ("paid", FINAL | {"refund": 202, "refund 2.00": 202}),
    given_back_in_part: (
        "paid",
        FINAL | {"refund": 202, "refund 2.00": "refund_exceeds_payment"},
    ),
    given_back: ("refunded", FINAL | OVER),
    failed: ("failed", FINAL | UNPAID),
    called_off: ("cancelled", FINAL | UNPAID),
    expired: ("cancelled", FINAL | UNPAID),
}
OPERATIONS = ("pay", "pay 1.00", "cancel", "refund", "refund 2.00")
NOT_YOURS = {
    "pay": "only_payer_may_pay",
    "cancel": "only_payer_may_cancel",
    "refund": "only_payee_may_refund",
}

each_state = pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)


async def do(room: Room, caller: UUID, payment_id: UUID, operation: str) -> int | str:
    """Do it, carry messages until that is answered; returns the status, or the refusal's code."""
    verb, _, amount = operation.partition(" ")
    path = {"refund": "refunds"}.get(verb, verb)
    body: Any = {"json": {"amount": amount}} if amount else {}
    call = room.post(caller, f"/v1/payments/{payment_id}/{path}", **body)
    # Only a refund waits for its end; the others are asked about as they stand.
    [answer] = await room.carried(call) if verb == "refund" else [await call]
    return str(answer.json()["code"]) if answer.status_code >= 400 else answer.status_code


def test_every_status_is_in_the_table() -> None:
    assert {status for status, _ in STATES.values()} == set(PaymentStatus)
    assert all(tuple(cells) == OPERATIONS for _, cells in STATES.values())


@each_state
async def test_payer_and_payee_may_do_what_the_state_allows(
    room: Room, alice: UUID, bob: UUID, make: Make
) -> None:
    status, expected = STATES[make]
    found = {}
    for operation in OPERATIONS:
        payment_id = await make(room, alice, bob)
        assert await room.status(alice, payment_id) == status
        caller = bob if operation.startswith("refund") else alice
        found[operation] = await do(room, caller, payment_id, operation)
    assert found == expected


@pytest.mark.check(49)
@each_state
async def test_what_is_refused_and_what_is_anothers_changes_nothing(
    room: Room, alice: UUID, bob: UUID, carol: UUID, make: Make
) -> None:
    _, expected = STATES[make]
    payment_id, admin = await make(room, alice, bob), await room.admin()
    seen = [await room.seen(one, payment_id) for one in (alice, bob, admin)]
    await room.settle()
    commands, told = len(room.wallet.heard), len(room.pump.broker.published)
    for operation in OPERATIONS:
        verb, is_refund = operation.partition(" ")[0], operation.startswith("refund")
        mine, other = (bob, alice) if is_refund else (alice, bob)
        assert await do(room, other, payment_id, operation) == NOT_YOURS[verb]
        assert await do(room, carol, payment_id, operation) == "payment_not_found"
        if not is_refund:
            assert await do(room, admin, payment_id, operation) == "payment_not_found"
        for caller in {mine, admin if is_refund else mine}:
            if isinstance(expected[operation], str):
                assert await do(room, caller, payment_id, operation) == expected[operation]
    await room.settle()
    assert (len(room.wallet.heard), len(room.pump.broker.published)) == (commands, told)
    assert [await room.seen(one, payment_id) for one in (alice, bob, admin)] == seen


@pytest.mark.parametrize("make", [paid, paid_in_part, given_back_in_part])
async def test_administrators_refund_what_the_payee_could(
    room: Room, alice: UUID, bob: UUID, make: Make
) -> None:
    payment_id, admin = await make(room, alice, bob), await room.admin()
    assert await do(room, admin, payment_id, "refund 2.00") == STATES[make][1]["refund 2.00"]
    assert await do(room, admin, payment_id, "refund") == 202
    assert await room.status(alice, payment_id) == "refunded"
