"""Holds the parts that the composition root opened, for operations; opens none."""

from dataclasses import dataclass
from typing import Annotated

from kit.db import Batches, Database, UnitOfWork
from kit.saga import SagaEngine
from kit.waiters import Places
from kit.web.state import from_state
from shop.live.waiters import OrderRefundWaiters, OrderWaiters
from shop.service import order_payments, orders
from shop.service.orders import OrderTerms
from shop.settings import Settings


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    engine: SagaEngine
    refund_engine: SagaEngine
    order_waiters: OrderWaiters
    refund_waiters: OrderRefundWaiters
    batches: Batches[UnitOfWork]
    places: Places


def batches(database: Database, engine: SagaEngine, settings: Settings) -> Batches[UnitOfWork]:
    """Return the batcher of requests to order and to pay that arrive together."""
    terms = OrderTerms(settings.order_ttl, settings.most_open_orders)
    return Batches(
        database.unit_of_work,
        {
            orders.create: {"engine": engine, "terms": terms},
            order_payments.pay: {"engine": engine},
        },
    )


Wired = Annotated[Wiring, from_state("wiring")]
