"""Says which function handles which message."""

from collections.abc import Sequence
from functools import partial

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
from kit.saga import SagaEngine
from shop.live.waiters import OrderRefundWaiters
from shop.service import disputes
from shop.service.leavers import leave
from shop.service.refunds import learn
from shop.service.replies import take


def routes(orders: SagaEngine, refunds: SagaEngine, refund_waiters: OrderRefundWaiters) -> Routes:
    """Return the routes: answers go to the saga that asked, news to orders.

    What locks orders goes to one handler for each queue: that locks those of a whole batch at once.
    """
    answers = partial(take, orders=orders, refunds=refunds)

    async def news(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await learn(uow, refund_waiters, envelopes)
        await disputes.learn(uow, envelopes)

    async def about_people(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await leave(uow, orders, envelopes)

    return Routes(
        events={
            PaymentRefunded: news,
            PaymentRefundFailed: news,
            PaymentDisputed: news,
            PaymentDisputeClosed: news,
            UserChanged: about_people,
        },
        replies={
            PaymentTaken: answers,
            PaymentNotTaken: answers,
            CardPageOpened: answers,
            PaymentReturned: answers,
            RefundMade: answers,
            RefundNotMade: answers,
        },
        repeatable=frozenset({"replies"}),  # sagas ignore what answers no open question
    )
