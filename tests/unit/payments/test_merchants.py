"""How a payment that a merchant gives back goes on, from what is left of it."""

import pytest
from msgspec.structs import replace
from tests.unit.payments.samples import PAID

from payments.domain.merchants import ReturnStep, decide_take_back
from payments.domain.payment import PaymentStatus
from payments.domain.refunds import Unrefundable

NOTHING = Unrefundable()


@pytest.mark.parametrize(
    "status", [PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.REFUNDED]
)
def test_of_what_has_moved_nothing_or_is_back_nothing_is_to_be_done(status: PaymentStatus) -> None:
    paid_minor = 1000 if status is PaymentStatus.REFUNDED else None
    ended = replace(PAID, status=status, paid_minor=paid_minor)
    assert decide_take_back(ended, NOTHING, is_refunding=False) is ReturnStep.IS_DONE


@pytest.mark.parametrize(
    ("refunded", "disputed", "pending", "outcome", "is_refunding", "step"),
    [
        (0, 0, 0, None, False, ReturnStep.REFUND),
        (999, 0, 0, None, True, ReturnStep.REFUND),
        (0, 999, 0, None, False, ReturnStep.REFUND),
        (0, 999, 0, "lost", False, ReturnStep.REFUND),
        (1000, 0, 0, None, True, ReturnStep.WAIT),
        (0, 1000, 0, None, False, ReturnStep.WAIT),
        (0, 0, 1000, None, False, ReturnStep.WAIT),
        (400, 600, 0, None, False, ReturnStep.WAIT),
        (400, 600, 0, "lost", True, ReturnStep.WAIT),
        (400, 0, 600, "lost", False, ReturnStep.WAIT),
        (0, 1000, 0, "lost", False, ReturnStep.IS_DONE),
        (400, 600, 0, "lost", False, ReturnStep.IS_DONE),
        (400, 700, 0, "lost", False, ReturnStep.IS_DONE),
    ],
)
def test_what_is_left_is_refunded_and_what_is_on_its_way_or_disputed_is_waited_for(  # noqa: PLR0913 - a case
    *,
    refunded: int,
    disputed: int,
    pending: int,
    outcome: str | None,
    is_refunding: bool,
    step: ReturnStep,
) -> None:
    paid = replace(
        PAID,
        paid_minor=1000,
        refunded_minor=refunded,
        disputed_minor=disputed,
        dispute_outcome=outcome,
    )
    taken = Unrefundable(disputed_minor=disputed, pending_minor=pending)
    assert decide_take_back(paid, taken, is_refunding=is_refunding) is step
