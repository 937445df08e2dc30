"""The real stack, started once: PostgreSQL, RabbitMQ, Redis, every service and the gateway."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import BY_NAME, ROOMY_LIMITS
from tests.e2e.edge import GATEWAY, NGINX, Certificate, Edge
from tests.e2e.leaks import Leaks, forged

from testkit.keepers import Keeper
from testkit.people import Person

ROOT = Path(__file__).parents[2]
CHECKED = "1000.00"  # payments of this amount and more go through the outside checks


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    made = Stack(
        root=ROOT,
        local=ROOT / ".local/test/e2e",
        settings=ROOMY_LIMITS,
        extra_env={"payments": {"PAYMENTS_CHECK_FROM": CHECKED}},
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose secrets stand in no log when all is done, as no line is forged (check 59)."""
    limits, leaks = httpx.Limits(max_connections=64), Leaks(*secrets_of(stack))
    async with httpx.AsyncClient(
        base_url=stack.gateway_url,
        timeout=30,
        limits=limits,
        event_hooks={"response": [leaks.hear]},
    ) as client:
        yield client
    logs = [stack.log_of(service) for service in BY_NAME]
    assert leaks.found_in(logs) == {}
    assert {log.name: forged(log) for log in logs} == {log.name: [] for log in logs}


def secrets_of(stack: Stack) -> Iterator[str]:
    """Yield what the services of a stack are told in confidence."""
    for name, service in BY_NAME.items():
        told = stack.env_of(name)
        yield from (told[secret] for secret in service.secrets)
        yield from (urlsplit(value).password or "" for value in told.values() if "://" in value)


@pytest.fixture(scope="session")
async def document(http: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/openapi.json")).json()
    return found


@pytest.fixture
async def keeper(stack: Stack, http: httpx.AsyncClient) -> Keeper:
    return await Keeper.hire(http, stack.env_of("auth"))


@pytest.fixture
async def alice(http: httpx.AsyncClient) -> Person:
    return await Person.arrive(http, "alice")


@pytest.fixture
async def bob(http: httpx.AsyncClient) -> Person:
    return await Person.arrive(http, "bob")


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Edge]:
    folder = Path(tempfile.mkdtemp(prefix="saldo-edge-", dir="/var/tmp"))
    folder.chmod(0o755)  # nginx's workers run as nobody
    edge = Edge(stack, folder, Certificate.made(folder))
    edge.prepare()
    try:
        edge.start_gateway()
        yield edge
    finally:
        edge.end(NGINX)
        edge.end(GATEWAY)
        shutil.rmtree(folder)
