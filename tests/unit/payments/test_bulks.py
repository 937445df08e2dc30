"""What became of a bulk's rows, and what is kept of a row while it waits."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from tests.unit.payments.samples import PAID

from kit.money import Money
from payments.domain.bulk import RowOutcome, all_failed, facts_of, is_done, order_of
from payments.domain.creation import PaymentOrder
from payments.domain.parties import PayeeName
from payments.domain.payment import PaymentStatus

ALICE, BOB, WALLET = (UUID(int=number) for number in range(1, 4))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

plain = PaymentOrder(
    payer_id=ALICE, payee=PayeeName(username="bob"), amount=Money(15000, "RUB"), metadata=None
)
payment = structs.replace(
    PAID,
    id=UUID(int=4),
    status=PaymentStatus.PROCESSING,
    version=1,
    paid_at=None,
    paid_minor=None,
)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (RowOutcome(0), "waiting"),
        (RowOutcome(0, code="payee_not_found"), "refused"),
        (RowOutcome(0, payment=payment), "processing"),
    ],
)
def test_a_row_waits_until_it_is_refused_or_is_a_payment(row: RowOutcome, status: str) -> None:
    assert row.status == status


@pytest.mark.parametrize(
    ("counts", "done", "nothing"),
    [
        ({"waiting": 1, "paid": 3}, False, False),
        ({"created": 1, "paid": 3}, False, False),
        ({"processing": 1, "failed": 3}, False, False),
        ({"waiting": 0, "paid": 3, "refused": 1}, True, False),
        ({"refused": 2, "failed": 2, "paid": 0}, True, True),
        ({"cancelled": 1, "refused": 2}, True, False),
    ],
)
def test_a_bulk_is_done_once_no_row_can_change_and_came_to_nothing_if_none_is_paid(
    counts: dict[str, int], *, done: bool, nothing: bool
) -> None:
    assert (is_done(counts), all_failed(counts)) == (done, nothing)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"payee": PayeeName(user_id=BOB)},
        {"payee": PayeeName(wallet_id=WALLET), "from_wallet_id": WALLET},
        {"payee": PayeeName(service_id=BOB), "amount": Money(1, "USD")},
        {"card_last4": "4242", "card_holder": "ALICE", "description": "rent"},
        {"metadata": {"order": 7, "paid": True, "note": None}},
    ],
)
def test_a_row_that_has_waited_as_json_is_the_order_that_was_given(changes: dict[str, Any]) -> None:
    order = structs.replace(plain, **changes)
    stored = json.loads(json.dumps(facts_of(order)))
    assert order_of(ALICE, stored) == order
