"""Tells what was bought, once it is paid. Its caller commits."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from contracts.shop import OrderPaid, PaidItem
from kit.db import UnitOfWork
from kit.messaging.outbox import emit
from shop.domain.categories import CategoryPath
from shop.domain.orders import Order, OrderItem
from shop.repository import Categories

_NOWHERE: Final = CategoryPath(None, ())


async def tell_paid(uow: UnitOfWork, paid: Sequence[Order]) -> None:
    """Emit an event for each order that was paid, with where its products stand now."""
    if not paid:
        return
    paths = await Categories(uow).paths({item.product_id for one in paid for item in one.items})
    for order in paid:
        emit(uow, order_paid(order, paths), subject=str(order.id), sequence=1)


def order_paid(order: Order, paths: Mapping[UUID, CategoryPath]) -> OrderPaid:
    """Return the event of a paid order."""
    assert order.payment is not None  # noqa: S101 - the payment that has paid it
    return OrderPaid(
        order_id=order.id,
        payment_id=order.payment.id,
        buyer_id=order.owner_id,
        currency=order.currency,
        items=tuple(_item(item, paths.get(item.product_id, _NOWHERE)) for item in order.items),
    )


def _item(item: OrderItem, path: CategoryPath) -> PaidItem:
    return PaidItem(
        product_id=item.product_id,
        name=item.name,
        category_id=path.category_id,
        categories=path.slugs,
        quantity=item.quantity,
        amount_minor=item.amount_minor,
    )
