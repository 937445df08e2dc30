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
from kit.saga.decide import begin, can_undo, decide
from kit.saga.engine import Ended
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
from payments.domain.outcomes import Outcome
from payments.domain.payment import Status
from payments.finishing import given_up, paid
from payments.saga import EARLIER, PAYMENT

ALICE, BOB, SAGA, ACCOUNT = (UUID(int=number) for number in range(1, 5))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Story:
    """One instance, told step by step."""

    def __init__(self, *, is_checked: bool, **facts: Any) -> None:
        known: dict[str, Any] = {
            "payer_id": str(ALICE),
            "payer_account_id": None,
            "payee_id": str(BOB),
            "payee_account_id": None,
            "amount_minor": 15000,
            "currency": "RUB",
            "description": "Tickets",
            "is_checked": is_checked,
            "transfer_id": str(new_id()),
            "hold_id": str(new_id()),
        }
        self.now = NOW
        self._take(begin(PAYMENT, SAGA, known | facts, self.now))

    def _take(self, decision: Decision) -> Self:
        self.state = decision.state
        self.asked: Sequence[Command] = decision.commands
        return self

    def given(self, given: Input) -> Self:
        return self._take(decide(PAYMENT, self.state, given, self.now))

    def answered(self, reply: type[Reply], **says: Any) -> Self:
        [asked] = self.asked
        return self.given(Replied(reply(in_reply_to=asked.command_id, **says)))

    def checked(self, refusal: str | None = None) -> Self:
        return self.given(TaskEnded(self.state.epoch, refusal, {}))

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
    def outcome(self) -> Outcome:
        assert self.state.has_ended
        end = Ended(self.state.id, self.state.data, self.state.reason)
        return paid(end) if self.state.phase is Phase.COMPLETED else given_up(end)


def test_the_definition_has_no_faults() -> None:
    assert PAYMENT.faults() == []


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
    assert story.outcome == Outcome(SAGA, Status.PAID, transfer_id=UUID(int=77))


def test_named_wallets_are_the_ones_asked_for() -> None:
    story = Story(
        is_checked=False, payer_account_id=str(ACCOUNT), payee_account_id=str(UUID(int=5))
    )
    [asked] = story.asked
    assert isinstance(asked, Transfer)
    assert asked.payer == AccountRef(owner_id=ALICE, account_id=ACCOUNT)
    assert asked.payee == AccountRef(owner_id=BOB, account_id=UUID(int=5))


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
    assert story.posted().outcome.status is Status.PAID


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen"])
def test_a_refused_transfer_fails_the_payment_with_its_reason(code: str) -> None:
    story = Story(is_checked=False)
    story.answered(TransferRefused, transfer_id=None, code=code)
    assert story.outcome == Outcome(SAGA, Status.FAILED, reason=code)


@pytest.mark.parametrize("code", ["insufficient_funds", "wallet_frozen"])
def test_a_refused_hold_fails_the_payment_with_its_reason_and_undoes_nothing(code: str) -> None:
    story = Story(is_checked=True)
    [asked] = story.asked
    assert isinstance(asked, PlaceHold)
    story.answered(HoldRefused, hold_id=asked.hold_id, code=code)
    assert story.asked == ()
    assert story.outcome == Outcome(SAGA, Status.FAILED, reason=code)


@pytest.mark.parametrize("reason", ["check_denied", "check_unavailable"])
def test_a_failed_check_releases_the_hold_and_fails_the_payment(reason: str) -> None:
    story = Story(is_checked=True)
    [hold] = story.asked
    story.held().checked(reason)
    [release] = story.asked
    assert isinstance(release, ReleaseHold)
    assert release.undo_of == hold.command_id
    assert story.released().outcome == Outcome(SAGA, Status.FAILED, reason=reason)


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
    assert story.posted().outcome.status is Status.PAID


@pytest.mark.parametrize("is_held", [False, True])
def test_cancelling_before_the_point_of_no_return_releases_and_cancels(*, is_held: bool) -> None:
    story = Story(is_checked=True)
    if is_held:
        story.held()
    story.given(UndoWanted("cancelled_by_payer"))
    story.checked()  # comes too late to count
    assert story.state.phase is Phase.UNDOING
    story = Story(is_checked=True).held().given(UndoWanted("cancelled_by_payer"))
    expected = Outcome(SAGA, Status.CANCELLED, reason="cancelled_by_payer")
    assert story.released().outcome == expected


def test_cancelling_while_the_money_moves_changes_nothing() -> None:
    story = Story(is_checked=True).held().checked()
    [capture] = story.asked
    before = story.state
    story.given(UndoWanted("cancelled_by_payer"))
    assert story.state == before
    story.asked = (capture,)
    assert story.posted().outcome.status is Status.PAID


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
    assert story.posted().outcome.status is Status.PAID


@pytest.mark.parametrize("reason", ["card_declined", "card_abandoned", "card_unavailable"])
def test_a_card_that_is_not_charged_fails_the_payment_with_its_reason(reason: str) -> None:
    story = by_card().given(Signalled("charge", reason, {}))
    assert (story.asked, story.outcome) == ((), Outcome(SAGA, Status.FAILED, reason=reason))


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
    assert story.outcome == Outcome(SAGA, Status.CANCELLED, reason="cancelled_by_payer")


def test_instances_of_the_version_before_cards_still_run() -> None:
    [earlier] = EARLIER
    assert earlier.faults() == []
    story = Story(is_checked=True)
    state = begin(earlier, SAGA, {**story.state.data}, NOW).state
    assert (state.version, state.step) == (1, "reserve")
