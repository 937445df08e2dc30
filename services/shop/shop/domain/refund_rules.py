"""Decides what goes back of an order: items and a sum, or a no."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kit.money import decimal_text
from kit.refusals import FieldFault
from shop.domain.baskets import BasketLine
from shop.domain.orders import STATUS_RU, Order, OrderItem, OrderStatus
from shop.domain.refunds import RefundedItem
from shop.refusals import ItemNotInOrder, OrderNotPaid, RefundExceedsOrder


@dataclass(frozen=True, slots=True)
class Refundable:
    """What goes back, and how much that is in minor units."""

    items: tuple[RefundedItem, ...]
    amount_minor: int


def decide_refund(order: Order, lines: Sequence[BasketLine] | None) -> Refundable:
    """Return what goes back of an order; without lines it is all that is left of it.

    What was asked for before counts, too, unless it has failed.

    Raises:
        OrderNotPaid: it is not paid, or all of it has gone back.
        ItemNotInOrder: a line names what the order does not hold.
        RefundExceedsOrder: there is less left, of an item or of the money.
    """
    if order.status is not OrderStatus.PAID:
        raise OrderNotPaid(status=order.status.value, status_ru=STATUS_RU[order.status])
    left_minor = order.total_minor - order.refund_asked_minor
    if lines is None:
        return _all_of(order, left_minor)
    items = _items(order, lines)
    _require_quantities(items)
    amount = sum(item.price_minor * line.quantity for line, item in items)
    _require_money(order, amount, left_minor)
    refunded = tuple(RefundedItem(line.product_id, line.quantity) for line, _ in items)
    return Refundable(refunded, amount)


def _all_of(order: Order, left_minor: int) -> Refundable:
    _require_money(order, 1, left_minor)
    left = ((item.product_id, _left(item)) for item in order.items)
    return Refundable(tuple(RefundedItem(*one) for one in left if one[1] > 0), left_minor)


def _left(item: OrderItem) -> int:
    return item.quantity - item.refunded_quantity


def _items(order: Order, lines: Iterable[BasketLine]) -> list[tuple[BasketLine, OrderItem]]:
    ordered = {item.product_id: item for item in order.items}
    found = [(line, ordered.get(line.product_id)) for line in lines]
    unknown = [line for line, item in found if item is None]
    if unknown:
        raise ItemNotInOrder(errors=map(_not_ordered, unknown))
    return [(line, item) for line, item in found if item is not None]


def _require_quantities(items: Iterable[tuple[BasketLine, OrderItem]]) -> None:
    faults = [_too_many(line, item) for line, item in items if line.quantity > _left(item)]
    if faults:
        raise RefundExceedsOrder(errors=faults)


def _require_money(order: Order, amount_minor: int, left_minor: int) -> None:
    """Require that the money is left.

    Payments may have refunded some without the shop.
    """
    if amount_minor > left_minor:
        left = f"{decimal_text(left_minor, order.currency)} {order.currency}"
        fault = FieldFault(
            "/items",
            RefundExceedsOrder.code,
            f"{left} left of the order.",
            f"От заказа осталось {left}.",
        )
        raise RefundExceedsOrder(errors=[fault])


def _not_ordered(line: BasketLine) -> FieldFault:
    return FieldFault(
        f"{line.pointer}/product_id",
        ItemNotInOrder.code,
        "The order holds no such product.",
        "Такого товара в заказе нет.",
    )


def _too_many(line: BasketLine, item: OrderItem) -> FieldFault:
    return FieldFault(
        f"{line.pointer}/quantity",
        RefundExceedsOrder.code,
        f"“{item.name}”: {_left(item)} left to refund.",
        f"«{item.name}»: можно вернуть ещё {_left(item)}.",
    )
