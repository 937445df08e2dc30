"""A service takes a payment for a merchant: how it is answered, and that it is taken once."""

import asyncio
from uuid import UUID

import pytest
import respx
from tests.integration.payments.merchants import Shop, refunding, returning, taking
from tests.integration.payments.room import CHECKED, ONE, TWO, Room, opened
from tests.integration.payments.test_limits import limit, used

from contracts.auth import UserChanged, UserRegistered
from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentFailed,
    PaymentNotTaken,
    PaymentPaid,
    PaymentReturned,
    PaymentTaken,
)
from contracts.wallet import SHOP, AccountRef, Transfer
from kit import context
from kit.ids import new_id
from kit.messaging.messages import Command
from testkit.conditions import until, waits
from testkit.databases import Cluster


@pytest.fixture
def shop(room: Room) -> Shop:
    return Shop(room)


async def test_a_payment_is_taken_and_answered_once_the_money_has_moved(
    room: Room, shop: Shop, alice: UUID
) -> None:
    command = taking(alice, 1500)
    answers = await shop.asks(command)
    assert answers == [
        PaymentTaken(in_reply_to=command.command_id, payment_id=command.payment_id, method="wallet")
    ]
    [transfer] = room.wallet.heard
    assert isinstance(transfer, Transfer)
    assert (transfer.payer, transfer.payee) == (
        AccountRef(owner_id=alice),
        AccountRef(owner_id=SHOP),
    )
    assert (transfer.amount_minor, transfer.description) == (1500, "Order 7")
    [created], [paid] = room.published(PaymentCreated), room.published(PaymentPaid)
    assert (created.sequence, paid.sequence) == (1, 2)
    [reply] = room.published(PaymentTaken)
    assert reply.subject == str(command.payment_id)


async def test_its_payer_sees_it_and_what_it_has_paid(room: Room, shop: Shop, alice: UUID) -> None:
    order_id = new_id()
    payment_id = await shop.takes(alice, 1500, reference=str(order_id))
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["amount"], seen["order_id"]) == ("paid", "15.00", str(order_id))
    assert seen["payee"] == {"user_id": str(SHOP), "username": None, "wallet_id": None}
    assert (await room.get(new_id(), f"/v1/payments/{payment_id}")).status_code == 404


async def test_what_the_wallet_refuses_is_not_taken(room: Room, shop: Shop, alice: UUID) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    command = taking(alice)
    [answer] = await shop.asks(command)
    assert answer == PaymentNotTaken(
        in_reply_to=command.command_id,
        payment_id=command.payment_id,
        method="wallet",
        code="insufficient_funds",
    )
    assert await room.status(alice, command.payment_id) == "failed"


async def test_the_same_command_again_is_answered_as_things_stand_and_takes_nothing_more(
    room: Room, shop: Shop, alice: UUID
) -> None:
    room.wallet.is_silent = True
    taken = taking(alice)
    assert await shop.asks(taken, taken) == []
    assert await shop.asks(taken) == []
    room.wallet.is_silent = False
    await room.wake(31)
    assert shop.codes(shop.answers) == ["PaymentTaken"]
    assert shop.codes(await shop.asks(taken)) == ["PaymentTaken"]
    assert await room.count("payment") == 1
    assert len(room.published(PaymentPaid)) == 1


async def test_a_refusal_stays_one_whatever_has_changed_since(
    room: Room, shop: Shop, alice: UUID
) -> None:
    known = {"user_id": alice, "number": 1, "username": "alice", "roles": ("user",)}
    await room.told(UserChanged(**known, status="disabled"), 2)
    command = taking(alice)
    assert shop.codes(await shop.asks(command)) == ["payer_not_active"]
    await room.told(UserChanged(**known, status="active"), 3)
    assert shop.codes(await shop.asks(command)) == ["payer_not_active"]
    assert await room.count("payment") == 0


async def test_those_refused_spoil_nothing_for_the_others_of_their_batch(
    room: Room, shop: Shop, alice: UUID, bob: UUID, carol: UUID
) -> None:
    await limit(room, bob, per_payment="9.99")
    await room.told(
        UserChanged(user_id=carol, number=1, username="carol", status="disabled", roles=("user",)),
        2,
    )
    payers = [alice, bob, carol, alice]
    commands = [taking(payer) for payer in payers]
    answers = await shop.asks(*commands)
    known = {answer.payment_id: answer for answer in answers}  # type: ignore[attr-defined]
    assert shop.codes([known[one.payment_id] for one in commands]) == [
        "PaymentTaken",
        "limit_per_payment",
        "payer_not_active",
        "PaymentTaken",
    ]
    assert await room.count("letter") == 0


