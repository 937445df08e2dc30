"""What the composition root has put together, handed to every operation. It opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from kit.db import Batcher, Database, UnitOfWork
from kit.messaging.doorbell import WakeUp
from kit.saga import SagaEngine
from payments.clients.parties import KnownParties
from payments.clients.services import ServicesClient
from payments.domain.payment import Method, Payment
from payments.live.waiters import Finishes, Places, RefundEnds
from payments.live.watchers import Watchers
from payments.loops.charges import ChargeWorker
from payments.loops.provider_events import ProviderEventWorker
from payments.providers.hints import Hints
from payments.service import payments as service
from payments.service.payments import Creation, Paying
from payments.settings import Settings


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    engine: SagaEngine
    finishes: Finishes
    neighbours: ServicesClient
    known_parties: KnownParties
    creating: Batcher[UnitOfWork, Creation, Payment]
    paying: Batcher[UnitOfWork, Paying, Payment]
    bulk_bell: WakeUp
    watchers: Watchers
    places: Places
    refunds: Mapping[Method, SagaEngine]
    refund_ends: RefundEnds
    charging: ChargeWorker
    hearing: ProviderEventWorker
    hints: Hints = field(default_factory=Hints)


def creating(database: Database, settings: Settings) -> Batcher[UnitOfWork, Creation, Payment]:
    """Return what creates the payments of requests that arrive together."""
    verb = partial(service.create, ttl=settings.ttl)
    return Batcher(database.unit_of_work, verb, name="payments.creating")


def paying(
    database: Database, settings: Settings, engine: SagaEngine
) -> Batcher[UnitOfWork, Paying, Payment]:
    """Return what sends the payments of requests that arrive together on their way."""
    verb = partial(service.pay, engine=engine, policies=settings.policies)
    return Batcher(database.unit_of_work, verb, name="payments.paying")


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
