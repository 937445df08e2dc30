"""Names the parts that the composition root has opened for operations; opens none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from kit.db import Batches, Database, UnitOfWork
from kit.saga import SagaEngine
from kit.waiters import Places
from kit.wake_up import WakeUp
from kit.web.state import from_state
from payments.clients.parties import KnownParties
from payments.clients.services import ServicesClient
from payments.domain.payment import Method
from payments.live.waiters import PaymentWaiters, RefundWaiters
from payments.live.watchers import Watchers
from payments.loops.charges import ChargeWorker
from payments.loops.provider_events import ProviderEventWorker
from payments.providers.hints import Hints
from payments.service import payments as service
from payments.service.cards.desk import CardDesk
from payments.settings import Settings


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    engine: SagaEngine
    payment_waiters: PaymentWaiters
    services: ServicesClient
    known_parties: KnownParties
    batches: Batches[UnitOfWork]
    bulk_wake_up: WakeUp
    watchers: Watchers
    places: Places
    refunds: Mapping[Method, SagaEngine]
    refund_waiters: RefundWaiters
    charge_worker: ChargeWorker
    card_desk: CardDesk
    provider_events: ProviderEventWorker
    hints: Hints = field(default_factory=Hints)


def batches(database: Database, engine: SagaEngine, settings: Settings) -> Batches[UnitOfWork]:
    """Return the batcher of requests to create and pay that arrive together."""
    return Batches(
        database.unit_of_work,
        {
            service.create: {"ttl": settings.ttl},
            service.pay: {"engine": engine, "policies": settings.policies},
        },
        {service.create: database.one_statement},
    )


Wired = Annotated[Wiring, from_state("wiring")]
