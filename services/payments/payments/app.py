"""Composes the service; every part is chosen here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from httpx import AsyncClient

from contracts import cards
from contracts.auth import RecordAudit
from kit.audit import by_message
from kit.outgoing import http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.saga import SagaEngine, TaskRunner
from kit.tasks import all_of, spawn, stop
from kit.tokens.service_client import ServiceToken
from kit.wake_up import WakeUp
from kit.web.app import WebApp, create_app
from kit.web.idempotency import keep_purged
from payments import refusals
from payments.api import ROUTERS
from payments.clients.parties import known_parties
from payments.clients.services import ServicesClient
from payments.clients.verifiers import Verifiers
from payments.domain.payment import Method
from payments.hooks.payment import payment_saga
from payments.hooks.refunds import refund_sagas
from payments.live.waiters import Finishes, Places, RefundEnds
from payments.live.watchers import Watchers
from payments.loops import expiry, schedule
from payments.loops.bulks import BulkWorker
from payments.loops.charges import ChargeWorker
from payments.loops.provider_events import ProviderEventWorker
from payments.loops.provider_log import ProviderLog
from payments.messages import routes
from payments.providers import provider_of
from payments.sagas.payment import OUTSIDE_CHECKS
from payments.service.bulk import Terms
from payments.service.cards import movements
from payments.settings import Settings
from payments.wiring import Wiring, batches

DESCRIPTION = """
Payments between people: create one, pay it, watch it become `paid`, or cancel it. Creating moves no
money; paying starts a saga that reserves the money, has large payments checked, and settles. What
was paid can be refunded, in whole or in part.
"""


def build(settings: Settings) -> Service:
    """Return the service, ready to be run by ``kit.runtime``."""
    finishes, watchers = Finishes(), Watchers()
    engine = payment_saga(finishes)
    refund_ends, card_wake_up = RefundEnds(), WakeUp()
    sagas = (engine, *(refunds := refund_sagas(refund_ends, card_wake_up)).values())

    @asynccontextmanager
    async def calls_and_waiting(service: Service) -> AsyncIterator[None]:
        database = service.state.database
        async with http_client() as client, _token(client, settings) as token:
            provider = provider_of(settings, client)
            service.state.wiring = Wiring(
                settings=settings,
                database=database,
                engine=engine,
                finishes=finishes,
                services=ServicesClient(client, token, settings),
                known_parties=known_parties(database, settings.most_open_payments),
                batches=batches(database, engine, settings),
                bulk_wake_up=WakeUp(),
                watchers=watchers,
                places=Places(settings.most_waiting),
                refunds=refunds,
                refund_ends=refund_ends,
                charge_worker=ChargeWorker(
                    database, engine, refunds[Method.CARD], provider, card_wake_up
                ),
                provider_events=ProviderEventWorker(
                    database, engine, refunds[Method.CARD], provider.name
                ),
            )
            # Requests wait in every process that answers them, even if another does the work.
            loops = (finishes.poll(database), refund_ends.poll(database), watchers.run(database))
            polls = [spawn(loop, "payments.waiters") for loop in loops]
            try:
                yield
            finally:
                await stop(polls)

    return Service(
        name="payments",
        settings=settings,
        web=_web(settings),
        routes=routes(*sagas),
        background=_background(engine, refunds.values(), settings),
        resources=(calls_and_waiting,),
        sagas=sagas,
        stopping=watchers.wake_all,
    )


def bulk_work(service: Service) -> BulkWorker:
    """Return the loop over bulks, wired to the open service."""
    wiring: Wiring = service.state.wiring
    terms = Terms(wiring.settings.ttl, wiring.settings.policies)
    return BulkWorker(wiring.database, wiring.services, wiring.engine, terms, wiring.bulk_wake_up)


def _token(client: AsyncClient, settings: Settings) -> AbstractAsyncContextManager[ServiceToken]:
    token = ServiceToken(client, settings.auth_url, "payments", settings.client_secret)
    return token.fetched_ahead()


async def _sweep(service: Service) -> None:
    await expiry.sweep(service.state.database, service.state.settings.sweep_seconds)


async def _forget_answers(service: Service) -> None:
    await keep_purged(service.state.database)


async def _forget_changes(service: Service) -> None:
    await expiry.forget_changes(service.state.database)


async def _bulk(service: Service) -> None:
    await bulk_work(service).run()


def _web(settings: Settings) -> WebApp:
    web = create_app(
        name="payments",
        title="Saldo payments",
        description=DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, cards),
        routers=ROUTERS,
    )
    web.state.record_audit = by_message(RecordAudit)
    return web


def _background(
    engine: SagaEngine, refunds: Iterable[SagaEngine], settings: Settings
) -> tuple[tuple[str, Callable[[Service], Awaitable[None]]], ...]:
    async def timers(service: Service) -> None:
        await engine.timers(service.state.database)

    async def refund_timers(service: Service) -> None:
        await all_of([one.timers(service.state.database) for one in refunds])

    async def scheduled(service: Service) -> None:
        await schedule.sweep(service.state.database, engine, settings.policies)

    return (
        ("timers", timers),
        ("refund_timers", refund_timers),
        ("schedule", scheduled),
        ("checks", lambda service: _check(engine, service, settings)),
        ("charges", _charge),
        ("provider_events", _apply_events),
        ("bulk", _bulk),
        ("expiry", _sweep),
        ("idempotency", _forget_answers),
        ("changes", _forget_changes),
    )


async def _check(engine: SagaEngine, service: Service, settings: Settings) -> None:
    urls = {"one": settings.verifier_one_url, "two": settings.verifier_two_url}
    async with http_client() as client:
        database = service.state.database
        works = {OUTSIDE_CHECKS: Verifiers(client, urls, database.clock).check}
        await TaskRunner(engine, database, works).run()


async def _charge(service: Service) -> None:
    """Call the provider about charges and refunds, and read its log of events."""
    wiring: Wiring = service.state.wiring
    read = ProviderLog(wiring.database, wiring.charge_worker.provider, wiring.provider_events)
    await all_of([wiring.charge_worker.run(), read.run()])


async def _apply_events(service: Service) -> None:
    """Apply the provider's events; repeat the movements that wallet has not posted."""
    wiring: Wiring = service.state.wiring
    await all_of(
        [wiring.provider_events.run(), movements.ask_again_for_ever(service.state.database)]
    )
