import asyncio
from collections import Counter
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import CHECKED, ONE, PAYEE_ENTRY, PAYER_ENTRY, TWO, Room

from contracts.auth import UserChanged
from contracts.payments import PaymentCreated, PaymentFailed, PaymentPaid
from contracts.wallet import CaptureHold, PlaceHold, ReleaseHold, Transfer, TransferPosted
from kit.ids import new_id
from testkit.pump import sent

YES = httpx.Response(200, json={"verdict": "ok"})
NO = httpx.Response(200, json={"verdict": "denied", "reason": "on a list"})
BUSY = httpx.Response(503)


async def test_a_payment_is_on_its_way_then_paid(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.pay(alice, payment_id)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/payments/{payment_id}"
    assert answer.json()["status"] == "processing"
    [asked] = await sent(room.database, Transfer)
    assert (asked.reply_to, asked.subject) == ("payments", str(payment_id))
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("paid", None)
    assert seen["transfer_id"]
    assert seen["processing_at"]
    assert seen["paid_at"]
    assert room.wallet.kinds == ["Transfer"]
    events = room.published(PaymentCreated, PaymentPaid)
    assert [(e.type, e.sequence) for e in events] == [
        ("payments.payment_created.v1", 1),
        ("payments.payment_paid.v1", 2),
    ]


async def test_the_event_of_a_paid_payment_says_what_has_moved_so_that_wallet_need_not(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "10.00", description="Dinner")
    await room.pay(alice, payment_id)
    [envelope] = await sent(room.database, Transfer)
    asked = envelope.message
    assert isinstance(asked, Transfer)
    assert asked.is_told_by_asker
    await room.settle()
    [told] = room.published(PaymentPaid)
    assert isinstance(told.message, PaymentPaid)
    moved = told.message.movement
    assert moved is not None
    assert (moved.transfer_id, moved.posted_at) == (asked.transfer_id, room.clock.now())
    assert (moved.kind, moved.reference) == (asked.kind, asked.reference)
    assert (moved.description, moved.currency) == ("Dinner", "RUB")
    assert [(e.owner_id, e.seq, e.amount_minor, e.balance_after_minor) for e in moved.entries] == [
        (alice, PAYER_ENTRY.seq, -1_000, PAYER_ENTRY.balance_after_minor),
        (bob, PAYEE_ENTRY.seq, 1_000, PAYEE_ENTRY.balance_after_minor),
    ]


async def test_many_paid_at_once_share_a_message_for_each_step(
    room: Room, alice: UUID, bob: UUID
) -> None:
    made = await asyncio.gather(*(room.create(alice, bob, "1.00") for _ in range(32)))
    await asyncio.gather(*(room.pay(alice, payment_id) for payment_id in made))
    await room.settle()
    told = room.published(PaymentCreated, Transfer, TransferPosted, PaymentPaid)
    assert Counter(one.type for one in told) == {
        PaymentCreated.type: 32,
        Transfer.type: 32,
        TransferPosted.type: 32,
        PaymentPaid.type: 32,
    }
    assert len(room.pump.broker.published) == 4


async def test_where_wallet_says_nothing_of_entries_it_tells_of_the_movement_itself(
    room: Room, alice: UUID, bob: UUID
) -> None:
    """So does one of the version before."""
    room.wallet.knows_entries = False
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id)
    await room.settle()
    [told] = room.published(PaymentPaid)
    assert isinstance(told.message, PaymentPaid)
    assert told.message.movement is None


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen", "wallet_not_found"])
async def test_a_payment_the_wallet_refuses_fails_with_its_reason(
    room: Room, alice: UUID, bob: UUID, code: str
) -> None:
    room.wallet.refuses = lambda _: code
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id)
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"], seen["paid_at"]) == ("failed", code, None)
    assert seen["reason_label"]
    [failed] = room.published(PaymentFailed)
    assert isinstance(failed.message, PaymentFailed)
    assert (failed.message.reason, failed.sequence) == (code, 2)
    assert "reason" not in (await room.seen(bob, payment_id))


