"""The gateway as it runs: opened from settings, with real Redis, and as a process of its own."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from starlette.types import Receive, Send
from tests.integration.gateway.room import SERVICES

from gateway.app import opened
from gateway.server import Application, server
from gateway.settings import Settings
from kit.ids import new_id
from kit.redis import RedisLine
from kit.tokens import revoke_session
from testkit.servers import serving
from testkit.tokens import TokenMint

LIMIT_SECONDS = 20.0


@pytest.fixture
def auth(service: Any) -> TokenMint:
    """Let the recording service publish a mint's keys."""
    mint = TokenMint()
    service.answers(200, orjson.dumps(mint.jwks()), [(b"content-type", b"application/json")])
    return mint


async def until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get("/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.02)


@pytest.fixture
async def client(service: Any, auth: TokenMint, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    url = f"http://127.0.0.1:{service.port}"
    settings = Settings().model_copy(
        update={
            "redis_url": redis_url,
            "jwks_url": f"{url}/.well-known/jwks.json",
            **{f"{name}_url": url for name in SERVICES},
        }
    )
    running = server(Application(opened(settings)), settings)
    async with (
        serving(running) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await until_ready(client)
        yield client


async def test_opened_from_settings_it_verifies_tokens_and_hears_of_revocations(
    client: httpx.AsyncClient, auth: TokenMint, redis_url: str
) -> None:
    session_id = new_id()
    headers = {"Authorization": f"Bearer {auth.user(sid=str(session_id))}"}
    assert (await client.get("/v1/wallets", headers=headers)).status_code == 200
    redis = RedisLine(redis_url)
    await revoke_session(redis, session_id)
    redis.close()
    async with asyncio.timeout(LIMIT_SECONDS):
        while (await client.get("/v1/wallets", headers=headers)).status_code == 200:
            await asyncio.sleep(0.01)
    assert (await client.get("/v1/wallets", headers=headers)).status_code == 401


async def test_metrics_name_requests_by_what_services_declare(
    client: httpx.AsyncClient, service: Any, auth: TokenMint
) -> None:
    others = service.respond

    async def respond(seen: Any, receive: Receive, send: Send) -> None:
        if seen.path == "/openapi/paths.json":
            service.answers(200, orjson.dumps(["/v1/transfers/{transfer_id}"]))
            told, service.respond = service.respond, respond
            await told(seen, receive, send)
        else:
            await others(seen, receive, send)

    service.respond = respond
    headers = {"Authorization": f"Bearer {auth.user()}"}
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            await client.get("/v1/transfers/0198", headers=headers)
            if 'route="/v1/transfers/{transfer_id}"' in (await client.get("/metrics")).text:
                break
            await asyncio.sleep(0.05)


async def test_keys_are_fetched_of_the_replica_of_auth_that_is_there(
    service: Any, auth: TokenMint, redis_url: str, unused_tcp_port: int
) -> None:
    away, there = f"http://127.0.0.1:{unused_tcp_port}", f"http://127.0.0.1:{service.port}"
    settings = Settings().model_copy(
        update={
            "redis_url": redis_url,
            "jwks_url": f"{away}/.well-known/jwks.json",
            "auth_urls": f"{away},{there}",
            **{f"{name}_url": there for name in SERVICES},
        }
    )
    async with (
        serving(server(Application(opened(settings)), settings)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await until_ready(client)
        headers = {"Authorization": f"Bearer {auth.user()}"}
        assert (await client.get("/v1/wallets", headers=headers)).status_code == 200


@contextlib.asynccontextmanager
async def process(port: int, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        "all",
        env=os.environ | {"GATEWAY_PORT": str(port)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def test_the_process_serves_until_it_is_asked_to_stop(
    service: Any, auth: TokenMint, redis_url: str, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{service.port}"
    places = {f"{name.upper()}_URL": url for name in SERVICES}
    jwks = {"JWKS_URL": f"{url}/.well-known/jwks.json", "REDIS_URL": redis_url}
    async with process(unused_tcp_port, **places, **jwks) as running:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}") as client:
            await until_ready(client)
            headers = {"Authorization": f"Bearer {auth.user()}"}
            assert (await client.get("/v1/wallets", headers=headers)).status_code == 200
        running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(LIMIT_SECONDS):
            output, _ = await running.communicate()
        lines = [orjson.loads(line) for line in output.splitlines()]
    assert running.returncode == -signal.SIGTERM  # uvicorn ends itself by it, once all is closed
    events = [line["event"] for line in lines]
    assert {"started", "request", "stopping"} <= set(events)
    assert {line["service"] for line in lines} == {"gateway"}
    [request] = [line for line in lines if line["event"] == "request"]
    assert request["status"] == 200
    assert request["route"] == "/v1/wallets"
    assert request["request_id"]
    assert request["traceparent"]


async def stay_open(_: Any, receive: Receive, send: Send) -> None:
    """Answer with an event, and go on until the gateway leaves."""
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"id: 1\n\n", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def test_an_open_stream_ends_whole_and_without_a_complaint_when_the_process_is_stopped(
    service: Any, auth: TokenMint, redis_url: str, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{service.port}"
    places = {f"{name.upper()}_URL": url for name in SERVICES}
    jwks = {"JWKS_URL": f"{url}/.well-known/jwks.json", "REDIS_URL": redis_url}
    headers = {"Authorization": f"Bearer {auth.user()}"}
    async with (
        process(unused_tcp_port, **places, **jwks) as running,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}") as client,
        asyncio.timeout(LIMIT_SECONDS),
    ):
        await until_ready(client)
        service.respond = stay_open
        async with client.stream("GET", "/v1/payments/events", headers=headers) as answer:
            chunks = answer.aiter_bytes()
            assert await anext(chunks) == b"id: 1\n\n"
            running.send_signal(signal.SIGTERM)
            assert [chunk async for chunk in chunks] == []  # ended, not broken off
        output, _ = await running.communicate()
    lines = [orjson.loads(line) for line in output.splitlines()]
    assert running.returncode == -signal.SIGTERM
    assert [line for line in lines if line["level"] in ("warning", "error", "critical")] == []
    assert "stopping" in {line["event"] for line in lines}


async def test_the_process_ends_where_its_port_is_taken(redis_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with process(port, REDIS_URL=redis_url) as running, asyncio.timeout(LIMIT_SECONDS):
            output, _ = await running.communicate()
    assert running.returncode != 0
    assert str(port).encode() in output