async def test_of_a_batch_exactly_as_much_is_taken_as_the_day_allows(
    room: Room, shop: Shop, alice: UUID
) -> None:
    await limit(room, alice, per_day="35.00")
    answers = await shop.asks(*[taking(alice) for _ in range(5)])
    assert sorted(shop.codes(answers)) == ["PaymentTaken"] * 3 + ["limit_per_day"] * 2
    assert await used(room, alice) == "30.00"
    failed = [one.message for one in room.published(PaymentFailed)]
    assert len(failed) == 2


async def test_everybodys_limits_hold_for_it_too(cluster: Cluster) -> None:
    async with opened(cluster, limit_per_payment="9.00") as room:
        alice = await room.arrives("alice")
        shop = Shop(room)
        assert shop.codes(await shop.asks(taking(alice))) == ["limit_per_payment"]


async def test_large_amounts_are_checked_outside(
    room: Room, shop: Shop, alice: UUID, outside: respx.MockRouter
) -> None:
    outside.post(ONE).respond(json={"verdict": "ok"})
    no = outside.post(TWO).respond(json={"verdict": "denied", "reason": "sanctions"})
    minor = int(CHECKED.replace(".", ""))
    assert await shop.asks(taking(alice, minor)) == []
    await room.check()
    assert no.called
    assert shop.codes(shop.answers) == ["check_denied"]
    assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]


async def test_who_is_not_known_yet_or_not_known_to_be_active_can_pay(
    room: Room, shop: Shop
) -> None:
    pending = await room.arrives("dora", status="pending")
    answers = await shop.asks(taking(pending), taking(new_id()))
    assert shop.codes(answers) == ["PaymentTaken", "PaymentTaken"]


async def test_an_id_that_is_another_payments_is_a_dead_letter(
    room: Room, shop: Shop, alice: UUID, bob: UUID
) -> None:
    between = await room.create(alice, bob)
    assert await shop.asks(taking(alice, payment_id=between)) == []
    assert (await room.count("letter"), await room.count("merchant_payment")) == (1, 0)
    assert await room.status(alice, between) == "created"


async def test_only_a_merchant_is_paid_so(room: Room, shop: Shop, alice: UUID, bob: UUID) -> None:
    assert shop.codes(await shop.asks(taking(alice, payee_id=bob))) == ["payee_not_found"]
    assert await room.count("payment") == 0


async def test_nobody_names_a_merchant_as_payee(
    room: Room, shop: Shop, alice: UUID, outside: respx.MockRouter
) -> None:
    outside.get("http://auth.test/internal/users").respond(404)
    outside.post("http://auth.test/v1/auth/token").respond(
        json={"access_token": "t", "token_type": "bearer", "expires_in": 300}
    )
    account = await room.opens(SHOP)
    for payee in ({"user_id": str(SHOP)}, {"wallet_id": str(account)}):
        answer = await room.post(alice, "/v1/payments", json={"payee": payee, "amount": "1.00"})
        assert (answer.status_code, answer.json()["code"]) == (422, "payee_not_found")


async def test_its_payer_may_cancel_it_while_it_is_under_way(
    room: Room, shop: Shop, alice: UUID, outside: respx.MockRouter
) -> None:
    command = taking(alice, int(CHECKED.replace(".", "")))
    await shop.asks(command)
    assert (await room.cancel(alice, command.payment_id)).status_code == 202
    await room.settle()
    assert shop.codes(shop.answers) == ["cancelled_by_payer"]
    assert await room.status(alice, command.payment_id) == "cancelled"


async def test_many_are_taken_by_as_many_statements_as_one(
    room: Room, shop: Shop, alice: UUID
) -> None:
    async def statements(payments: int) -> int:
        before = room.database.statements
        await shop.asks(*[taking(alice) for _ in range(payments)])
        return room.database.statements - before

    await statements(1)
    assert await statements(1) == await statements(40)


async def test_only_the_ends_of_merchants_payments_are_looked_up(
    room: Room, shop: Shop, alice: UUID, bob: UUID
) -> None:
    async def statements_of_the_end() -> int:
        statements, paid = [room.database.statements], len(room.published(PaymentPaid))
        while len(room.published(PaymentPaid)) == paid:
            await room.pump.step()
            statements.append(room.database.statements)
        return statements[-2] - statements[-3]  # the last step has sent what the end emitted

    await room.pay(alice, await room.create(alice, bob))
    others = await statements_of_the_end()
    shop.send(taking(alice))
    assert await statements_of_the_end() == others + 1


