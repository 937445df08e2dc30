"""A service takes payments back and refunds parts: each once, whatever comes first or twice."""

from uuid import UUID

import pytest
import respx
from tests.integration.payments.merchants import Shop, refunding, returning, taking
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from contracts.payments import PaymentRefunded, PaymentReturned, RefundMade, RefundNotMade
from contracts.wallet import SHOP, CaptureHold, Transfer
from kit.ids import new_id
from payments.domain.refunds import MOST_REFUNDS

LARGE = int(CHECKED.replace(".", ""))


@pytest.fixture
def shop(room: Room) -> Shop:
    return Shop(room)


def taken_in(room: Room) -> int:
    """Return how much wallet was asked to move to the shop, in minor units."""
    return sum(
        command.amount_minor
        for command in room.wallet.heard
        if isinstance(command, Transfer | CaptureHold) and command.payee.owner_id == SHOP
    )


def _returned(shop: Shop) -> set[UUID]:
    """Return the commands to return payments that were answered."""
    return {one.in_reply_to for one in shop.answers if isinstance(one, PaymentReturned)}


def given_back(room: Room) -> int:
    """Return how much wallet was asked to give back, in minor units, repeated commands once."""
    known = {
        command.transfer_id: command.amount_minor
        for command in room.wallet.heard
        if isinstance(command, Transfer) and command.payer.owner_id == SHOP
    }
    return sum(known.values())


async def test_one_under_way_is_undone(
    room: Room, shop: Shop, alice: UUID, outside: respx.MockRouter
) -> None:
    payment_id = await shop.takes(alice, LARGE)
    assert shop.codes(await shop.asks(returning(payment_id))) == ["undone", "PaymentReturned"]
    assert await room.status(alice, payment_id) == "cancelled"
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]


async def test_one_that_failed_is_returned_already(room: Room, shop: Shop, alice: UUID) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await shop.takes(alice)
    assert shop.codes(await shop.asks(returning(payment_id))) == ["PaymentReturned"]
    assert given_back(room) == 0


async def test_one_that_was_refused_is_returned_already(
    room: Room, shop: Shop, alice: UUID, bob: UUID
) -> None:
    payment_id = await shop.takes(alice, payee_id=bob)
    assert shop.codes(await shop.asks(returning(payment_id))) == ["PaymentReturned"]


async def test_one_that_can_not_be_undone_any_more_is_refunded_once_it_is_paid(
    room: Room, shop: Shop, alice: UUID
) -> None:
    room.wallet.is_silent = True
    payment_id = await shop.takes(alice)
    command = returning(payment_id)
    assert await shop.asks(command, command) == []
    room.wallet.is_silent = False
    await room.wake(31)
    assert shop.codes(shop.answers) == ["PaymentTaken", "PaymentReturned"]
    assert given_back(room) == 1000
    assert shop.codes(await shop.asks(command)) == ["PaymentReturned"]
    assert given_back(room) == 1000


