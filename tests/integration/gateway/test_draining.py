"""A gateway that is asked to stop: no request is lost, and balancers are told in time."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Receive, Send
from tests.integration.gateway.room import PLENTY, SERVICES
from tests.integration.gateway.test_running import LIMIT_SECONDS, process, until_ready

from testkit.tokens import TokenMint

IN_FLIGHT = 50


@pytest.fixture
async def running(service: Any, redis_url: str, unused_tcp_port: int) -> AsyncIterator[Any]:
    mint = TokenMint()
    service.answers(200, orjson.dumps(mint.jwks()), [(b"content-type", b"application/json")])
    url = f"http://127.0.0.1:{service.port}"
    places = {f"{name.upper()}_URL": url for name in SERVICES}
    chosen = {
        "JWKS_URL": f"{url}/.well-known/jwks.json",
        "REDIS_URL": redis_url,
        "GATEWAY_RATE_LIMIT_FACTOR": str(PLENTY),
        "GATEWAY_DRAIN_SECONDS": "1",
    }
    headers = {"Authorization": f"Bearer {mint.user()}"}
    gateway = f"http://127.0.0.1:{unused_tcp_port}"
    async with (
        process(unused_tcp_port, **places, **chosen) as started,
        httpx.AsyncClient(base_url=gateway, headers=headers, timeout=LIMIT_SECONDS) as client,
    ):
        await until_ready(client)
        yield started, client


async def test_of_fifty_requests_in_flight_none_is_lost(running: Any, service: Any) -> None:
    process, client = running
    go_on = asyncio.Event()

    async def respond(_: Any, __: Receive, send: Send) -> None:
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    service.seen.clear()
    service.respond = respond
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(client.post("/v1/payments")) for _ in range(IN_FLIGHT)]
        while len(service.seen) < IN_FLIGHT:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        while (await client.get("/health/ready")).status_code != 503:
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.5)  # it listens no more, and still waits for these
        with pytest.raises(httpx.ConnectError):
            await client.get("/health/live")
        go_on.set()
    assert [task.result().text for task in asked] == ["done"] * IN_FLIGHT
    output, _ = await process.communicate()
    levels = {orjson.loads(line)["level"] for line in output.splitlines()}
    assert "error" not in levels


async def test_before_it_listens_no_more_it_says_so_and_serves_who_still_comes(
    running: Any, service: Any
) -> None:
    process, client = running
    assert "connection" not in (await client.get("/v1/wallets")).headers
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(LIMIT_SECONDS):
        while (ready := await client.get("/health/ready")).status_code == 200:
            await asyncio.sleep(0.01)
        assert ready.json() == {"status": "unavailable", "checks": {"stopping": "failed"}}
        served = await client.get("/v1/wallets")
        assert (served.status_code, served.headers["connection"]) == (200, "close")
        await process.communicate()
