"""Lets requests wait for payments and refunds to end without a connection held."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from uuid import UUID

from kit.db import Connection
from kit.waiters import Waiters
from payments.domain.payment import Payment
from payments.domain.refunds import Refund
from payments.repository import Payments, Refunds


class PaymentWaiters(Waiters[Payment]):
    """The requests that wait for payments."""

    async def _news(self, connection: Connection, ids: Iterable[UUID]) -> list[Payment]:
        return await Payments(connection).news_among(ids)

    def expect(
        self, payment_id: UUID, *, or_set_aside: bool = False
    ) -> AbstractContextManager[asyncio.Future[Payment]]:
        """Enter with a future of the payment's final state; open it before paying.

        With ``or_set_aside`` it is enough that its money has been set aside.
        """
        is_awaited = _is_set_aside_or_final if or_set_aside else _is_final
        return self._expected(payment_id, is_awaited)


class RefundWaiters(Waiters[Refund]):
    """The requests that wait for refunds."""

    async def _news(self, connection: Connection, ids: Iterable[UUID]) -> list[Refund]:
        return await Refunds(connection).ended_among(ids)

    def expect(self, refund_id: UUID) -> AbstractContextManager[asyncio.Future[Refund]]:
        """Enter with a future of the refund's end; open it before asking."""
        return self._expected(refund_id, _has_ended)


def _is_final(payment: Payment) -> bool:
    return payment.is_final


def _is_set_aside_or_final(payment: Payment) -> bool:
    return payment.is_final or payment.reserved_at is not None


def _has_ended(refund: Refund) -> bool:
    return refund.has_ended
