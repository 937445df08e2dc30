from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from payments.domain.filters import Direction, PaymentFilter
from payments.domain.payment import PaymentStatus
from payments.schemas.queries import PaymentsQuery


def test_nothing_given_narrows_nothing() -> None:
    query = PaymentsQuery()
    assert query.wanted == PaymentFilter()
    assert query.limit == 20


def test_every_filter_is_read() -> None:
    query = PaymentsQuery.model_validate(
        {
            "status": "paid",
            "direction": "in",
            "created_from": "2026-01-31T15:00:00+03:00",
            "created_to": "2026-02-01T00:00:00Z",
            "amount_min": "1.50",
            "amount_max": "0",
            "currency": "RUB",
            "limit": "5",
        }
    )
    assert query.wanted == PaymentFilter(
        status=PaymentStatus.PAID,
        direction=Direction.IN,
        created_from=datetime(2026, 1, 31, 12, tzinfo=UTC),
        created_to=datetime(2026, 2, 1, tzinfo=UTC),
        amount_min=Decimal("1.50"),
        amount_max=Decimal(0),
        currency="RUB",
    )
    assert query.limit == 5


def test_a_day_is_taken_as_a_whole() -> None:
    query = PaymentsQuery.model_validate({"created_from": "2026-01-31", "created_to": "2026-01-31"})
    assert query.wanted.created_from == datetime(2026, 1, 31, tzinfo=UTC)
    assert query.wanted.created_to == datetime(2026, 2, 1, tzinfo=UTC)


def test_the_last_day_of_the_calendar_narrows_nothing() -> None:
    assert PaymentsQuery.model_validate({"created_to": "9999-12-31"}).wanted.created_to is None


@pytest.mark.parametrize(
    "given",
    [
        {"status": "PAID"},
        {"status": ""},
        {"direction": "sideways"},
        {"created_from": "2026-01-31T12:00:00"},
        {"created_from": "yesterday"},
        {"created_from": "0001-01-01T00:00:00+14:00"},
        {"created_to": "9999-12-31T23:59:59-14:00"},
        {"amount_min": "-1"},
        {"amount_min": "1e3"},
        {"amount_min": "NaN"},
        {"amount_max": "1" * 30},
        {"currency": "rub"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"payer_id": "me"},
        {"sort": "amount"},
        {"cursor": "c" * 401},
    ],
)
def test_other_values_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PaymentsQuery.model_validate(given)
