"""The saga of a refund as given and expect: it is asked for until it is answered."""

from datetime import UTC, datetime, timedelta

from contracts.payments import RefundMade, RefundNotMade, RefundPayment
from kit.ids import new_id
from kit.saga.decide import begin, decide
from kit.saga.state import Decision, Phase, Replied, TimePassed, UndoWanted
from shop.domain.refunds import OrderRefund, OrderRefundStatus
from shop.sagas.refund import ORDER_REFUND, refund_facts

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
REFUND = OrderRefund(
    id=new_id(),
    order_id=new_id(),
    payment_id=new_id(),
    status=OrderRefundStatus.PROCESSING,
    amount_minor=2_500,
    reason="Scratched",
    created_at=NOW,
)


def begun() -> tuple[Decision, RefundPayment]:
    decision = begin(ORDER_REFUND, REFUND.id, refund_facts(REFUND), NOW)
    [asked] = decision.commands
    assert isinstance(asked, RefundPayment)
    return decision, asked


def test_the_saga_is_sound() -> None:
    assert ORDER_REFUND.faults() == []


def test_payments_is_asked_for_the_refund_by_its_own_id() -> None:
    _, asked = begun()
    assert (asked.refund_id, asked.payment_id) == (REFUND.id, REFUND.payment_id)
    assert (asked.amount_minor, asked.reason) == (2_500, "Scratched")


def test_what_is_made_completes_and_what_is_not_ends_with_its_code() -> None:
    decision, asked = begun()
    made = Replied(RefundMade(in_reply_to=asked.command_id, refund_id=REFUND.id))
    assert decide(ORDER_REFUND, decision.state, made, NOW).state.phase is Phase.COMPLETED
    refused = Replied(
        RefundNotMade(in_reply_to=asked.command_id, refund_id=REFUND.id, code="payment_disputed")
    )
    ended = decide(ORDER_REFUND, decision.state, refused, NOW).state
    assert (ended.phase, ended.reason) == (Phase.UNDONE, "payment_disputed")


def test_without_an_answer_it_is_asked_for_again_and_never_given_up() -> None:
    state, now = begun()[0].state, NOW
    for _ in range(30):
        now += timedelta(minutes=10)
        again = decide(ORDER_REFUND, state, TimePassed(), now)
        assert [one.command_id for one in again.commands] == [begun()[1].command_id]
        state = again.state
    assert state.needs_attention
    assert not decide(ORDER_REFUND, state, UndoWanted("late"), now).is_change
