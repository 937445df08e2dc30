from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.ids import new_id
from payments.domain.cards.charges import Call, Charge, ChargeStatus, next_call, pause

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def charge(**more: Any) -> Charge:
    known: dict[str, Any] = {
        "id": new_id(),
        "owner_id": new_id(),
        "provider": "sandbox",
        "amount_minor": 15000,
        "currency": "RUB",
        "description": "bob",
        "return_url": "https://shop.example/",
        "expires_at": NOW + timedelta(hours=1),
        "payment_id": new_id(),
        "attempts": 1,
    }
    return Charge(**known | more)


@pytest.mark.parametrize(
    ("stands", "call"),
    [
        ({}, Call.CREATE),
        ({"is_called_off": True}, Call.DROP),
        ({"is_called_off": True, "attempts": 2}, Call.CREATE),
        ({"status": ChargeStatus.PENDING}, Call.FETCH),
        ({"status": ChargeStatus.PENDING, "is_called_off": True}, Call.CANCEL),
        ({"status": ChargeStatus.PENDING, "expires_at": NOW}, Call.CANCEL),
        ({"status": ChargeStatus.SUCCEEDED}, Call.NOTHING),
        ({"status": ChargeStatus.FAILED}, Call.NOTHING),
        ({"status": ChargeStatus.CANCELLED, "is_called_off": True}, Call.NOTHING),
    ],
)
def test_what_the_provider_is_asked_next(stands: dict[str, Any], call: Call) -> None:
    assert next_call(charge(**stands), NOW) is call


def test_pauses_grow_up_to_five_minutes() -> None:
    pauses = [pause(attempts) for attempts in range(40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=5), timedelta(minutes=5))
