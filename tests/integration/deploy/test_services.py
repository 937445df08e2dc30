"""Each service as it is run: a process of its own, told by the environment what it needs."""

import asyncio
import contextlib
import importlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

import aiormq
import httpx
import orjson
import pytest
from deploy.bootstrap import ROOT
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.runtime import topologies
from kit.settings import load
from testkit.databases import Cluster
from testkit.servers import serving_app
from testkit.tokens import TokenMint
from testkit.verification import fill_redis

# They read queues by their own names.
pytestmark = pytest.mark.xdist_group("runner")

LIMIT_SECONDS = 60.0
WITH_MESSAGES = ("auth", "wallet", "payments", "notifications")
OTHERS = ("AUTH", "WALLET", "PAYMENTS", "NOTIFICATIONS", "SANDBOX")


@pytest.fixture
async def neighbour() -> AsyncIterator[str]:
    """A server that publishes keys and has nothing else."""
    mint = TokenMint()

    async def keys(_: Request) -> Response:
        return JSONResponse(mint.jwks())

    app = Starlette(routes=[Route("/.well-known/jwks.json", keys)])
    async with serving_app(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def environment(neighbour: str, cluster: Cluster) -> dict[str, str]:
    await fill_redis(os.environ["SALDO_TEST_REDIS"])
    found = {
        "RABBITMQ_URL": os.environ["SALDO_TEST_RABBITMQ"],
        "REDIS_URL": os.environ["SALDO_TEST_REDIS"],
        "JWKS_URL": f"{neighbour}/.well-known/jwks.json",
        **{f"{name}_URL": neighbour for name in OTHERS},
    }
    for name in WITH_MESSAGES:
        await cluster.prepare(name)
        found[f"{name.upper()}_DATABASE_URL"] = cluster.url(name)
        found[f"{name.upper()}_MIGRATION_URL"] = cluster.url(f"{name}_owner")
    return found


@contextlib.asynccontextmanager
async def process(*words: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def without_queues(name: str) -> None:
    app = importlib.import_module(f"{name}.app")
    settings = load(importlib.import_module(f"{name}.settings").Settings)
    async with aiormq.connect(os.environ["SALDO_TEST_RABBITMQ"]) as connection:
        channel = await connection.channel()
        for topology in topologies(app.build(settings))[1:]:
            for queue in topology.queues:
                await channel.queue_delete(queue.name)


@pytest.mark.parametrize(
    ("name", "mode"), [*((name, "all") for name in (*WITH_MESSAGES, "sandbox")), ("wallet", "api")]
)
async def test_a_service_becomes_ready_and_ends_when_it_is_told_to(
    name: str, mode: str, environment: dict[str, str]
) -> None:
    port = free_port()
    environment[f"{name.upper()}_PORT"] = str(port)
    try:
        async with (
            process(name, mode, **environment) as running,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            await until_ready(client)
            assert (await client.get("/health/live")).json() == {"status": "live"}
            running.send_signal(signal.SIGTERM)
            told, _ = await asyncio.wait_for(running.communicate(), LIMIT_SECONDS)
            assert running.returncode in {0, -signal.SIGTERM}
    finally:
        if name in WITH_MESSAGES:
            await without_queues(name)
    events = [orjson.loads(line)["event"] for line in told.splitlines()]
    assert [event for event in events if event in {"started", "stopping"}] == [
        "started",
        "stopping",
    ]


async def test_a_service_whose_port_is_taken_says_so_and_fails(
    environment: dict[str, str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment["SANDBOX_PORT"] = str(taken.getsockname()[1])
        async with process("sandbox", "api", **environment) as running:
            await asyncio.wait_for(running.communicate(), LIMIT_SECONDS)
            assert running.returncode == 3  # uvicorn's own


async def test_a_service_that_is_not_let_into_its_database_does_not_start(
    environment: dict[str, str],
) -> None:
    environment["WALLET_DATABASE_URL"] = environment["WALLET_DATABASE_URL"].replace(
        "wallet:wallet@", "nobody:wallet@"
    )
    async with process("wallet", "api", **environment) as running:
        await asyncio.wait_for(running.communicate(), LIMIT_SECONDS)
        assert running.returncode == 3  # likewise


async def test_a_service_prints_its_document_as_it_is_committed(
    environment: dict[str, str],
) -> None:
    async with process("sandbox", "openapi", **environment) as running:
        told, _ = await asyncio.wait_for(running.communicate(), LIMIT_SECONDS)
    committed = ROOT / "services/sandbox/openapi.json"
    assert (
        orjson.loads(told)["paths"].keys() == orjson.loads(committed.read_bytes())["paths"].keys()
    )