async def test_a_refund_under_way_is_waited_for_and_never_made_twice(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    room.wallet.is_silent = True
    command = returning(payment_id)
    assert await shop.asks(command, command) == []
    assert await shop.asks(command) == []
    room.wallet.is_silent = False
    room.clock.advance(31)
    for engine in room.service.state.wiring.refunds.values():
        await engine.wake_due(room.database)
    await room.settle()
    assert shop.codes(shop.answers) == ["PaymentTaken", "PaymentReturned"]
    assert await room.count("refund") == 1


async def test_a_merchant_without_money_is_asked_anew_at_the_next_repetition(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    room.wallet.refuses = lambda _: "insufficient_funds"
    command = returning(payment_id)
    assert await shop.asks(command) == []
    assert await shop.asks(command) == []
    room.wallet.refuses = lambda _: None
    assert shop.codes(await shop.asks(command)) == ["PaymentReturned"]
    assert await room.status(alice, payment_id) == "refunded"


async def test_what_is_left_is_returned_and_answers_the_latest_command(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    await shop.asks(refunding(payment_id, 300))
    command = returning(payment_id)
    [answer] = await shop.asks(command)
    assert answer.in_reply_to == command.command_id
    assert given_back(room) == 1000
    assert [one.message.amount_minor for one in room.published(PaymentRefunded)] == [300, 700]  # type: ignore[attr-defined]


@pytest.mark.parametrize("rounds", range(8))
async def test_wherever_a_return_meets_its_payment_nothing_stays_with_the_merchant(
    room: Room, shop: Shop, alice: UUID, outside: respx.MockRouter, rounds: int
) -> None:
    outside.post(ONE).respond(json={"verdict": "ok"})
    outside.post(TWO).respond(json={"verdict": "ok"})
    plain, checked = taking(alice), taking(alice, LARGE)
    shop.send(plain, checked)
    for _ in range(rounds // 2):
        await room.pump.step()
    if rounds % 2:
        await room.check()
    commands = [returning(plain.payment_id), returning(checked.payment_id)]
    shop.send(*commands)
    await room.settle()
    await room.check()
    assert _returned(shop) == {command.command_id for command in commands}
    assert given_back(room) == taken_in(room)


@pytest.mark.parametrize("is_return_first", [True, False])
async def test_of_a_payment_and_its_return_at_once_the_first_decides(
    room: Room, shop: Shop, alice: UUID, *, is_return_first: bool
) -> None:
    taken = taking(alice)
    back = returning(taken.payment_id)
    await shop.asks(*([back, taken] if is_return_first else [taken, back]))
    kinds = shop.codes(shop.answers)
    if is_return_first:
        assert kinds == ["PaymentReturned", "undone"]
        assert room.wallet.heard == []
    else:
        assert kinds[-1] == "PaymentReturned"
        assert given_back(room) == taken_in(room)


async def test_a_part_is_refunded_and_answered_for(room: Room, shop: Shop, alice: UUID) -> None:
    payment_id = await shop.takes(alice)
    command = refunding(payment_id, 300, reason="One was broken")
    assert await shop.asks(command) == [
        RefundMade(in_reply_to=command.command_id, refund_id=command.refund_id)
    ]
    seen = await room.get(alice, f"/v1/payments/{payment_id}/refunds/{command.refund_id}")
    assert (seen.json()["status"], seen.json()["amount"]) == ("completed", "3.00")
    assert seen.json()["reason"] == "One was broken"
    assert await shop.asks(command) == shop.answers[-1:]
    assert given_back(room) == 300


async def test_a_refund_asked_for_again_while_it_is_under_way_is_answered_when_it_ends(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    room.wallet.is_silent = True
    command = refunding(payment_id, 300)
    assert await shop.asks(command, command) == []
    room.wallet.is_silent = False
    room.clock.advance(31)
    for engine in room.service.state.wiring.refunds.values():
        await engine.wake_due(room.database)
    await room.settle()
    assert shop.codes(shop.answers) == ["PaymentTaken", "RefundMade"]
    assert given_back(room) == 300


async def test_refunds_never_exceed_what_was_paid(room: Room, shop: Shop, alice: UUID) -> None:
    payment_id = await shop.takes(alice)
    commands = [refunding(payment_id, 300) for _ in range(5)]
    answers = await shop.asks(*commands)
    assert sorted(shop.codes(answers)) == ["RefundMade"] * 3 + ["refund_exceeds_payment"] * 2
    assert given_back(room) == 900
    again = await shop.asks(*commands)
    assert sorted(shop.codes(again)) == sorted(shop.codes(answers))


async def test_what_the_wallet_refuses_is_not_refunded(room: Room, shop: Shop, alice: UUID) -> None:
    payment_id = await shop.takes(alice)
    room.wallet.refuses = lambda _: "insufficient_funds"
    command = refunding(payment_id, 300)
    answer = RefundNotMade(
        in_reply_to=command.command_id, refund_id=command.refund_id, code="insufficient_funds"
    )
    assert await shop.asks(command) == [answer]
    room.wallet.refuses = lambda _: None
    assert await shop.asks(command) == [answer]
    assert (await room.seen(alice, payment_id))["refunded_amount"] == "0.00"


async def test_what_can_not_be_refunded_is_not_said_to_be_returned(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    await shop.asks(*[refunding(payment_id, 1) for _ in range(MOST_REFUNDS)])
    command = returning(payment_id)
    assert await shop.asks(command) == []
    assert await room.status(alice, payment_id) == "paid"
    assert await room.count("letter") == 0


async def test_only_merchants_payments_are_refunded_or_returned_so(
    room: Room, shop: Shop, alice: UUID, bob: UUID
) -> None:
    between = await room.create(alice, bob)
    await room.pay(alice, between)
    await room.settle()
    answers = await shop.asks(refunding(between, 100), refunding(new_id(), 100))
    assert shop.codes(answers) == ["payment_not_found", "payment_not_found"]
    for _ in range(2):
        assert shop.codes(await shop.asks(returning(between))) == ["PaymentReturned"]
    assert shop.codes(await shop.asks(taking(alice, payment_id=between))) == ["undone"]
    assert await room.status(alice, between) == "paid"


async def test_one_that_is_not_paid_is_not_refunded(room: Room, shop: Shop, alice: UUID) -> None:
    room.wallet.is_silent = True
    payment_id = await shop.takes(alice)
    assert shop.codes(await shop.asks(refunding(payment_id, 100))) == ["payment_not_paid"]


async def test_an_administrator_refunds_it_as_any_other(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice)
    admin = await room.admin()
    call = room.post(admin, f"/v1/payments/{payment_id}/refunds", json={"amount": "4.00"})
    [answer] = await room.carried(call)
    assert answer.status_code in (201, 202), answer.text
    await room.settle()
    [refunded] = room.published(PaymentRefunded)
    assert refunded.message.amount_minor == 400  # type: ignore[attr-defined]
    assert shop.codes(shop.answers) == ["PaymentTaken"]
    assert shop.codes(await shop.asks(returning(payment_id))) == ["PaymentReturned"]
    assert given_back(room) == 1000


async def test_workers_with_the_same_commands_take_each_once(
    room: Room, shop: Shop, alice: UUID
) -> None:
    commands = [taking(alice) for _ in range(10)]
    await shop.at_once(commands, commands[::-1], commands[5:])
    await room.settle()
    assert await room.count("payment") == 10
    assert await room.count("letter") == 0
    moved = {one.transfer_id for one in room.wallet.heard if isinstance(one, Transfer)}
    assert len(moved) == 10


async def test_workers_that_take_and_return_at_once_leave_the_merchant_nothing(
    room: Room, shop: Shop, alice: UUID
) -> None:
    taken = [taking(alice) for _ in range(20)]
    back = [returning(one.payment_id) for one in taken]
    await shop.at_once(taken[:10], back[::-1], taken[10:])
    await room.settle()
    await shop.asks(*back)
    assert await room.count("letter") == 0
    assert _returned(shop) == {command.command_id for command in back}
    assert given_back(room) == taken_in(room)


async def test_workers_that_return_and_refund_at_once_give_back_what_was_paid(
    room: Room, shop: Shop, alice: UUID
) -> None:
    paid = [await shop.takes(alice) for _ in range(5)]
    back = [returning(payment_id) for payment_id in paid]
    parts = [refunding(payment_id, 300) for payment_id in reversed(paid)]
    await shop.at_once(back, parts, parts, back)
    await room.settle()
    assert await room.count("letter") == 0
    assert _returned(shop) == {command.command_id for command in back}
    assert given_back(room) == taken_in(room) == 5000
