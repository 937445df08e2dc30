"""Reads orders together with what came after they were paid."""

from collections.abc import Iterable
from dataclasses import replace

from kit.db import Snapshot, UnitOfWork
from shop.domain.orders import Order
from shop.repository.disputes import OrderDisputes
from shop.repository.refunds import OrderRefunds


async def with_aftermath(connection: Snapshot | UnitOfWork, orders: Iterable[Order]) -> list[Order]:
    """Return orders with their refunds and disputes, by two statements for all.

    The orders were read on the same snapshot, or are locked: an order and its refunds agree.
    """
    given = list(orders)
    ids = [order.id for order in given]
    refunds = await OrderRefunds(connection).of_orders(ids)
    disputes = await OrderDisputes(connection).of_orders(ids)
    return [
        replace(order, refunds=refunds.get(order.id, ()), disputes=disputes.get(order.id, ()))
        for order in given
    ]