async def test_paying_ten_times_at_once_asks_the_wallet_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answers = await asyncio.gather(*(room.pay(alice, payment_id) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {202: 10}
    await room.settle()
    assert room.wallet.kinds == ["Transfer"]
    again = await room.pay(alice, payment_id)
    assert (again.status_code, again.json()["code"]) == (409, "payment_already_final")
    assert len(room.published(PaymentPaid)) == 1


async def test_the_payee_may_not_pay_and_to_strangers_there_is_nothing(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.pay(bob, payment_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "only_payer_may_pay")
    strange, missing = await room.pay(carol, payment_id), await room.pay(carol, new_id())
    assert strange.status_code == missing.status_code == 404
    own = {"instance", "request_id"}
    assert {k: v for k, v in strange.json().items() if k not in own} == {
        k: v for k, v in missing.json().items() if k not in own
    }
    assert (await room.seen(alice, payment_id))["status"] == "created"


async def test_a_payment_past_its_time_can_not_be_paid(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await room.create(alice, bob)
    room.clock.advance(24 * 3600)
    answer = await room.pay(alice, payment_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_expired")


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("payer", (403, "payer_not_active")), ("payee", (422, "payee_not_active"))],
)
async def test_a_payment_of_or_to_somebody_disabled_since_can_not_be_paid(
    room: Room, alice: UUID, bob: UUID, who: str, refusal: tuple[int, str]
) -> None:
    payment_id = await room.create(alice, bob)
    user_id = {"payer": alice, "payee": bob}[who]
    changed = UserChanged(
        user_id=user_id, number=1, username="gone", status="disabled", roles=("user",)
    )
    await room.told(changed, sequence=2)
    answer = await room.pay(alice, payment_id)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert (await room.seen(alice, payment_id))["status"] == "created"


class TestChecked:
    """Payments of CHECKED and more are held, checked outside, and captured."""

    async def test_both_say_yes(
        self, room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
    ) -> None:
        outside.post(ONE).mock(return_value=YES)
        outside.post(TWO).mock(side_effect=[BUSY, BUSY, YES])
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        assert (await room.seen(alice, payment_id))["status"] == "processing"
        await room.check()
        assert (await room.seen(alice, payment_id))["status"] == "paid"
        assert room.wallet.kinds == ["PlaceHold", "CaptureHold"]
        place, capture = room.wallet.heard
        assert isinstance(place, PlaceHold)
        assert isinstance(capture, CaptureHold)
        assert place.hold_id == capture.hold_id

    async def test_one_says_no(
        self, room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
    ) -> None:
        outside.post(ONE).mock(return_value=YES)
        outside.post(TWO).mock(return_value=NO)
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        await room.check()
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["failure_reason"]) == ("failed", "check_denied")
        assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]

    async def test_one_does_not_answer_in_time(
        self, room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
    ) -> None:
        outside.post(ONE).mock(return_value=BUSY)
        outside.post(TWO).mock(return_value=YES)
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        await room.check()
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["failure_reason"]) == ("failed", "check_unavailable")
        assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]

    async def test_nobody_does_the_check(self, room: Room, alice: UUID, bob: UUID) -> None:
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        await room.wake(10)
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["failure_reason"]) == ("failed", "check_unavailable")
        assert room.wallet.kinds == ["PlaceHold", "ReleaseHold"]

    async def test_the_money_is_not_there(self, room: Room, alice: UUID, bob: UUID) -> None:
        room.wallet.refuses = lambda _: "insufficient_funds"
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["failure_reason"]) == ("failed", "insufficient_funds")
        assert room.wallet.kinds == ["PlaceHold"]

    async def test_a_wallet_that_never_answers_has_its_hold_taken_back(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        room.wallet.is_silent = True
        payment_id = await room.create(alice, bob, CHECKED)
        await room.pay(alice, payment_id)
        await room.settle()
        await room.wake(30)
        room.wallet.is_silent = False
        await room.wake(30)
        place, release, *more = room.wallet.heard
        assert isinstance(place, PlaceHold)
        assert isinstance(release, ReleaseHold)
        assert release.undo_of == place.command_id
        assert {type(command) for command in more} == {ReleaseHold}
        seen = await room.seen(alice, payment_id)
        assert (seen["status"], seen["failure_reason"]) == ("failed", "wallet_unavailable")


async def test_a_reply_that_comes_twice_or_late_changes_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id)
    await room.settle()
    before = await room.seen(alice, payment_id)
    room.wallet.refuses = lambda _: "insufficient_funds"
    replies = [p for p in room.pump.broker.published if p.exchange == "saldo.replies"]
    for reply in replies:
        room.pump.broker.put("payments.replies", reply)
    await room.settle()
    assert await room.seen(alice, payment_id) == before
    assert len(room.published(PaymentPaid)) == 1


