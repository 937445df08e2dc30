"""The story of a payment: what is told to whom, in which order and words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from tests.unit.payments.samples import PAID

from kit.refusals import Language
from payments.domain.payment import PaymentStatus
from payments.domain.reasons import CANCELLED_BY_PAYER
from payments.domain.refunds import Refund, RefundStatus
from payments.domain.timeline import words
from payments.domain.timeline.story import (
    STEP_CODES,
    Entered,
    EventSent,
    LedgerEntry,
    Posting,
    Requested,
    Sources,
    Stepped,
    Tried,
    WebhookTried,
    tell_story,
)
from payments.domain.timeline.words import words_of
from payments.domain.tries import Try, TryOutcome
from payments.sagas.payment import PAYMENT
from payments.schemas.timeline import Timeline, shown_moment

ALICE, BOB, ID, TRANSFER, HERS, HIS, BACK = (UUID(int=number) for number in range(1, 8))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
FAILED = Try("two", TryOutcome.FAILED, 12, "status 503")


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def line(second: float, entry: str, step: str | None, detail: str | None = None) -> dict[str, Any]:
    return {"at": at(second), "entry": entry, "step": step, "detail": detail}


created = structs.replace(
    PAID,
    id=ID,
    status=PaymentStatus.CREATED,
    version=1,
    created_at=at(0),
    expires_at=at(3600),
    processing_at=None,
    paid_at=None,
    paid_minor=None,
)
paid = structs.replace(
    created,
    status=PaymentStatus.PAID,
    processing_at=at(1),
    paid_at=at(6),
    transfer_id=TRANSFER,
    paid_minor=15000,
    version=2,
)
LOG = [
    line(1, "asked", "reserve", "wallet `place_hold`"),
    line(2, "done", "reserve"),
    line(2, "asked", "check", "both"),
    line(4, "done", "check"),
    line(4, "asked", "settle", "wallet `capture_hold`"),
    line(4.5, "reply_ignored", "reserve", "wallet.hold_placed.v1"),
    line(6, "done", "settle"),
    line(6, "completed", None),
    line(2.5, "noted", "check", FAILED.text),
    line(3, "noted", "check", "a line of another kind"),
]
POSTING = Posting(
    TRANSFER, "RUB", at(5), (LedgerEntry(HERS, ALICE, 7, -15000), LedgerEntry(HIS, BOB, 3, 15000))
)

COMPLETED = Refund(
    id=UUID(int=8),
    payment_id=ID,
    status=RefundStatus.COMPLETED,
    amount_minor=5000,
    currency="RUB",
    reason=None,
    failure_reason=None,
    transfer_id=BACK,
    requested_by=BOB,
    version=2,
    created_at=at(7),
    completed_at=at(8),
    failed_at=None,
)
REFUSED = replace(
    COMPLETED,
    id=UUID(int=9),
    status=RefundStatus.FAILED,
    failure_reason="insufficient_funds",
    transfer_id=None,
    created_at=at(9),
    completed_at=None,
    failed_at=at(10),
)

TAKEN = WebhookTried(at(6.5), "payment.paid", 2, 1, "shop.example.com", 41, 200, None)


def test_the_payer_is_told_everything_in_order_of_time() -> None:
    assert tell_story(paid, ALICE, Sources(LOG, [POSTING])) == [
        Requested(at(0), "created"),
        EventSent(at(0), "payment_created", 1),
        Requested(at(1), "pay"),
        Stepped(at(1), "asked", "reserve"),
        Stepped(at(2), "done", "reserve"),
        Stepped(at(2), "asked", "check"),
        Tried(at(2.5), FAILED),
        Stepped(at(4), "done", "check"),
        Stepped(at(4), "asked", "settle"),
        Entered(at(5), "debit", TRANSFER, -15000, "RUB", HERS, 7),
        Entered(at(5), "credit", TRANSFER, 15000, "RUB"),
        Stepped(at(6), "done", "settle"),
        EventSent(at(6), "payment_paid", 2),
    ]


def test_the_payee_is_told_that_it_came_and_ended_and_of_the_entry_of_their_own() -> None:
    assert tell_story(paid, BOB, Sources(LOG, [POSTING])) == [
        Requested(at(0), "created"),
        EventSent(at(0), "payment_created", 1),
        Requested(at(1), "pay"),
        Entered(at(5), "credit", TRANSFER, 15000, "RUB", HIS, 3),
        EventSent(at(6), "payment_paid", 2),
    ]


@pytest.mark.parametrize(
    ("entry", "reason"), [("refused", "insufficient_funds"), ("timed_out", "check_unavailable")]
)
def test_why_it_failed_is_told_to_the_payer_alone(entry: str, reason: str) -> None:
    failed = structs.replace(
        created, status=PaymentStatus.FAILED, failed_at=at(3), reason=reason, version=2
    )
    log = [line(2, entry, "reserve", reason), line(3, "all_undone", None, reason)]
    assert Stepped(at(2), entry, "reserve", reason) in tell_story(failed, ALICE, Sources(log, []))
    assert tell_story(failed, BOB, Sources(log, [])) == [
        Requested(at(0), "created"),
        EventSent(at(0), "payment_created", 1),
        EventSent(at(3), "payment_failed", 2),
    ]


def test_a_cancellation_is_asked_for_at_once_or_while_it_is_on_its_way() -> None:
    cancelled = structs.replace(
        created,
        status=PaymentStatus.CANCELLED,
        cancelled_at=at(9),
        reason=CANCELLED_BY_PAYER,
        version=2,
    )
    assert Requested(at(9), "cancel") in tell_story(cancelled, ALICE, Sources((), ()))
    called_off = structs.replace(cancelled, processing_at=at(1), cancel_requested_at=at(2))
    assert Requested(at(2), "cancel") in tell_story(called_off, ALICE, Sources((), ()))
    assert Requested(at(2), "cancel") not in tell_story(called_off, BOB, Sources((), ()))
    expired = structs.replace(cancelled, reason="expired")
    assert [type(one) for one in tell_story(expired, ALICE, Sources((), ()))] == [
        Requested,
        EventSent,
        EventSent,
    ]


def test_what_is_scheduled_is_paid_as_its_time_came() -> None:
    due = structs.replace(paid, execute_at=at(1))
    assert Requested(at(1), "due") in tell_story(due, ALICE, Sources(LOG, ()))


def test_refunds_are_told_as_they_were_asked_for_and_ended_to_the_payee_also_why_not() -> None:
    back = Posting(
        BACK, "RUB", at(8), (LedgerEntry(HIS, BOB, 4, -5000), LedgerEntry(HERS, ALICE, 8, 5000))
    )
    told = tell_story(paid, BOB, Sources((), [POSTING, back], [COMPLETED, REFUSED]))
    assert told[5:] == [
        Requested(at(7), "refund"),
        Entered(at(8), "debit", BACK, -5000, "RUB", HIS, 4),
        EventSent(at(8), "payment_refunded", 3),
        Requested(at(9), "refund"),
        Stepped(at(10), "refused", "refund", "insufficient_funds"),
    ]
    assert not [
        one
        for one in tell_story(paid, ALICE, Sources((), [POSTING, back], [COMPLETED, REFUSED]))
        if isinstance(one, Stepped)
    ]


@pytest.mark.parametrize(
    ("status_code", "code"),
    [(200, "delivered"), (299, "delivered"), (302, "not_delivered"), (500, "not_delivered")],
)
def test_webhooks_are_told_last_of_what_they_tell(status_code: int, code: str) -> None:
    attempt = replace(TAKEN, status_code=status_code)
    told = tell_story(paid, BOB, Sources(webhooks=[attempt]))
    assert told[-1] == attempt
    assert shown_moment(attempt, "en").model_dump()["code"] == code
    silent = replace(TAKEN, status_code=None, error="timeout")
    assert shown_moment(silent, "en").label == "payment.paid → shop.example.com: not taken"


def test_where_only_the_newest_refunds_are_known_they_keep_their_numbers() -> None:
    many = structs.replace(paid, version=61)  # created, paid, and 59 refunds
    later = replace(COMPLETED, id=UUID(int=10), completed_at=at(9))
    told = tell_story(many, BOB, Sources(refunds=[COMPLETED, later]))
    assert [one.sequence for one in told if isinstance(one, EventSent)] == [1, 2, 60, 61]


def test_accounts_of_the_house_have_no_owner_and_are_nobodys_own() -> None:
    posting = replace(
        POSTING, legs=(LedgerEntry(HERS, None, 1, -15000), LedgerEntry(HIS, BOB, 3, 15000))
    )
    story = tell_story(paid, BOB, Sources(postings=[posting]))
    [entry] = [one for one in story if isinstance(one, Entered)]
    assert entry.wallet_id == HIS


@pytest.mark.parametrize("language", ["en", "ru"])
def test_everything_has_words_in_both_languages(language: Language) -> None:
    assert words.STEP_CODES[language].keys() == set(STEP_CODES.values())
    assert words.TRIES[language].keys() == set(TryOutcome)
    codes = {"begun", "made_at_provider", "returned", "refused", "dropped"}
    assert words.RETURNS[language].keys() == codes
    assert words.STEPS[language].keys() == {"refund", *(step.name for step in PAYMENT.steps)}
    for viewer in (ALICE, BOB):
        known = Sources(
            LOG, [POSTING], [COMPLETED, REFUSED], [TAKEN, replace(TAKEN, status_code=500)]
        )
        for moment in tell_story(paid, viewer, known):
            assert words_of(moment, language)


def test_what_is_shown_reads_well_and_is_what_is_documented() -> None:
    story = tell_story(paid, ALICE, Sources(LOG, [POSTING]))
    items = [shown_moment(moment, "en") for moment in story]
    told = Timeline(payment_id=ID, items=items, unavailable=[])
    assert Timeline.model_validate_json(told.model_dump_json()) == told
    assert [item.label for item in told.items][5:8] == [
        "Outside checks: asked",
        "Check “two”: failed",
        "Outside checks: done",
    ]
    refused = Stepped(at(1), "refused", "settle", "wallet_frozen")
    assert words_of(refused, "ru") == "Перевод денег: отказано"
    assert (
        shown_moment(refused, "ru").model_dump()["reason_label"] == "Кошелёк плательщика заморожен"
    )
    back = Stepped(at(1), "refused", "refund", "wallet_frozen")
    assert shown_moment(back, "ru").model_dump()["reason_label"] == "Кошелёк получателя заморожен"
    assert words_of(Stepped(at(1), "asked", "capture"), "en") == "capture: asked"