async def test_a_card_number_in_a_text_of_a_service_is_left_out(
    room: Room, shop: Shop, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, description="Toy card 4111 1111 1111 1111")
    assert (await room.seen(alice, payment_id))["description"] is None
    refund = refunding(payment_id, 100, reason="Toy card 4111 1111 1111 1111")
    assert shop.codes(await shop.asks(refund)) == ["RefundMade"]
    seen = await room.get(alice, f"/v1/payments/{payment_id}/refunds/{refund.refund_id}")
    assert seen.json()["reason"] is None


async def test_what_follows_from_a_command_is_of_its_trace_in_a_batch_too(
    room: Room, shop: Shop, alice: UUID
) -> None:
    def send(command: Command) -> None:
        with context.bind(correlation_id=str(command.command_id)):
            shop.send(command)

    first, second = taking(alice), taking(alice)
    send(first)
    send(second)
    await room.settle()
    parts = [refunding(one.payment_id, 100) for one in (first, second)]
    for command in (first, *parts, second):
        send(command)
    await room.settle()
    back = [returning(one.payment_id) for one in (first, second)]
    for command in back:
        send(command)
    await room.settle()
    seen = {one.correlation_id for one in room.published(PaymentCreated)}
    assert seen == {str(first.command_id), str(second.command_id)}
    moved = [one.correlation_id for one in room.published(Transfer)]
    assert moved == [str(one.command_id) for one in (first, second, *parts, *back)]
    again = [one.correlation_id for one in room.published(PaymentTaken)][2:]
    assert again == [str(first.command_id), str(second.command_id)]


async def test_who_wants_no_answer_gets_none(room: Room, shop: Shop, alice: UUID) -> None:
    command = taking(alice)
    shop.send(command, reply_to=None)
    await room.settle()
    assert shop.answers == []
    assert await room.status(alice, command.payment_id) == "paid"


async def test_a_faulty_command_is_a_dead_letter_and_holds_up_no_other(
    room: Room, shop: Shop, alice: UUID
) -> None:
    answers = await shop.asks(taking(alice, reference="not an id"), taking(alice))
    assert shop.codes(answers) == ["PaymentTaken"]
    assert await room.count("letter") == 1


async def test_who_is_closed_at_that_very_moment_is_refused_at_the_next_try(
    room: Room, shop: Shop, alice: UUID
) -> None:
    gone = new_id()  # closed before payments has heard of them
    await room.as_owner(f"INSERT INTO closed_party VALUES ('{gone}', now())")
    lost = taking(gone)
    assert shop.codes(await shop.asks(taking(alice), lost, taking(alice))) == ["PaymentTaken"] * 2
    await room.told(UserRegistered(user_id=gone, number=1, username="gone", status="active"))
    room.clock.advance(60)
    await room.retry()
    [answer] = [one for one in shop.answers if one.in_reply_to == lost.command_id]
    assert shop.codes([answer]) == ["payer_not_active"]


async def test_a_paid_one_is_returned_whole(room: Room, shop: Shop, alice: UUID) -> None:
    payment_id = await shop.takes(alice, 1500)
    command = returning(payment_id)
    assert await shop.asks(command) == [
        PaymentReturned(in_reply_to=command.command_id, payment_id=payment_id)
    ]
    back = room.wallet.heard[-1]
    assert isinstance(back, Transfer)
    assert (back.payer.owner_id, back.payee.owner_id) == (SHOP, alice)
    assert (back.amount_minor, back.kind) == (1500, "refund")
    assert await room.status(alice, payment_id) == "refunded"


async def test_what_is_returned_before_it_is_taken_is_never_taken(
    room: Room, shop: Shop, alice: UUID
) -> None:
    taken = taking(alice)
    assert shop.codes(await shop.asks(returning(taken.payment_id))) == ["PaymentReturned"]
    assert shop.codes(await shop.asks(taken)) == ["undone"]
    assert shop.codes(await shop.asks(returning(taken.payment_id))) == ["PaymentReturned"]
    assert await room.count("payment") == 0
    assert room.published(PaymentCreated, PaymentCancelled) == []


async def test_payments_of_a_batch_are_locked_in_id_order_whatever_is_asked_of_them(
    room: Room, shop: Shop, alice: UUID
) -> None:
    """The later one is returned first; else two batches would wait for each other for ever."""
    first, later = taking(alice), taking(alice)
    await shop.asks(first, later)
    locked = "SELECT 1 FROM payment WHERE id = $1 FOR NO KEY UPDATE"
    async with asyncio.TaskGroup() as group, room.database.unit_of_work() as uow:
        await uow.fetch(locked, first.payment_id)
        group.create_task(shop.at_once([returning(later.payment_id), first]))
        await until(waits(room.database))
        assert await uow.fetch(f"{locked} NOWAIT", later.payment_id)
    assert shop.codes(await shop.asks(first)) == ["PaymentTaken", "PaymentTaken", "PaymentReturned"]
