"""Lets requests wait for what becomes of a payment, or a refund, of an order."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from uuid import UUID

from kit.db import Connection
from kit.waiters import Waiters
from shop.domain.orders import Order
from shop.domain.refunds import OrderRefund
from shop.repository import OrderRefunds, Orders


class OrderWaiters(Waiters[Order]):
    """The requests that wait for orders."""

    async def _news(self, connection: Connection, ids: Iterable[UUID]) -> list[Order]:
        return await Orders(connection).among(ids)

    def expect(
        self, order_id: UUID, payment_id: UUID, *, or_page: bool = False
    ) -> AbstractContextManager[asyncio.Future[Order]]:
        """Enter with a future of the order as its payment leaves it; open it first.

        With ``or_page`` it is enough that the card can be entered.
        """

        def is_awaited(order: Order) -> bool:
            payment = order.payment
            if payment is None or payment.id != payment_id:
                return False
            return payment.is_over or (or_page and payment.page_url is not None)

        return self._expected(order_id, is_awaited)


class OrderRefundWaiters(Waiters[OrderRefund]):
    """The requests that wait for refunds."""

    async def _news(self, connection: Connection, ids: Iterable[UUID]) -> list[OrderRefund]:
        return await OrderRefunds(connection).ended_among(ids)

    def expect(self, refund_id: UUID) -> AbstractContextManager[asyncio.Future[OrderRefund]]:
        """Enter with a future of the refund's end; open it before asking."""
        return self._expected(refund_id, _has_ended)


def _has_ended(refund: OrderRefund) -> bool:
    return refund.has_ended
