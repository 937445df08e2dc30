"""The composition root: puts payments together. Every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.outgoing import http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.saga import SagaEngine, TaskRunner
from kit.tasks import spawn, stop
from kit.tokens.service_client import ServiceToken
from kit.web.app import create_app
from payments import expiry, refusals
from payments.api import ROUTERS
from payments.charging import Charging
from payments.finishing import payment_saga
from payments.messages import routes
from payments.neighbours import Neighbours
from payments.providers import provider_of
from payments.saga import OUTSIDE_CHECKS
from payments.settings import Settings
from payments.verifiers import Verifiers
from payments.waiting import Finishes
from payments.wiring import Wiring

DESCRIPTION = """
Payments between people: create one, pay it, watch it become `paid`, or cancel it. Creating moves no
money; paying starts a saga that reserves, has it checked where it is large, and settles.
"""


def build(settings: Settings) -> Service:
    """Return the service, ready to be run by ``kit.runtime``."""
    finishes = Finishes()
    engine = payment_saga(finishes)

    @asynccontextmanager
    async def calls_and_waiting(service: Service) -> AsyncIterator[None]:
        database = service.state.database
        async with http_client() as client:
            token = ServiceToken(client, settings.auth_url, "payments", settings.client_secret)
            service.state.wiring = Wiring(
                settings=settings,
                database=database,
                engine=engine,
                finishes=finishes,
                neighbours=Neighbours(client, token, settings.auth_url, settings.wallet_url),
                charging=Charging(database, engine, provider_of(settings, client)),
            )
            # In every process that answers requests, also where another one does the work.
            poll = spawn(finishes.poll(database), "payments.finishes")
            try:
                yield
            finally:
                await stop([poll])

    async def timers(service: Service) -> None:
        await engine.timers(service.state.database)

    async def sweep(service: Service) -> None:
        await expiry.sweep(service.state.database, settings.sweep_seconds)

    async def forget(service: Service) -> None:
        await expiry.forget_answers(service.state.database)

    return Service(
        name="payments",
        settings=settings,
        web=create_app(
            name="payments",
            title="Saldo payments",
            version="1.0.0",
            description=DESCRIPTION,
            settings=settings,
            refusals=catalogue(refusals),
            routers=ROUTERS,
        ),
        routes=routes(engine),
        background=(
            ("timers", timers),
            ("checks", lambda service: _check(engine, service, settings)),
            ("charges", lambda service: _charge(engine, service, settings)),
            ("expiry", sweep),
            ("idempotency", forget),
        ),
        resources=(calls_and_waiting,),
    )


async def _check(engine: SagaEngine, service: Service, settings: Settings) -> None:
    urls = {"one": settings.verifier_one_url, "two": settings.verifier_two_url}
    async with http_client() as client:
        works = {OUTSIDE_CHECKS: Verifiers(client, urls).check}
        await TaskRunner(engine, service.state.database, works).run()


async def _charge(engine: SagaEngine, service: Service, settings: Settings) -> None:
    async with http_client() as client:
        await Charging(service.state.database, engine, provider_of(settings, client)).run()
