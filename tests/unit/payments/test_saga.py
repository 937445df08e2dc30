"""The payment saga as given and expect: what was answered, and what is then asked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import pytest

from contracts.wallet import (
    HOUSE,
    AccountRef,
    CaptureHold,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    PlaceHold,
    ReleaseHold,
    Transfer,
    TransferPosted,
    TransferRefused,
)
from kit.ids import new_id
from kit.messaging.messages import Command, Reply
from kit.saga import Saga
from kit.saga.decide import begin, can_undo, decide
from kit.saga.engine import SagaEnd
from kit.saga.state import (
    Decision,
    Input,
    Phase,
    Replied,
    Signalled,
    TaskEnded,
    TimePassed,
    UndoWanted,
)
from payments.domain.payment import PaymentEnd, PaymentStatus
from payments.hooks.payment import given_up, paid
from payments.sagas.payment import CONFIRM, EARLIER, PAYMENT, confirmed

ALICE, BOB, SAGA, ACCOUNT = (UUID(int=number) for number in range(1, 5))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EXPIRES = NOW + timedelta(hours=24)


class Story:
    """One instance, told step by step."""

    def __init__(
        self, *, is_checked: bool, is_reserved: bool = False, saga: Saga = PAYMENT, **facts: Any
    ) -> None:
        self.saga = saga
        known: dict[str, Any] = {
            "payer_id": str(ALICE),
            "payee_id": str(BOB),
            "amount_minor": 15000,
            "currency": "RUB",
            "description": "Tickets",
            "expires_at": EXPIRES.isoformat(),
            "transfer_id": str(new_id()),
            "hold_id": str(new_id()),
        }
        if is_checked:
            known["is_checked"] = True
        if is_reserved:
            known["is_reserved"] = True
        self.now = NOW
        self._take(begin(saga, SAGA, known | facts, self.now))

    def _take(self, decision: Decision) -> Self:
        self.state = decision.state
        self.asked: Sequence[Command] = decision.commands
        return self

    def given(self, given: Input) -> Self:
        return self._take(decide(self.saga, self.state, given, self.now))

    def answered(self, reply: type[Reply], **says: Any) -> Self:
        [asked] = self.asked
        return self.given(Replied(reply(in_reply_to=asked.command_id, **says)))

    def checked(self, refusal: str | None = None) -> Self:
        return self.given(TaskEnded(self.state.epoch, refusal, {}))

    def paid(self, amount_minor: int = 15000, *, is_checked: bool = False) -> Self:
        news = confirmed(amount_minor, is_checked=is_checked)
        return self.given(Signalled(CONFIRM, None, news))

    def after(self, seconds: float) -> Self:
        self.now += timedelta(seconds=seconds)
        return self.given(TimePassed())

    def held(self) -> Self:
        [asked] = self.asked
        assert isinstance(asked, PlaceHold)
        return self.answered(HoldPlaced, hold_id=asked.hold_id, account_id=ACCOUNT)

    def posted(self) -> Self:
        return self.answered(
            TransferPosted,
            transfer_id=UUID(int=77),
            posted_at=self.now,
            payer_account_id=ACCOUNT,
            payee_account_id=ACCOUNT,
        )

    def released(self) -> Self:
        [asked] = self.asked
        assert isinstance(asked, ReleaseHold)
        return self.answered(HoldReleased, hold_id=asked.hold_id)

    @property
    def outcome(self) -> PaymentEnd:
        assert self.state.has_ended
        end = SagaEnd(self.state.id, self.state.data, self.state.reason)
        return paid(end) if self.state.phase is Phase.COMPLETED else given_up(end)


def test_no_definition_has_faults() -> None:
    for saga in (PAYMENT, *EARLIER):
        assert saga.faults() == []


def test_a_payment_that_began_by_version_1_ends_by_it() -> None:
    first = EARLIER[-1]
    story = Story(is_checked=True, saga=first)
    del story.state.data["expires_at"]  # which that version did not know
    story.held().checked()
    [capture] = story.asked
    assert isinstance(capture, CaptureHold)
    assert not capture.release_rest
    assert story.posted().outcome.status is PaymentStatus.PAID


def test_a_payment_whose_saga_named_what_there_was_not_goes_on() -> None:
    nothing = ("payer_account_id", "payee_account_id", "description", "purpose")
    story = Story(is_checked=False, **dict.fromkeys(nothing))
    [transfer] = story.asked
    assert isinstance(transfer, Transfer)
    assert (transfer.payer.account_id, transfer.description) == (None, None)
    assert story.posted().outcome.status is PaymentStatus.PAID


class TestReserved:
    """Payments whose money is set aside at creation, and captured when they are paid."""

    def test_it_is_held_and_waits_to_be_paid(self) -> None:
        story = Story(is_checked=False, is_reserved=True).held()
        assert (story.state.step, story.asked) == (CONFIRM, ())
        assert story.state.deadline_at == EXPIRES
        assert can_undo(PAYMENT, story.state)

    @pytest.mark.parametrize("amount_minor", [15000, 4000])
    def test_paying_captures_what_is_paid_and_frees_the_rest(self, amount_minor: int) -> None:
        story = Story(is_checked=False, is_reserved=True).held().paid(amount_minor)
        [capture] = story.asked
        assert isinstance(capture, CaptureHold)
        assert (capture.amount_minor, capture.release_rest) == (amount_minor, True)
        outcome = story.posted().outcome
        assert (outcome.status, outcome.paid_minor) == (PaymentStatus.PAID, amount_minor)

    def test_paying_before_the_money_is_held_is_remembered(self) -> None:
        story = Story(is_checked=False, is_reserved=True)
        [hold] = story.asked
        story.paid(4000)
        assert story.asked == ()
        story.asked = [hold]
        story.held()
        [capture] = story.asked
        assert isinstance(capture, CaptureHold)
        assert capture.amount_minor == 4000

    def test_a_hold_that_is_refused_fails_it_also_where_it_was_paid_before(self) -> None:
        for is_paid in (False, True):
            story = Story(is_checked=False, is_reserved=True)
            [hold] = story.asked
            assert isinstance(hold, PlaceHold)
            if is_paid:
                story.paid()
            story.asked = [hold]
            story.answered(HoldRefused, hold_id=hold.hold_id, code="insufficient_funds")
            assert story.outcome == PaymentEnd(
                SAGA, PaymentStatus.FAILED, reason="insufficient_funds"
            )

    def test_outside_checks_come_after_it_is_paid(self) -> None:
        story = Story(is_checked=False, is_reserved=True).held().paid(is_checked=True)
        assert (story.state.step, story.asked) == ("check", ())
        story.checked("check_denied")
        expected = PaymentEnd(SAGA, PaymentStatus.FAILED, reason="check_denied")
        assert story.released().outcome == expected

    def test_it_is_freed_and_cancelled_when_its_time_is_over(self) -> None:
        story = Story(is_checked=False, is_reserved=True).held().after(24 * 3600)
        assert story.released().outcome == PaymentEnd(
            SAGA, PaymentStatus.CANCELLED, reason="expired"
        )

    def test_it_is_freed_when_it_is_cancelled_and_paying_comes_too_late(self) -> None:
        story = Story(is_checked=False, is_reserved=True).held()
        story.given(UndoWanted("cancelled_by_payer"))
        release = story.asked
        before = story.state
        assert story.paid().state == before
        story.asked = release
        expected = PaymentEnd(SAGA, PaymentStatus.CANCELLED, reason="cancelled_by_payer")
        assert story.released().outcome == expected


def test_an_unchecked_payment_is_one_transfer() -> None:
    story = Story(is_checked=False)
    [asked] = story.asked
    assert isinstance(asked, Transfer)
    assert (asked.payer, asked.payee) == (AccountRef(owner_id=ALICE), AccountRef(owner_id=BOB))
    assert (asked.amount_minor, asked.currency) == (15000, "RUB")
    assert (asked.reference, asked.kind, asked.description) == (str(SAGA), "payment", "Tickets")
    assert not can_undo(PAYMENT, story.state)
    story.posted()
    assert story.asked == ()
    paid_up = PaymentEnd(
        SAGA,
        PaymentStatus.PAID,
        transfer_id=UUID(int=77),
        paid_minor=15000,
        debited_account_id=ACCOUNT,
        credited_account_id=ACCOUNT,
    )
    assert story.outcome == paid_up


def test_named_wallets_are_the_ones_asked_for() -> None:
    story = Story(
        is_checked=False, payer_account_id=str(ACCOUNT), payee_account_id=str(UUID(int=5))
    )
    [asked] = story.asked
    assert isinstance(asked, Transfer)
    assert asked.payer == AccountRef(owner_id=ALICE, account_id=ACCOUNT)
    assert asked.payee == AccountRef(owner_id=BOB, account_id=UUID(int=5))


@pytest.mark.parametrize("is_checked", [True, False])
@pytest.mark.parametrize("known", [{"purpose": "service:7"}, {"purpose": None}, {}])
def test_the_ledger_keeps_what_service_was_paid(
    known: dict[str, str | None], *, is_checked: bool
) -> None:
    story = Story(is_checked=is_checked, **known)
    if is_checked:
        story.held().checked()
    [asked] = story.asked
    assert isinstance(asked, CaptureHold | Transfer)
    assert asked.purpose == known.get("purpose")


def test_a_checked_payment_is_held_then_checked_then_captured() -> None:
    story = Story(is_checked=True)
    [hold] = story.asked
    assert isinstance(hold, PlaceHold)
    assert (hold.payer, hold.amount_minor) == (AccountRef(owner_id=ALICE), 15000)
    story.held()
    assert (story.asked, story.state.step) == ((), "check")
    assert can_undo(PAYMENT, story.state)
    story.checked()
    [capture] = story.asked
    assert isinstance(capture, CaptureHold)
    assert capture.hold_id == hold.hold_id
    assert (capture.payee, capture.amount_minor) == (AccountRef(owner_id=BOB), 15000)
    assert not can_undo(PAYMENT, story.state)
    assert story.posted().outcome.status is PaymentStatus.PAID


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen"])
def test_a_refused_transfer_fails_the_payment_with_its_reason(code: str) -> None:
    story = Story(is_checked=False)
    story.answered(TransferRefused, transfer_id=None, code=code)
    assert story.outcome == PaymentEnd(SAGA, PaymentStatus.FAILED, reason=code)


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen"])
def test_a_refused_hold_fails_the_payment_with_its_reason_and_undoes_nothing(code: str) -> None:
    story = Story(is_checked=True)
    [asked] = story.asked
    assert isinstance(asked, PlaceHold)
    story.answered(HoldRefused, hold_id=asked.hold_id, code=code)
    assert story.asked == ()
    assert story.outcome == PaymentEnd(SAGA, PaymentStatus.FAILED, reason=code)


@pytest.mark.parametrize("reason", ["check_denied", "check_unavailable"])
def test_a_failed_check_releases_the_hold_and_fails_the_payment(reason: str) -> None:
    story = Story(is_checked=True)
    [hold] = story.asked
    story.held().checked(reason)
    [release] = story.asked
    assert isinstance(release, ReleaseHold)
    assert release.undo_of == hold.command_id
    assert story.released().outcome == PaymentEnd(SAGA, PaymentStatus.FAILED, reason=reason)


def test_a_check_that_nobody_ends_is_given_up_at_its_deadline() -> None:
    story = Story(is_checked=True).held().after(10)
    assert story.released().outcome.reason == "check_unavailable"


def test_a_hold_that_nobody_answers_is_asked_for_again_then_given_up_and_taken_back() -> None:
    story = Story(is_checked=True)
    [first] = story.asked
    story.after(5)
    assert story.asked == (first,)
    story.after(25)
    [release] = story.asked
    assert isinstance(release, ReleaseHold)
    assert release.undo_of == first.command_id
    assert story.released().outcome.reason == "wallet_unavailable"


def test_a_transfer_that_nobody_answers_is_asked_for_again_and_again_and_never_given_up() -> None:
    story = Story(is_checked=False)
    [first] = story.asked
    for _ in range(20):
        story.after(120)
        assert story.asked == (first,)
    assert story.state.needs_attention
    assert story.posted().outcome.status is PaymentStatus.PAID


@pytest.mark.parametrize("is_held", [False, True])
def test_cancelling_before_the_point_of_no_return_releases_and_cancels(*, is_held: bool) -> None:
    story = Story(is_checked=True)
    if is_held:
        story.held()
    story.given(UndoWanted("cancelled_by_payer"))
    story.checked()  # comes too late to count
    assert story.state.phase is Phase.UNDOING
    story = Story(is_checked=True).held().given(UndoWanted("cancelled_by_payer"))
    expected = PaymentEnd(SAGA, PaymentStatus.CANCELLED, reason="cancelled_by_payer")
    assert story.released().outcome == expected


def test_cancelling_while_the_money_moves_changes_nothing() -> None:
    story = Story(is_checked=True).held().checked()
    [capture] = story.asked
    before = story.state
    story.given(UndoWanted("cancelled_by_payer"))
    assert story.state == before
    story.asked = (capture,)
    assert story.posted().outcome.status is PaymentStatus.PAID


def test_a_reply_to_an_older_question_changes_nothing() -> None:
    story = Story(is_checked=True)
    [hold] = story.asked
    assert isinstance(hold, PlaceHold)
    late = HoldPlaced(in_reply_to=hold.command_id, hold_id=hold.hold_id, account_id=ACCOUNT)
    story.held().checked()
    before = story.state
    assert story.given(Replied(late)).state == before
    assert story.asked == ()


def by_card(*, is_checked: bool = False) -> Story:
    return Story(is_checked=is_checked, method="card", provider="sandbox")


def test_a_payment_by_card_waits_for_the_card_and_is_paid_from_the_clearing_account() -> None:
    story = by_card()
    assert (story.asked, story.state.step) == ((), "charge")
    assert can_undo(PAYMENT, story.state)
    story.given(Signalled("charge", None, {}))
    [asked] = story.asked
    assert isinstance(asked, Transfer)
    assert asked.payer == AccountRef(owner_id=HOUSE, provider="sandbox")
    assert asked.payee == AccountRef(owner_id=BOB)
    assert story.posted().outcome.status is PaymentStatus.PAID


@pytest.mark.parametrize("reason", ["card_declined", "card_abandoned", "card_unavailable"])
def test_a_card_that_is_not_charged_fails_the_payment_with_its_reason(reason: str) -> None:
    story = by_card().given(Signalled("charge", reason, {}))
    assert (story.asked, story.outcome) == (
        (),
        PaymentEnd(SAGA, PaymentStatus.FAILED, reason=reason),
    )


def test_a_card_that_nobody_enters_is_given_up_after_an_hour() -> None:
    story = by_card().after(3599)
    assert not story.state.has_ended
    assert story.after(1).outcome.reason == "card_timed_out"


def test_a_checked_payment_by_card_holds_nothing_and_takes_news_that_come_before_the_check() -> (
    None
):
    story = by_card(is_checked=True)
    assert (story.asked, story.state.step) == ((), "check")
    story.given(Signalled("charge", None, {}))
    assert story.state.step == "check"
    story.checked()
    [asked] = story.asked
    assert isinstance(asked, Transfer)


def test_cancelling_while_the_card_is_awaited_ends_it_at_once() -> None:
    story = by_card().given(UndoWanted("cancelled_by_payer"))
    assert story.outcome == PaymentEnd(SAGA, PaymentStatus.CANCELLED, reason="cancelled_by_payer")


def test_instances_of_the_version_before_cards_still_run() -> None:
    earlier = EARLIER[-1]
    assert earlier.faults() == []
    story = Story(is_checked=True)
    state = begin(earlier, SAGA, {**story.state.data}, NOW).state
    assert (state.version, state.step) == (1, "reserve")
