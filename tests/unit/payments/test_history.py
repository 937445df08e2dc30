"""A payment that nobody streamed before is told by its own times, and as it stands now."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.unit.payments.samples import PAID

from payments.domain.changes import history_of
from payments.domain.payment import Payment, PaymentStatus

BEGAN = PAID.created_at
NOW = BEGAN + timedelta(hours=1)
OPEN = replace(
    PAID,
    status=PaymentStatus.CREATED,
    processing_at=None,
    paid_at=None,
    refunded_minor=0,
    refunded_at=None,
)


def told(payment: Payment) -> list[tuple[str, float]]:
    return [
        (change.status.value, (change.at - BEGAN).total_seconds())
        for change in history_of(payment, NOW)
    ]


def after(seconds: int, status: PaymentStatus, at: str, of: Payment = OPEN) -> Payment:
    return replace(of, status=status, **{at: BEGAN + timedelta(seconds=seconds)})


PAYING = after(10, PaymentStatus.PROCESSING, "processing_at")


@pytest.mark.parametrize(
    ("payment", "expected"),
    [
        (OPEN, [("created", 0)]),
        (
            replace(OPEN, status=PaymentStatus.SCHEDULED, execute_at=NOW),
            [("scheduled", 0)],
        ),
        (PAYING, [("created", 0), ("processing", 10)]),
        (
            after(20, PaymentStatus.PAID, "paid_at", PAYING),
            [("created", 0), ("processing", 10), ("paid", 20)],
        ),
        (
            after(20, PaymentStatus.FAILED, "failed_at", PAYING),
            [("created", 0), ("processing", 10), ("failed", 20)],
        ),
        (after(5, PaymentStatus.CANCELLED, "cancelled_at"), [("created", 0), ("cancelled", 5)]),
        (
            after(5, PaymentStatus.FAILED, "failed_at", replace(OPEN, execute_at=NOW)),
            [("scheduled", 0), ("failed", 5)],
        ),
    ],
)
def test_each_state_is_told_with_its_time(
    payment: Payment, expected: list[tuple[str, float]]
) -> None:
    assert told(payment) == expected


def test_what_went_back_and_what_is_disputed_is_told_once_as_it_stands() -> None:
    paid = after(20, PaymentStatus.PAID, "paid_at", PAYING)
    *before, last = history_of(
        replace(paid, refunded_minor=30, disputed_minor=20, dispute_outcome="lost"), NOW
    )
    assert [(one.refunded_minor, one.disputed_minor, one.dispute_outcome) for one in before] == [
        (0, 0, None)
    ] * 3
    assert (last.status, last.at) == (PaymentStatus.PAID, NOW)  # of parts no time is known
    assert (last.refunded_minor, last.disputed_minor, last.dispute_outcome) == (30, 20, "lost")


def test_a_refunded_payment_ends_when_all_had_gone_back() -> None:
    paid = after(20, PaymentStatus.PAID, "paid_at", PAYING)
    refunded = replace(
        paid,
        status=PaymentStatus.REFUNDED,
        refunded_minor=paid.amount_minor,
        refunded_at=BEGAN + timedelta(seconds=40),
    )
    assert told(refunded) == [("created", 0), ("processing", 10), ("paid", 20), ("refunded", 40)]
    assert history_of(refunded, NOW)[-1].refunded_minor == paid.amount_minor


def test_what_goes_back_to_a_card_by_itself_is_told_with_every_state() -> None:
    cancelled = after(20, PaymentStatus.CANCELLED, "cancelled_at", PAYING)
    changes = history_of(replace(cancelled, return_minor=100, return_status="pending"), NOW)
    assert [(one.status.value, one.return_status) for one in changes] == [
        ("created", "pending"),
        ("processing", "pending"),
        ("cancelled", "pending"),
    ]
