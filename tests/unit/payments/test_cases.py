"""What is known of a charge's money adds up to how it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from tests.unit.payments.samples import PAID

from payments.domain.cards.cases import Case
from payments.domain.cards.charges import Charge, ChargeStatus, ProviderNotice
from payments.domain.cards.disputes import Dispute
from payments.domain.cards.recoveries import ChargeStanding, Claim, Source
from payments.domain.cards.refunds import CardRefund, CardRefundOrigin, CardRefundStatus
from payments.domain.payment import PaymentStatus
from payments.domain.refunds import Refund, RefundStatus

ALICE, BOB, PAYMENT, CHARGE, DISPUTE = (UUID(int=number) for number in range(1, 6))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

charge = Charge(
    id=CHARGE,
    owner_id=ALICE,
    provider="sandbox",
    amount_minor=15000,
    currency="RUB",
    description="bob",
    return_url="https://shop.example/",
    expires_at=NOW + timedelta(hours=1),
    payment_id=PAYMENT,
    status=ChargeStatus.SUCCEEDED,
    reference="ch_1",
)
payment = PAID
booked = Refund(
    id=UUID(int=20),
    payment_id=PAYMENT,
    status=RefundStatus.COMPLETED,
    amount_minor=2000,
    currency="RUB",
    reason=None,
    failure_reason=None,
    transfer_id=None,
    requested_by=BOB,
    version=1,
    created_at=NOW,
    completed_at=NOW,
    failed_at=None,
)
dispute = Dispute(
    id=DISPUTE,
    charge_id=CHARGE,
    reference="dp_1",
    amount_minor=4000,
    opened_at=NOW,
    withdrawn_at=NOW,
)


def refund(number: int, minor: int, **more: Any) -> CardRefund:
    return CardRefund(id=UUID(int=number), charge_id=CHARGE, amount_minor=minor, **more)


def case(**more: Any) -> Case:
    known: dict[str, Any] = {
        "charge": charge,
        "payment": payment,
        "refunds": (),
        "disputes": (),
        "moved": {},
    }
    return Case(**known | more)


DONE, PENDING = CardRefundStatus.DONE, CardRefundStatus.PENDING
REFUSED, DROPPED = CardRefundStatus.REFUSED, CardRefundStatus.DROPPED


def test_a_paid_charge_that_nothing_happened_to_asks_for_nothing() -> None:
    assert case().standing == ChargeStanding(came_minor=15000, got_minor=15000, claims=[])
    assert not case().is_eventful
    assert case(disputes=[dispute]).is_eventful
    assert case(refunds=[refund(10, 1)]).is_eventful


def test_what_went_back_is_counted_by_who_wanted_it_and_how_far_it_is() -> None:
    refunds = [
        refund(10, 1000, status=DONE),
        refund(11, 500, status=PENDING),
        refund(12, 300, status=DONE, origin=CardRefundOrigin.RETURN),
        refund(13, 200, status=REFUSED, origin=CardRefundOrigin.RETURN),
        refund(14, 100, status=DROPPED, origin=CardRefundOrigin.RETURN),
        refund(15, 2000, status=DONE, origin=CardRefundOrigin.PROVIDER),
        refund(16, 700, status=PENDING, origin=CardRefundOrigin.PROVIDER),
        refund(17, 600, status=REFUSED, origin=CardRefundOrigin.PROVIDER),
    ]
    known = case(
        payment=structs.replace(payment, refunded_minor=3500),
        refunds=refunds,
        disputes=[dispute],
        moved={
            (UUID(int=15), Source.PAYEE): 2000,
            (DISPUTE, Source.PAYEE): 1500,
            (DISPUTE, Source.HOUSE): 2500,
        },
        booked=[booked],
    )
    assert known.standing == ChargeStanding(
        came_minor=15000,
        got_minor=15000,
        ours_minor=1500,  # what refunds took back, but for the provider's booked one
        gone_minor=1300,
        returning_minor=500,  # what was refused on its way still is; what was dropped is not
        pending_minor=700,
        claims=[
            Claim(id=UUID(int=15), taken_minor=2000, collected_minor=2000),
            Claim(id=UUID(int=16), taken_minor=0),
            Claim(id=UUID(int=17), taken_minor=0),
            Claim(id=DISPUTE, taken_minor=4000, collected_minor=1500, borne_minor=2500),
        ],
    )
    assert known.standing.taken_minor == 6000


@pytest.mark.parametrize(
    ("status", "is_unwanted", "is_final"),
    [
        (PaymentStatus.PROCESSING, False, False),
        (PaymentStatus.PAID, False, True),
        (PaymentStatus.FAILED, True, True),
        (PaymentStatus.CANCELLED, True, True),
    ],
)
def test_nobody_wants_the_money_of_a_payment_that_came_to_nothing(
    status: PaymentStatus, *, is_unwanted: bool, is_final: bool
) -> None:
    known = case(payment=structs.replace(payment, status=status, paid_minor=None))
    assert known.standing.is_unwanted is is_unwanted
    assert known.is_eventful is is_unwanted
    assert known.is_final is is_final
    assert known.standing.got_minor == 0


def test_a_top_up_has_got_what_reached_its_wallet_and_is_never_final() -> None:
    top_up = replace(charge, payment_id=None, account_id=UUID(int=30))
    assert case(charge=top_up, payment=None).standing.got_minor == 0
    reached = case(charge=replace(top_up, topped_up_at=NOW), payment=None)
    assert reached.standing == ChargeStanding(came_minor=15000, got_minor=15000, claims=[])
    assert not reached.is_final
    assert case(charge=replace(top_up, is_called_off=True), payment=None).standing.is_unwanted


def test_what_has_not_come_counts_for_nothing() -> None:
    assert case(charge=replace(charge, status=ChargeStatus.PENDING)).standing.came_minor == 0


def test_a_return_is_in_vain_where_it_was_refused_and_is_more_than_is_left() -> None:
    refunds = [
        refund(10, 6000, status=DONE),
        refund(11, 5001, status=REFUSED, origin=CardRefundOrigin.RETURN),
        refund(12, 5000, status=REFUSED, origin=CardRefundOrigin.RETURN),
        refund(13, 9000, status=REFUSED),
        refund(14, 9000, status=DROPPED, origin=CardRefundOrigin.RETURN),
    ]
    known = case(refunds=refunds, disputes=[dispute])
    assert known.vain_returns == [UUID(int=11)]


@pytest.mark.parametrize(
    ("claim_id", "minor", "kind"),
    [
        (DISPUTE, 1, "chargeback"),
        (DISPUTE, -1, "chargeback_reversal"),
        (UUID(int=15), 1, "refund"),
        (UUID(int=15), -1, "refund_reversal"),
    ],
)
def test_a_movement_is_called_for_its_claim_and_its_direction(
    claim_id: UUID, minor: int, kind: str
) -> None:
    assert case(disputes=[dispute]).kind_of(claim_id, minor) == kind


@pytest.mark.parametrize(
    ("known", "told", "is_about"),
    [
        ("ch_1", "ch_1", True),
        ("ch_1", "py_1", True),  # what the provider calls the money
        ("ch_1", "ch_2", False),
        ("ch_1", None, True),
        (None, "ch_2", True),
    ],
)
def test_a_notice_is_about_a_charge_as_far_as_both_know_its_name(
    known: str | None, told: str | None, *, is_about: bool
) -> None:
    notice = ProviderNotice(event_id="evt_1", kind="charge.updated", reference=told)
    assert notice.is_about(replace(charge, reference=known, settlement="py_1")) is is_about


@pytest.mark.parametrize(
    ("status", "is_live"),
    [
        (CardRefundStatus.WANTED, True),
        (PENDING, True),
        (DONE, True),
        (REFUSED, False),
        (DROPPED, False),
    ],
)
def test_a_refund_is_live_until_it_was_refused_or_dropped(
    status: CardRefundStatus, *, is_live: bool
) -> None:
    assert refund(10, 1, status=status).is_live is is_live


@pytest.mark.parametrize("known", CardRefundStatus)
def test_news_of_a_refund_count_only_where_they_are_later_than_what_is_known(
    known: CardRefundStatus,
) -> None:
    order = list(CardRefundStatus)
    later = [status for status in order if refund(10, 1, status=known).is_behind(status)]
    assert later == order[order.index(known) + 1 :]
