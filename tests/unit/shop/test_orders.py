"""Who may pay or cancel an order, in every state it can be in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.refusals import Refusal
from kit.web.schemas import Problem
from shop.domain.orders import (
    STATUS_RU,
    Order,
    OrderItem,
    OrderStatus,
    PayMethod,
    decide_pay,
    require_pending,
    visible_to,
)
from shop.refusals import PAYMENT_REFUSALS, OrderExpired, OrderNotFound, OrderNotPending, declined

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OWNER, STRANGER = UUID(int=1), UUID(int=2)
PENDING = Order(
    id=UUID(int=3),
    owner_id=OWNER,
    status=OrderStatus.PENDING,
    currency="RUB",
    total_minor=100,
    is_bought=False,
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=30),
    items=(OrderItem(UUID(int=4), "Phone", 100, 1),),
)
WALLET, CARD = PayMethod.WALLET, PayMethod.CARD


@pytest.mark.parametrize(
    ("state", "method", "begins"),
    [
        ({}, WALLET, True),
        ({}, CARD, True),
        ({"has_open_card": True}, WALLET, True),
        ({"has_open_card": True}, CARD, False),
        ({"status": OrderStatus.PAYING}, WALLET, False),
        ({"status": OrderStatus.PAYING}, CARD, False),
        ({"status": OrderStatus.PAYING, "expires_at": NOW}, WALLET, False),
    ],
)
def test_a_pending_order_is_paid_and_one_that_is_being_paid_goes_on(
    state: dict[str, Any], method: PayMethod, *, begins: bool
) -> None:
    assert decide_pay(replace(PENDING, **state), method, NOW) is begins


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ({"status": OrderStatus.PAID}, OrderNotPending),
        ({"status": OrderStatus.CANCELLED}, OrderNotPending),
        ({"status": OrderStatus.REFUNDED, "expires_at": NOW}, OrderNotPending),
        ({"expires_at": NOW}, OrderExpired),
        ({"expires_at": NOW, "has_open_card": True}, OrderExpired),
    ],
)
def test_what_is_over_is_not_paid(state: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide_pay(replace(PENDING, **state), WALLET, NOW)


@pytest.mark.parametrize("status", list(OrderStatus)[1:])
def test_only_what_is_pending_is_cancelled(status: OrderStatus) -> None:
    require_pending(PENDING)
    with pytest.raises(OrderNotPending) as told:
        require_pending(replace(PENDING, status=status))
    assert f"is {status};" in told.value.detail("en")
    assert STATUS_RU[status] in told.value.detail("ru")


def test_an_order_exists_for_its_owner_alone() -> None:
    assert visible_to(PENDING, OWNER) is PENDING
    for order, user in ((PENDING, STRANGER), (None, OWNER)):
        with pytest.raises(OrderNotFound):
            visible_to(order, user)


@pytest.mark.parametrize("code", PAYMENT_REFUSALS)
def test_a_payments_code_is_the_refusals_code_and_its_reason(code: str) -> None:
    refusal = declined(code)
    assert (refusal.code, refusal.status, refusal.members) == (code, 409, {"reason": code})
    assert set(refusal.members) <= set(Problem.model_fields), "documents have it"


def test_a_code_without_a_refusal_of_its_own_is_the_reason_of_the_general_one() -> None:
    refusal = declined("balance_limit")
    assert (refusal.code, refusal.members) == ("payment_declined", {"reason": "balance_limit"})
