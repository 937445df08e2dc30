"""Liveness, readiness and figures."""

import asyncio
from typing import Any

import pytest
from tests.integration.gateway.room import SERVICES, echo

from testkit.conditions import until

ALL = {*SERVICES, "jwks", "revocations"}


async def test_it_is_live_whatever_else_is_away(open_door: Any, unused_tcp_port: int) -> None:
    door = await open_door(auth_url=f"http://127.0.0.1:{unused_tcp_port}")
    answer = await door.client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_it_is_ready_when_every_service_is_and_tokens_can_be_verified(
    door: Any, service: Any
) -> None:
    answer = await door.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": dict.fromkeys(ALL, "ok")}
    assert [seen.path for seen in service.seen] == ["/health/ready"] * len(SERVICES)


async def test_many_who_ask_at_once_ask_each_service_once(door: Any, service: Any) -> None:
    go_on, sent = asyncio.Event(), []

    async def respond(*given: Any) -> None:
        await go_on.wait()
        await echo(*given)

    async def note(event: str, _: Any) -> None:
        if event == "http11.send_request_body.complete":
            sent.append(event)

    service.respond = respond
    traced = {"trace": note}
    async with asyncio.TaskGroup() as tasks:
        ask = door.client.get
        asking = [tasks.create_task(ask("/health/ready", extensions=traced)) for _ in range(8)]
        await until(lambda: len(sent) == 8 and len(service.seen) >= len(SERVICES))
        assert (await door.client.get("/health/live")).status_code == 200
        go_on.set()
    assert {task.result().json()["status"] for task in asking} == {"ready"}
    assert len(service.seen) < 3 * len(SERVICES)  # who came late began anew


async def test_it_says_which_service_is_away(open_door: Any, unused_tcp_port: int) -> None:
    door = await open_door(wallet_url=f"http://127.0.0.1:{unused_tcp_port}")
    answer = await door.client.get("/health/ready")
    assert answer.status_code == 503
    checks = dict.fromkeys(ALL, "ok") | {"wallet": "failed"}
    assert answer.json() == {"status": "unavailable", "checks": checks}


@pytest.mark.parametrize("name", ["shop", "finance", "notifications", "sandbox"])
async def test_it_is_degraded_without_what_people_can_pay_without(
    open_door: Any, unused_tcp_port: int, name: str
) -> None:
    door = await open_door(**{f"{name}_url": f"http://127.0.0.1:{unused_tcp_port}"})
    answer = await door.client.get("/health/ready")
    checks = dict.fromkeys(ALL, "ok") | {name: "failed"}
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded", "checks": checks})


async def test_it_is_degraded_where_a_service_behind_is(door: Any, service: Any) -> None:
    service.answers(200, b'{"status":"degraded","checks":{"rabbitmq":"failed"}}')
    answer = await door.client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["payments"] == "degraded"


@pytest.mark.parametrize("name", ["auth", "wallet", "payments"])
async def test_it_is_unavailable_without_what_nobody_can_pay_without(
    open_door: Any, unused_tcp_port: int, name: str
) -> None:
    door = await open_door(**{f"{name}_url": f"http://127.0.0.1:{unused_tcp_port}"})
    answer = await door.client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


async def test_a_service_that_is_not_ready_makes_it_not_ready(door: Any, service: Any) -> None:
    service.answers(503)
    answer = await door.client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["payments"] == "failed"
    assert answer.json()["checks"]["jwks"] == "ok"


async def test_it_is_not_ready_without_keys_or_revocations(open_door: Any) -> None:
    door = await open_door()
    door.desk.keys.keys = {}
    door.desk.revocations.is_fresh = False
    checks = (await door.client.get("/health/ready")).json()["checks"]
    assert (checks["jwks"], checks["revocations"], checks["auth"]) == ("failed", "failed", "ok")


async def test_the_sandbox_is_not_part_of_production(open_door: Any, service: Any) -> None:
    door = await open_door(environment="production")
    assert "sandbox" not in (await door.client.get("/health/ready")).json()["checks"]
    service.seen.clear()
    assert (await door.get("/sandbox/verify/one")).status_code == 404
    assert service.seen == []


async def test_figures_are_given_to_those_who_may_read_them(door: Any) -> None:
    for path in ("/v1/wallets/7", "/v1/wallets/7/nothing-that-is-declared", "/v1/payments/7"):
        await door.get(path)
    answer = await door.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for route in ("/v1/wallets/{wallet_id}", "/v1/wallets", "/v1/payments"):
        assert f'route="{route}"' in answer.text
    assert "/7" not in answer.text


@pytest.mark.check(65)
async def test_figures_are_not_there_for_others(open_door: Any, door: Any) -> None:
    closed = await open_door(metrics_networks=["10.0.0.0/8"])
    assert (await closed.client.get("/metrics")).status_code == 404
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        answer = await door.client.get("/metrics", headers={name: "127.0.0.1"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
