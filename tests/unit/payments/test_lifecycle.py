from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from kit.money import AmountRefused, Money
from kit.refusals import Refusal
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import (
    Cancel,
    Pay,
    decide_cancel,
    decide_capture,
    decide_pay,
    visible_to,
)
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import FINAL, Method, Payment, PaymentStatus
from payments.refusals import (
    CaptureExceedsReservation,
    FixedPriceIsPaidWhole,
    OnlyPayerMayCancel,
    OnlyPayerMayPay,
    OnlyReservedMayBePaidInPart,
    PaymentAlreadyFinal,
    PaymentBeingCancelled,
    PaymentExpired,
    PaymentNotFound,
    ReservedIsPaidFromWallet,
)

ALICE, BOB, CAROL = (UUID(int=number) for number in range(1, 4))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=24)


def payment(
    status: PaymentStatus = PaymentStatus.CREATED,
    *,
    is_called_off: bool = False,
    is_reserved: bool = False,
) -> Payment:
    created = decide_creation(
        PaymentOrder(payer_id=ALICE, payee=PayeeName(username="bob"), amount=Money(15000, "RUB")),
        Parties(None, Person(BOB, "bob", "active")),
        payment_id=UUID(int=9),
        now=NOW,
        ttl=timedelta(hours=24),
    )
    return replace(
        created,
        status=status,
        cancel_requested_at=NOW if is_called_off else None,
        is_reserved=is_reserved,
    )


def test_a_payment_is_there_for_payer_and_payee_and_for_nobody_else() -> None:
    seen = payment()
    assert visible_to(seen, ALICE) is seen
    assert visible_to(seen, BOB) is seen
    for missing in (None, seen):
        with pytest.raises(PaymentNotFound):
            visible_to(missing, CAROL)


@pytest.mark.parametrize(
    ("seen", "caller", "at", "refusal"),
    [
        # In order of precedence.
        (payment(PaymentStatus.PAID), BOB, LATER, OnlyPayerMayPay),
        *((payment(s, is_called_off=True), ALICE, LATER, PaymentAlreadyFinal) for s in FINAL),
        (
            payment(PaymentStatus.PROCESSING, is_called_off=True),
            ALICE,
            LATER,
            PaymentBeingCancelled,
        ),
        (payment(is_called_off=True, is_reserved=True), ALICE, LATER, PaymentBeingCancelled),
        (payment(), ALICE, LATER, PaymentExpired),
    ],
)
def test_pay_is_refused(seen: Payment, caller: UUID, at: datetime, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide_pay(seen, caller, at)


@pytest.mark.parametrize("status", [PaymentStatus.CREATED, PaymentStatus.SCHEDULED])
def test_pay_starts_a_created_or_scheduled_payment_up_to_its_last_moment(
    status: PaymentStatus,
) -> None:
    assert decide_pay(payment(status), ALICE, LATER - timedelta(microseconds=1)) is Pay.START


def test_all_of_a_payment_is_paid_or_of_a_reserved_one_a_part() -> None:
    assert decide_capture(payment(), None) == Money(15000, "RUB")
    reserved = payment(is_reserved=True)
    assert decide_capture(reserved, None) == decide_capture(reserved, "150") == Money(15000, "RUB")
    assert decide_capture(reserved, "0.01") == Money(1, "RUB")
    priced = replace(reserved, is_price_fixed=True)
    assert decide_capture(priced, None) == decide_capture(priced, "150.0") == Money(15000, "RUB")


@pytest.mark.parametrize(
    ("seen", "amount", "refusal"),
    [
        # In order of precedence.
        (payment(), "0", OnlyReservedMayBePaidInPart),
        (payment(is_reserved=True), "0", AmountRefused),
        (payment(is_reserved=True), "150.001", AmountRefused),
        (payment(is_reserved=True), "150.01", CaptureExceedsReservation),
        (
            replace(payment(is_reserved=True), is_price_fixed=True),
            "150.01",
            CaptureExceedsReservation,
        ),
        (
            replace(payment(is_reserved=True), is_price_fixed=True),
            "149.99",
            FixedPriceIsPaidWhole,
        ),
    ],
)
def test_a_part_is_refused(seen: Payment, amount: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide_capture(seen, amount)


def test_pay_again_changes_nothing_while_the_payment_is_on_its_way_even_past_its_time() -> None:
    assert decide_pay(payment(PaymentStatus.PROCESSING), ALICE, LATER) is Pay.IS_ON_ITS_WAY


@pytest.mark.parametrize(
    ("seen", "caller", "refusal"),
    [
        (payment(PaymentStatus.PAID), BOB, OnlyPayerMayCancel),
        *((payment(status), ALICE, PaymentAlreadyFinal) for status in FINAL),
    ],
)
def test_cancel_is_refused(seen: Payment, caller: UUID, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide_cancel(seen, caller)


def test_cancel_ends_a_created_payment_and_takes_back_one_in_flight() -> None:
    assert decide_cancel(payment(), ALICE) is Cancel.AT_ONCE
    assert decide_cancel(payment(PaymentStatus.SCHEDULED), ALICE) is Cancel.AT_ONCE
    assert decide_cancel(payment(is_reserved=True), ALICE) is Cancel.BY_UNDOING
    assert decide_cancel(payment(PaymentStatus.PROCESSING), ALICE) is Cancel.BY_UNDOING


def test_the_refusal_names_the_final_state_in_both_languages() -> None:
    with pytest.raises(PaymentAlreadyFinal) as refused:
        decide_cancel(payment(PaymentStatus.PAID), ALICE)
    assert "is paid and" in refused.value.detail("en")
    assert "(оплачен)" in refused.value.detail("ru")


def test_a_reserved_payment_is_not_paid_by_card() -> None:
    by_card = replace(payment(is_reserved=True), method=Method.CARD)
    with pytest.raises(ReservedIsPaidFromWallet):
        decide_capture(by_card, None)
