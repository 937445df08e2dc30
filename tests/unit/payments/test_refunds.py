from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from contracts.payments import PaymentRefunded
from kit.money import AmountRefused, Money
from kit.refusals import Refusal
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import Payment, PaymentStatus
from payments.domain.refunds import Refund, RefundStatus, Unrefundable, decide_refund
from payments.events import refund_event
from payments.refusals import (
    OnlyPayeeMayRefund,
    PaymentIsDisputed,
    PaymentNotPaid,
    RefundExceedsPayment,
)
from payments.sagas.refund import CARD_REFUND, REFUND, refund_facts
from payments.schemas.refunds import refund_shown

ALICE, BOB, ADMIN = (UUID(int=number) for number in range(1, 4))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def payment(
    status: PaymentStatus = PaymentStatus.PAID, paid: int | None = 10_000, **more: Any
) -> Payment:
    created = decide_creation(
        PaymentOrder(payer_id=ALICE, payee=PayeeName(username="bob"), amount=Money(10_000, "RUB")),
        Parties(None, Person(BOB, "bob", "active")),
        payment_id=UUID(int=9),
        now=NOW,
        ttl=timedelta(hours=24),
    )
    return replace(created, status=status, paid_minor=paid, **more)


def refund(**more: Any) -> Refund:
    known: dict[str, Any] = {
        "id": UUID(int=7),
        "payment_id": UUID(int=9),
        "status": RefundStatus.FAILED,
        "amount_minor": 6_000,
        "currency": "RUB",
        "reason": "One ticket less",
        "failure_reason": "insufficient_funds",
        "transfer_id": None,
        "requested_by": BOB,
        "version": 2,
        "created_at": NOW,
        "completed_at": None,
        "failed_at": NOW,
    }
    return Refund(**(known | more))


@pytest.mark.parametrize(
    ("seen", "caller", "amount", "refusal"),
    [
        # In order of precedence: each row would also be refused by what stands below it.
        (payment(PaymentStatus.CREATED, None), ALICE, "0", OnlyPayeeMayRefund),
        *(
            (payment(status, None), BOB, "0", PaymentNotPaid)
            for status in PaymentStatus
            if status not in (PaymentStatus.PAID, PaymentStatus.REFUNDED)
        ),
        (payment(refunded_minor=10_000), BOB, "0", AmountRefused),
        (payment(), BOB, "100.01", RefundExceedsPayment),
        (payment(refunded_minor=6_000), BOB, "40.01", RefundExceedsPayment),
        (payment(PaymentStatus.REFUNDED, refunded_minor=10_000), BOB, None, RefundExceedsPayment),
        (payment(paid=4_000), BOB, "40.01", RefundExceedsPayment),
    ],
)
def test_a_refund_is_refused(
    seen: Payment, caller: UUID, amount: str | None, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        decide_refund(seen, caller, amount, is_admin=False)


@pytest.mark.parametrize(
    ("seen", "amount", "minor"),
    [
        (payment(), None, 10_000),
        (payment(), "100.00", 10_000),
        (payment(), "0.01", 1),
        (payment(refunded_minor=6_000), None, 4_000),
        (payment(refunded_minor=6_000), "40", 4_000),
        (payment(paid=4_000), None, 4_000),
    ],
)
def test_what_is_asked_for_goes_back_or_all_that_is_left(
    seen: Payment, amount: str | None, minor: int
) -> None:
    for caller, is_admin in ((BOB, False), (ADMIN, True), (ALICE, True)):
        assert decide_refund(seen, caller, amount, is_admin=is_admin) == Money(minor, "RUB")


def test_the_definitions_have_no_faults_and_the_wallets_are_the_payments() -> None:
    assert [*REFUND.faults(), *CARD_REFUND.faults()] == []
    named = payment(payer_account_id=UUID(int=21), payee_account_id=None)
    known = refund_facts(refund(reason=None), replace(named, description="Tickets"))
    assert (known["payer_account_id"], known["payee_account_id"]) == (str(UUID(int=21)), None)
    assert known["description"] == "Tickets"
    assert known["purpose"] is None
    assert refund_facts(refund(), replace(named, service_id=UUID(int=7)))["purpose"] == (
        f"service:{UUID(int=7)}"
    )


@pytest.mark.parametrize(
    ("back", "status", "is_full"),
    [(6_000, PaymentStatus.PAID, False), (10_000, PaymentStatus.REFUNDED, True)],
)
def test_the_event_tells_of_this_refund_and_of_all(
    back: int, status: PaymentStatus, *, is_full: bool
) -> None:
    done = refund(status=RefundStatus.COMPLETED, transfer_id=UUID(int=5), completed_at=NOW)
    event = refund_event(done, payment(status), back)
    assert isinstance(event, PaymentRefunded)
    assert (event.amount_minor, event.refunded_minor) == (6_000, back)
    assert (event.is_full, event.status) == (is_full, status.value)


def test_why_it_failed_is_not_for_the_payer() -> None:
    mine = refund_shown(refund(), "ru", to_payer=False)
    theirs = refund_shown(refund(), "ru", to_payer=True)
    assert (mine.failure_reason, theirs.failure_reason) == ("insufficient_funds", None)
    assert mine.reason_label
    assert theirs.reason_label is None
    assert (
        (mine.amount, mine.reason)
        == (theirs.amount, theirs.reason)
        == (
            "60.00",
            "One ticket less",
        )
    )


def test_what_the_bank_has_taken_is_not_given_back_as_well() -> None:
    with pytest.raises(PaymentIsDisputed):
        decide_refund(
            payment(), BOB, None, is_admin=False, taken=Unrefundable(disputed_minor=10_000)
        )
    taken = Unrefundable(disputed_minor=1_000, pending_minor=4_000)
    assert decide_refund(payment(), BOB, None, is_admin=False, taken=taken) == Money(5_000, "RUB")


@pytest.mark.parametrize("status", RefundStatus)
def test_a_refund_has_ended_once_it_is_no_more_on_its_way(status: RefundStatus) -> None:
    assert refund(status=status).has_ended is (status is not RefundStatus.PROCESSING)
