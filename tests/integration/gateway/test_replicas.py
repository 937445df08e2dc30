"""Several replicas of a service: asked in turn, left out while they are away, SECURITY check 64."""

import asyncio
import contextlib
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.integration.gateway.room import Service
from tests.integration.gateway.test_failures import Scripted, answer, hang_up, stay_silent

from testkit.servers import serving_app

LIMIT_SECONDS = 60.0

# Tells by its answer which process it is.
REPLICA = """
import os, sys, uvicorn
async def app(scope, receive, send):
    body = str(os.getpid()).encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", log_level="error", timeout_keep_alive=75)
"""


@contextlib.asynccontextmanager
async def replica(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a uvicorn of its own on a port."""
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", REPLICA, str(port))
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.02)
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


def urls(*ports: int) -> str:
    return ",".join(f"http://127.0.0.1:{port}" for port in ports)


async def states(door: Any) -> list[dict[str, Any]]:
    found = (await door.client.get("/health/upstreams")).json()["payments"]
    return list(found)


async def test_replicas_are_asked_in_turn(open_door: Any, service: Any) -> None:
    other = Service()
    async with serving_app(other) as port:
        other.port = port
        door = await open_door(payments_urls=urls(service.port, port))
        for _ in range(10):
            assert (await door.get("/v1/payments")).status_code == 200
    assert [len(service.seen), len(other.seen)] == [5, 5]


async def test_none_that_may_be_done_twice_fails_when_a_replica_is_killed_under_load(
    open_door: Any, unused_tcp_port_factory: Any
) -> None:
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    door = await open_door(payments_urls=urls(*ports))
    headers = door.token()
    answers: list[httpx.Response] = []
    is_over = asyncio.Event()

    async def ask_on() -> None:
        while not is_over.is_set():
            answers.append(await door.client.get("/v1/payments", headers=headers))

    async def since(count: int) -> set[str]:
        begun = len(answers)
        while len(answers) < begun + count:
            await asyncio.sleep(0.01)
        return {answer.text for answer in answers[begun:]}

    async with (
        replica(ports[0]) as first,
        replica(ports[1]) as second,
        asyncio.TaskGroup() as tasks,
        asyncio.timeout(LIMIT_SECONDS),
    ):
        for _ in range(10):
            tasks.create_task(ask_on())
        assert await since(60) == {str(first.pid), str(second.pid)}
        second.send_signal(signal.SIGKILL)
        await second.wait()
        await since(60)
        assert await since(60) == {str(first.pid)}
        async with replica(ports[1]) as third:  # it is found again by itself
            while str(third.pid) not in await since(20):
                pass
            is_over.set()
    assert Counter(answer.status_code for answer in answers).keys() == {200}


async def test_a_post_that_could_not_be_sent_goes_to_another_replica(
    open_door: Any, service: Any, unused_tcp_port: int
) -> None:
    door = await open_door(payments_urls=urls(unused_tcp_port, service.port))
    for number in range(1, 5):
        sent = b"x" * 100_000  # more than is held whole
        assert (await door.request("POST", "/v1/payments", content=sent)).status_code == 200
        assert len(service.seen) == number


async def test_who_does_not_answer_is_left_out_for_longer_and_longer(
    open_door: Any, service: Any, unused_tcp_port: int
) -> None:
    door = await open_door(payments_urls=urls(unused_tcp_port, service.port))
    for _ in range(3):
        assert (await door.get("/v1/payments")).status_code == 200
    away, there = await states(door)
    assert away["url"] == f"http://127.0.0.1:{unused_tcp_port}"
    assert 0 < away["out_for_seconds"] <= 1
    assert there == {
        "url": f"http://127.0.0.1:{service.port}",
        "breaker": "closed",
        "out_for_seconds": 0.0,
    }


async def test_where_all_are_left_out_they_are_asked_all_the_same(
    open_door: Any, unused_tcp_port_factory: Any
) -> None:
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    door = await open_door(payments_urls=urls(*ports))
    refused = await door.get("/v1/payments")
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
    assert all(one["out_for_seconds"] > 0 for one in await states(door))
    async with replica(ports[1]):
        assert (await door.get("/v1/payments")).status_code == 200


async def test_an_idempotent_request_whose_connection_fails_goes_to_another_replica_once(
    open_door: Any, service: Any
) -> None:
    async with Scripted([hang_up]).open() as failing:
        door = await open_door(payments_urls=urls(failing.port, service.port))
        statuses = [(await door.get("/v1/payments")).status_code for _ in range(6)]
        assert statuses == [200] * 6
        assert failing.connections == 3
        refused = [(await door.request("POST", "/v1/payments")).status_code for _ in range(2)]
        assert sorted(refused) == [200, 503]  # it may have been done, so nobody else is asked


async def test_an_answer_that_breaks_off_within_its_body_is_asked_for_again(
    open_door: Any, service: Any
) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()

    async with Scripted([half]).open() as failing:
        door = await open_door(payments_urls=urls(failing.port, service.port))
        for _ in range(2):
            assert (await door.get("/v1/payments")).json()["path"] == "/v1/payments"
        assert failing.connections == 1


async def test_a_replica_that_is_silent_again_and_again_is_not_waited_for(open_door: Any) -> None:
    async with Scripted([stay_silent]).open() as silent:
        door = await open_door(payments_urls=urls(silent.port), upstream_timeout_seconds=0.1)
        headers = door.token()
        tried = [
            await asyncio.gather(
                *(door.client.get("/v1/payments", headers=headers) for _ in range(20))
            )
            for _ in range(3)
        ]
        statuses = Counter(answer.status_code for some in tried for answer in some)
        assert statuses[504] >= 50
        refused = await door.get("/v1/payments")
        assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
        assert [one["breaker"] for one in await states(door)] == ["open"]
        silent.script = [answer]
        async with asyncio.timeout(LIMIT_SECONDS):
            while (await door.get("/v1/payments")).status_code != 200:
                await asyncio.sleep(0.05)


async def test_replicas_are_shown_to_operators_alone(open_door: Any, door: Any) -> None:
    closed = await open_door(metrics_networks=["10.0.0.0/8"])
    assert (await closed.client.get("/health/upstreams")).status_code == 404
    through = await door.client.get("/health/upstreams", headers={"X-Forwarded-For": "127.0.0.1"})
    assert through.status_code == 404
    shown = (await door.client.get("/health/upstreams")).json()
    assert set(shown) == {
        "auth",
        "wallet",
        "payments",
        "shop",
        "finance",
        "notifications",
        "sandbox",
    }


@pytest.mark.parametrize("name", ["saldo_breaker_state", "gateway_replica_out", "gateway_limited"])
async def test_figures_tell_of_replicas_and_limits(door: Any, name: str) -> None:
    assert f"# TYPE {name}" in (await door.client.get("/metrics")).text
