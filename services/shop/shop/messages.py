"""Says which function handles which message."""

from collections.abc import Sequence

from contracts.auth import UserChanged
from contracts.payments import (
    CardPageOpened,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentNotTaken,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
)
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.saga import SagaEngine, shared_replies
from shop.live.waiters import OrderRefundWaiters
from shop.service import disputes
from shop.service.leavers import leave
from shop.service.refunds import learn
from shop.service.replies import take


def routes(orders: SagaEngine, refunds: SagaEngine, refund_waiters: OrderRefundWaiters) -> Routes:
    """Return the routes: answers go to the saga that asked, news to orders."""

    async def about_orders(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await take(uow, orders, envelopes)

    async def about_refunds(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await learn(uow, refund_waiters, envelopes)

    async def about_people(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await leave(uow, orders, envelopes)

    of_refunds = shared_replies(refunds)
    return Routes(
        events={
            PaymentRefunded: about_refunds,
            PaymentRefundFailed: about_refunds,
            PaymentDisputed: disputes.learn,
            PaymentDisputeClosed: disputes.learn,
            UserChanged: about_people,
        },
        replies={
            PaymentTaken: about_orders,
            PaymentNotTaken: about_orders,
            CardPageOpened: about_orders,
            PaymentReturned: about_orders,
            RefundMade: of_refunds,
            RefundNotMade: of_refunds,
        },
    )