async def test_many_payments_are_finished_by_as_many_statements_as_one(
    room: Room, alice: UUID, bob: UUID
) -> None:
    async def statements(payments: int) -> int:
        for _ in range(payments):
            await room.pay(alice, await room.create(alice, bob))
        before = room.database.statements
        await room.settle()
        return room.database.statements - before

    assert await statements(1) == await statements(40)


async def test_requests_that_arrive_together_share_their_statements(
    room: Room, alice: UUID, bob: UUID
) -> None:
    before = room.database.statements
    payments = await asyncio.gather(*(room.create(alice, bob) for _ in range(20)))
    created = room.database.statements
    assert created - before < 20
    await asyncio.gather(*(room.pay(alice, payment_id) for payment_id in payments))
    assert room.database.statements - created < 20
    await room.settle()
    assert {await room.status(alice, payment_id) for payment_id in payments} == {"paid"}
    created_in_order = room.published(PaymentCreated)
    assert len({event.traceparent for event in created_in_order}) == 20


async def test_those_who_may_not_pay_are_refused_beside_those_who_may(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    mine, twice, cancelled = [await room.create(alice, bob) for _ in range(3)]
    await room.cancel(alice, cancelled)
    answers = await asyncio.gather(
        room.pay(alice, mine),
        room.pay(bob, mine),
        room.pay(carol, mine),
        room.pay(alice, twice),
        room.pay(alice, twice),
        room.pay(alice, cancelled),
        room.pay(alice, new_id()),
    )
    assert [answer.status_code for answer in answers] == [202, 403, 404, 202, 202, 409, 404]
    await room.settle()
    assert room.wallet.kinds == ["Transfer", "Transfer"]


async def test_those_who_may_not_be_paid_are_refused_beside_those_who_may(
    room: Room, alice: UUID, bob: UUID
) -> None:
    bodies = [{"payee": {"user_id": str(payee)}, "amount": "1.00"} for payee in (bob, alice, bob)]
    answers = await asyncio.gather(
        *(room.post(alice, "/v1/payments", json=body) for body in bodies)
    )
    assert [answer.status_code for answer in answers] == [201, 422, 201]
    assert room.published(PaymentCreated) == []
    await room.settle()
    assert len(room.published(PaymentCreated)) == 2


async def test_what_becomes_of_a_payment_is_logged_without_names_and_notes(
    room: Room, alice: UUID, bob: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    payment_id = await room.create(
        alice, bob, description="a secret", card_holder="ALICE LIDDELL", metadata={"a": "note"}
    )
    await room.pay(alice, payment_id)
    await room.settle()
    logged = "".join(capsys.readouterr())
    for event in ("payment_created", "payment_paid"):
        [line] = [line for line in logged.splitlines() if event in line and "amount" in line]
        assert str(payment_id) in line
    for private in ("a secret", "LIDDELL", "note"):
        assert private not in logged


async def test_paying_is_few_statements(room: Room, alice: UUID, bob: UUID) -> None:
    before = room.database.statements
    payment_id = await room.create(alice, bob)
    created = room.database.statements
    await room.pay(alice, payment_id)
    assert created - before == 3  # who they are; the payment; its event
    assert room.database.statements - created <= 4  # claim; saga and its log; the command
