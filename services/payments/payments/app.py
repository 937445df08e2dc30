"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple, Self, cast

from contracts import cards
from contracts import payments as contract
from contracts.auth import RecordAudit
from kit import signatures
from kit.audit import by_message
from kit.outgoing import calling_as, http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.saga import SagaEngine, TaskRunner
from kit.tasks import all_of, spawn, stop
from kit.waiters import Places
from kit.wake_up import WakeUp
from kit.web.app import create_app
from payments import refusals
from payments.api import ROUTERS
from payments.clients.parties import known_parties
from payments.clients.services import ServicesClient
from payments.clients.verifiers import Verifiers
from payments.domain.payment import Method
from payments.domain.policies import Terms
from payments.hooks.payment import payment_saga
from payments.hooks.refunds import refund_sagas
from payments.live.waiters import PaymentWaiters, RefundWaiters
from payments.live.watchers import Watchers
from payments.loops import expiry, schedule
from payments.loops.bulks import BulkWorker
from payments.loops.charges import ChargeWorker
from payments.loops.provider_events import ProviderEventWorker
from payments.loops.provider_log import ProviderLog
from payments.messages import Means, routes
from payments.providers import provider_of
from payments.sagas.payment import OUTSIDE_CHECKS
from payments.service.cards import movements
from payments.service.cards.desk import CardDesk
from payments.service.merchants.returns import Returns
from payments.settings import Settings
from payments.wiring import Wiring, batches

NAME: Final = "payments"
_DESCRIPTION: Final = """
Payments between people: create one, pay it, watch it become `paid`, or cancel it. Creating moves no
money; paying starts a saga that reserves the money, has large payments checked, and settles. What
was paid can be refunded, in whole or in part.
"""


class _Sagas(NamedTuple):
    """Holds the saga engines and their waiters, for messages and operations."""

    payment: SagaEngine
    refunds: Mapping[Method, SagaEngine]
    payment_waiters: PaymentWaiters
    refund_waiters: RefundWaiters
    card_desk: CardDesk
    returns: Returns

    @classmethod
    def made(cls, settings: Settings) -> Self:
        payment_waiters, refund_waiters = PaymentWaiters(), RefundWaiters()
        desk = CardDesk(WakeUp(), settings.most_open_charges)
        refunds: dict[Method, SagaEngine] = {}
        returns = Returns(refunds, desk)  # whose refunds may end another return
        refunds |= refund_sagas(refund_waiters, desk.wake_up, returns)
        payment = payment_saga(payment_waiters, returns)
        return cls(payment, refunds, payment_waiters, refund_waiters, desk, returns)

    def means(self, settings: Settings) -> Means:
        """Return what messages move payments by."""
        terms = Terms(settings.ttl, settings.policies)
        return Means(self.payment, self.refunds, self.returns, terms, self.card_desk)

    @property
    def engines(self) -> tuple[SagaEngine, ...]:
        return (self.payment, *self.refunds.values())


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo payments",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, signatures, cards, contract),
        routers=ROUTERS,
    )
    web.state.record_audit = by_message(RecordAudit)
    sagas, watchers = _Sagas.made(settings), Watchers()
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=routes(sagas.means(settings)),
        background=(
            ("timers", _time_payments),
            ("refund_timers", _time_refunds),
            ("schedule", _pay_scheduled),
            ("checks", _check),
            ("charges", _charge),
            ("provider_events", _apply_events),
            ("bulk", _bulk),
            ("expiry", _sweep),
            ("changes", _forget),
        ),
        resources=(partial(wired, sagas=sagas, watchers=watchers),),
        sagas=sagas.engines,
        hears_replicas=True,
        stopping=watchers.wake_all,
    )


@asynccontextmanager
async def wired(service: Service, *, sagas: _Sagas, watchers: Watchers) -> AsyncIterator[None]:
    """Open what only payments has, and wire it to what the runtime has opened."""
    settings, database = cast("Settings", service.settings), service.state.database
    to_card = sagas.refunds[Method.CARD]
    async with calling_as(NAME, settings.auth_url, settings.client_secret) as (client, token):
        provider = provider_of(settings, client)
        sagas.card_desk.open(provider)
        service.state.wiring = Wiring(
            settings=settings,
            database=database,
            engine=sagas.payment,
            payment_waiters=sagas.payment_waiters,
            services=ServicesClient(client, token, settings),
            known_parties=known_parties(database, settings.most_open_payments),
            batches=batches(database, sagas.payment, settings),
            bulk_wake_up=WakeUp(),
            watchers=watchers,
            places=Places(settings.most_waiting),
            refunds=sagas.refunds,
            refund_waiters=sagas.refund_waiters,
            charge_worker=ChargeWorker(
                database, sagas.payment, to_card, provider, sagas.card_desk.wake_up
            ),
            card_desk=sagas.card_desk,
            provider_events=ProviderEventWorker(database, sagas.payment, to_card, provider.name),
        )
        # Requests wait in every process that answers them, even if another does the work.
        waiters = (sagas.payment_waiters.poll, sagas.refund_waiters.poll, watchers.run)
        polls = [spawn(poll(database), "payments.waiters") for poll in waiters]
        try:
            yield
        finally:
            await stop(polls)


async def _time_payments(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.engine.timers(wiring.database)


async def _time_refunds(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await all_of([one.timers(wiring.database) for one in wiring.refunds.values()])


async def _pay_scheduled(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await schedule.sweep(wiring.database, wiring.engine, wiring.settings.policies)


async def _check(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    urls = {"one": wiring.settings.verifier_one_url, "two": wiring.settings.verifier_two_url}
    async with http_client() as client:
        works = {OUTSIDE_CHECKS: Verifiers(client, urls, wiring.database.clock).check}
        await TaskRunner(wiring.engine, wiring.database, works).run()


async def _charge(service: Service) -> None:
    """Call the provider about charges and refunds, and read its log of events."""
    wiring: Wiring = service.state.wiring
    read = ProviderLog(wiring.database, wiring.charge_worker.provider, wiring.provider_events)
    await all_of([wiring.charge_worker.run(), read.run()])


async def _apply_events(service: Service) -> None:
    """Apply the provider's events; repeat the movements that wallet has not posted."""
    wiring: Wiring = service.state.wiring
    await all_of([wiring.provider_events.run(), movements.ask_again_for_ever(wiring.database)])


async def _bulk(service: Service) -> None:
    await bulk_work(service).run()


def bulk_work(service: Service) -> BulkWorker:
    """Return the loop over bulks, wired to the open service."""
    wiring: Wiring = service.state.wiring
    terms = Terms(wiring.settings.ttl, wiring.settings.policies)
    return BulkWorker(wiring.database, wiring.services, wiring.engine, terms, wiring.bulk_wake_up)


async def _sweep(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await expiry.sweep(wiring.database, wiring.settings.sweep_seconds)


async def _forget(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await expiry.forget(wiring.database, wiring.settings.card_holder_days)
