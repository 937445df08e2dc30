"""What a run leaves in the logs: one JSON object a line, without secrets."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from deploy.stack import Stack
from deploy.stack.services import BY_NAME
from tests.e2e.leaks import FORGED, Leaks, forged

from kit.ids import new_id
from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually

LEVELS = {"debug", "info", "warning", "error"}
Line = dict[str, Any]


def lines(stack: Stack, service: str) -> Iterator[Line]:
    """Every line of a service's log, read as JSON."""
    for text in stack.log_of(service).read_bytes().splitlines(keepends=True):
        if text.endswith(b"\n"):  # else it is being written
            yield orjson.loads(text)


async def logged(stack: Stack, service: str, wanted: Callable[[Line], bool]) -> Line:
    """The one line of a service that is wanted, as soon as it is there."""

    async def look() -> list[Line]:
        return [line for line in lines(stack, service) if wanted(line)]

    [found] = await eventually(look, bool)
    return found


def of(request_id: str, event: str = "request") -> Callable[[Line], bool]:
    """A line about a request."""
    return lambda line: line["event"] == event and line.get("request_id") == request_id


def about(event: str, **known: str) -> Callable[[Line], bool]:
    """A line about something that has happened."""
    told = {"event": event, **known}
    return lambda line: told.items() <= line.items()


@pytest.mark.parametrize("service", BY_NAME)
async def test_every_line_is_an_object_with_time_level_service_and_event(
    stack: Stack, alice: Person, service: str
) -> None:
    await alice.top_up("1.00")
    seen = 0
    for line in lines(stack, service):
        assert datetime.fromisoformat(line["at"]).utcoffset() is not None
        assert (line["level"] in LEVELS, line["service"]) == (True, service)
        assert line["event"]
        seen += 1
    assert seen > 0


async def test_a_request_is_one_line_at_the_gateway_and_one_at_its_service(
    stack: Stack, alice: Person
) -> None:
    request_id = f"mine-{new_id()}"
    path = f"/v1/payments/{new_id()}"
    answer = await alice.http.get(path, headers=alice.headers | {"X-Request-Id": request_id})
    assert answer.status_code == 404
    for service in ("gateway", "payments"):
        line = await logged(stack, service, of(request_id))
        assert (line["level"], line["method"], line["status"]) == ("info", "GET", 404)
        assert (line["path"], line["route"]) == (path, "/v1/payments/{payment_id}")
        assert line["subject"] == alice.user_id
        assert 0 < line["milliseconds"] < 30_000
    assert (await logged(stack, "gateway", of(request_id)))["address"] == "127.0.0.1"


async def test_what_happens_to_money_and_people_is_a_line_each(
    stack: Stack, http: httpx.AsyncClient, keeper: Keeper, alice: Person, bob: Person
) -> None:
    await logged(stack, "auth", about("auth.user_registered.v1", user_id=alice.user_id))
    await logged(
        stack, "auth", about("auth.user_changed.v1", user_id=alice.user_id, status="active")
    )
    topped_up = await alice.post(
        "/v1/wallets/top-up",
        {"amount": "100.00", "currency": "RUB"},
        {"X-Request-Id": f"top-up-{alice.user_id}"},
    )
    line = await logged(stack, "wallet", of(f"top-up-{alice.user_id}", "wallet_topped_up"))
    assert (line["amount"], line["currency"]) == ("100.00", "RUB")
    assert line["transfer_id"] == topped_up.json()["transfer_id"]
    paid, called_off = await alice.create(bob, "10.00"), await alice.create(bob, "5.00")
    await alice.pay(paid["id"], wait=10)
    await alice.cancel(called_off["id"])
    for payment, states in ((paid, ("created", "paid")), (called_off, ("created", "cancelled"))):
        for state in states:
            event = f"payments.payment_{state}.v1"
            line = await logged(stack, "payments", about(event, payment_id=payment["id"]))
            assert (line["level"], line["amount"]) == ("info", payment["amount"])
    order = await alice.order((await keeper.product("20.00", 1), 1))
    await alice.pay_order(order["id"], wait=10)
    for state in ("pending", "paid"):
        event = about("order_changed", order_id=order["id"], status=state)
        line = await logged(stack, "shop", event)
        assert (line["buyer_id"], line["amount"]) == (alice.user_id, "20.00")


