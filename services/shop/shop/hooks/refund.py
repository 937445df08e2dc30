"""Ends refunds of orders, for the saga that gives their money back."""

from collections.abc import Sequence

from kit.db import UnitOfWork
from kit.saga import Hooks, SagaEnd, SagaEngine
from shop.live.waiters import OrderRefundWaiters
from shop.repository.orders import LOCK_PAID_BY
from shop.sagas.refund import ORDER_REFUND
from shop.service.refunds import complete, fail


def refund_saga(ends: OrderRefundWaiters) -> SagaEngine:
    """Return the engine that gives money back.

    It wakes requests that wait in this process.
    """

    async def completed(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        await complete(uow, ends, [saga.saga_id for saga in ended])

    async def undone(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        await fail(uow, ends, {saga.saga_id: saga.reason or "refused" for saga in ended})

    return SagaEngine(ORDER_REFUND, Hooks(lock=LOCK_PAID_BY, completed=completed, undone=undone))
