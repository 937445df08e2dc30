"""Logs what has become of orders."""

from collections.abc import Sequence

from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.money import decimal_text
from shop.domain.orders import Order

log = get_logger(__name__)


def log_states(uow: UnitOfWork, orders: Sequence[Order]) -> None:
    """Write a line for the state that each order has reached, once it is stored."""
    if orders:
        uow.after_commit(lambda: _write(orders))


def _write(orders: Sequence[Order]) -> None:
    for order in orders:
        log.info(
            "order_changed",
            status=order.status.value,
            order_id=str(order.id),
            buyer_id=str(order.owner_id),
            amount=decimal_text(order.total_minor, order.currency),
            currency=order.currency,
            reason=order.reason,
        )