async def test_what_happens_in_a_book_is_a_line_without_amounts(
    stack: Stack, alice: Person
) -> None:
    account = (await alice.post("/accounts", {"name": "Cash"})).json()
    body = {"account_id": account["id"], "type": "expense", "amount": "731.59"}
    request_id = f"book-{alice.user_id}"
    await alice.post("/transactions", body, {"X-Request-Id": request_id})
    line = await logged(stack, "finance", of(request_id, "transactions_booked"))
    assert (line["user_id"], line["origin"], line["count"]) == (alice.user_id, "manual", 1)
    ordered = await alice.post("/v1/finance/exports", {"format": "csv"})
    await logged(
        stack, "finance", about("file_job_ended", job=ordered.json()["id"], outcome="done")
    )
    assert "731.59" not in stack.log_of("finance").read_text()


@pytest.mark.check(59)
async def test_no_line_has_a_secret_or_a_query(stack: Stack, http: httpx.AsyncClient) -> None:
    person = await Person.arrive(http, "quiet")
    hidden = f"hidden-{new_id()}"
    await person.get(f"/v1/payments?cursor={hidden}")
    await http.get(f"/v1/auth/activate?token={hidden}")
    await http.post("/v1/auth/login", json={"username": person.username, "password": hidden})
    await http.get("/v1/me", headers={"Authorization": f"Bearer {hidden}"})
    await logged(
        stack, "payments", lambda line: line.get("subject") == person.user_id and "route" in line
    )
    secrets = {stack.env_of("auth")[name] for name in BY_NAME["auth"].secrets}
    for service in BY_NAME:
        text = stack.log_of(service).read_text()
        for secret in (hidden, PASSWORD, person.token, *secrets):
            assert secret not in text
        assert not re.search(r"://\w+:[^\[@/\s]+@", text)


@pytest.mark.check(59)
async def test_what_a_caller_says_begins_no_line(
    stack: Stack, http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    """That no line of the whole run was forged is seen when its client closes."""
    line = orjson.dumps({"event": FORGED, "level": "info"}).decode()
    for end in ("\r\n", "\n", "\r", "\u2028", "\x85", "\0"):
        text = f"a{end}{line}{end}"
        await http.post("/v1/auth/login", json={"username": text, "password": PASSWORD})
        await http.post("/v1/auth/register", json={"username": text, "password": PASSWORD})
        await http.post("/v1/auth/token", data={"username": text, "grant_type": text})
        await alice.get(f"/v1/payments/{quote(text)}", cursor=text, search=text)
        await alice.post("/v1/payments", {"payee": {"username": text}, "amount": text})
        body = {"payee": {"username": bob.username}, "amount": "1.00", "description": text}
        await alice.post("/v1/payments", body)
    last = f"last-{new_id()}"
    await alice.http.get("/v1/me", headers=alice.headers | {"X-Request-Id": last})
    for service in ("gateway", "auth"):
        await logged(stack, service, of(last))
        assert forged(stack.log_of(service)) == []


@pytest.mark.check(59)
@pytest.mark.parametrize("named", ["password", "refresh_token", "client_secret", "key"])
async def test_a_secret_that_stood_in_a_log_would_be_found(tmp_path: Path, named: str) -> None:
    secret, log = f"{new_id().hex}", tmp_path / "auth.log"
    request = httpx.Request(
        "POST", "http://saldo/", headers={"Authorization": "Bearer a.b." + "c" * 20}
    )
    leaks = Leaks()
    await leaks.hear(httpx.Response(200, json={"inner": [{named: secret}]}, request=request))
    log.write_text('{"event": "quiet"}\n')
    assert (leaks.found_in([log]), forged(log)) == ({}, [])
    log.write_text(f'{{"event": "{FORGED}"}}\n{secret}\n{"c" * 20}\n')
    assert leaks.found_in([log]) == {"auth.log": {secret[:8], "c" * 8}}
    assert len(forged(log)) == 3
