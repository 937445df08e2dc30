"""The specification "wallet payments", sentence by sentence, through the gateway on the real stack.

Each test quotes what it shows. What differs from the wording stands in README.md, and why in
deploy/SPECIFICATIONS.md.
"""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from deploy.stack import Stack

from kit.ids import new_id
from testkit.people import PASSWORD, Person


@pytest.fixture(scope="module", autouse=True)
def open_services(stack: Stack) -> Iterator[None]:
    """Let anybody offer services, as the specification does; by default nobody without a token."""
    variables = stack.extra_env["payments"]
    variables["PAYMENTS_OPEN_SERVICES"] = "true"
    _restart(stack)
    yield
    del variables["PAYMENTS_OPEN_SERVICES"]
    _restart(stack)


def _restart(stack: Stack) -> None:
    stack.stop_service("payments")
    stack.start_service("payments")
    stack.wait_ready()


async def service(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """Create a billable service without a token, as the specification does."""
    body = {"name": f"Internet {new_id().hex[-6:]}", "currency": "RUB", **more}
    answer = await http.post("/v1/services/create", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def paid_to(person: Person, service_id: str, amount: str) -> dict[str, Any]:
    """Create a payment to a service and pay it; returns how it ended."""
    body = {"payee": {"service_id": service_id}, "amount": amount, "currency": "RUB"}
    created = await person.post("/v1/payments/", body)
    assert created.status_code == 201, created.text
    await person.pay(created.json()["id"])
    return await person.settled(created.json()["id"], within=30)


async def test_the_docs_are_where_the_specification_has_them(http: httpx.AsyncClient) -> None:
    """Docs UI: http://127.0.0.1:8000/docs"""
    answer = await http.get("/docs")
    assert (answer.status_code, "swagger" in answer.text) == (200, True)


async def test_a_user_is_created_without_authorisation_and_reads_themselves(
    http: httpx.AsyncClient,
) -> None:
    """POST /v1/auth/ — Create User (no auth); POST /v1/auth/token — Login (form data);
    GET /v1/auth/read_current_user — Read Current User (Bearer)."""
    username = f"firuz-{new_id().hex[-8:]}"
    made = await http.post("/v1/auth/", json={"username": username, "password": PASSWORD})
    assert made.status_code == 201
    token = made.json()["activation"]["token"]
    assert (await http.post("/v1/auth/activate", json={"token": token})).status_code == 200
    form = {"username": username, "password": PASSWORD, "grant_type": "password"}
    logged_in = await http.post("/v1/auth/token", data=form)
    assert logged_in.status_code == 200
    bearer = {"Authorization": f"Bearer {logged_in.json()['access_token']}"}
    me = await http.get("/v1/auth/read_current_user", headers=bearer)
    assert (me.status_code, me.json()["username"]) == (200, username)
    assert (await http.get("/v1/auth/read_current_user")).status_code == 401


async def test_a_wallet_is_topped_up_and_shown(alice: Person) -> None:
    """POST /v1/wallets/top-up — Top Up (Bearer); GET /v1/wallets/me — Get My Wallet (Bearer)."""
    assert (await alice.top_up("25.00")).status_code == 201
    assert await alice.balance() == Decimal("25.00")
    for method, path in (("POST", "/v1/wallets/top-up"), ("GET", "/v1/wallets/me")):
        assert (await alice.http.request(method, path)).status_code == 401


async def test_services_are_listed_and_created_without_authorisation(
    http: httpx.AsyncClient,
) -> None:
    """GET /v1/services/list — Services List (no auth); POST /v1/services/create — Create Service
    (no auth)."""
    made = await service(http)
    listed = await http.get("/v1/services/list")
    assert listed.status_code == 200
    assert made["id"] in [one["id"] for one in listed.json()["items"]]


async def test_without_an_active_service_nothing_is_paid(alice: Person) -> None:
    """Если нету активной услуги, то процесс не пройдет."""
    await alice.top_up("50.00")
    body = {"payee": {"service_id": str(new_id())}, "amount": "10.00", "currency": "RUB"}
    answer = await alice.post("/v1/payments/", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "service_not_found")
    assert await alice.balance() == Decimal("50.00")


async def test_a_payment_to_a_service_goes_through_and_its_status_is_read(alice: Person) -> None:
    """POST /v1/payments/ — Create Payment (Bearer, idempotent); GET /v1/payments/{payment_id} —
    Get Payment Status (Bearer)."""
    made = await service(alice.http)
    await alice.top_up("100.00")
    body = {"payee": {"service_id": made["id"]}, "amount": "40.00", "currency": "RUB"}
    headers = {"Idempotency-Key": f"spec-{new_id()}"}
    first, second = [await alice.post("/v1/payments/", body, headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["id"] == first.json()["id"]
    assert second.headers["idempotency-replayed"] == "true"
    await alice.pay(first.json()["id"])
    assert (await alice.settled(first.json()["id"], within=30))["status"] == "paid"
    assert (await alice.balance(), await alice.held()) == (Decimal("60.00"), Decimal(0))
    assert (await alice.http.get(f"/v1/payments/{first.json()['id']}")).status_code == 401


@pytest.mark.parametrize(
    ("payee", "code"),
    [
        ({"username": "nobody-at-all"}, "payee_not_found"),
        ({"user_id": str(new_id())}, "payee_not_found"),
    ],
    ids=["by name", "by id"],
)
async def test_the_first_inside_check_is_that_the_user_exists(
    alice: Person, payee: dict[str, str], code: str
) -> None:
    """Две внутренние проверки (наличие пользователя …)."""
    body = {"payee": payee, "amount": "1.00", "currency": "RUB"}
    answer = await alice.post("/v1/payments/", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_second_inside_check_is_that_the_balance_suffices(alice: Person) -> None:
    """Две внутренние проверки (… и баланса в PostgreSQL)."""
    made = await service(alice.http)
    await alice.top_up("5.00")
    ended = await paid_to(alice, made["id"], "10.00")
    assert (ended["status"], ended["failure_reason"]) == ("failed", "insufficient_funds")
    assert (await alice.balance(), await alice.held()) == (Decimal("5.00"), Decimal(0))


async def test_both_outside_services_are_asked_and_fail_now_and_then(alice: Person) -> None:
    """Два внешних HTTP-запроса (случайный сбой ~10% и ~25%)."""
    made = await service(alice.http)
    await alice.top_up("100.00")
    before = await asked(alice.http)
    ended = await asyncio.gather(*(paid_to(alice, made["id"], "1.00") for _ in range(20)))
    assert {one["status"] for one in ended} == {"paid"}
    after = await asked(alice.http)
    assert all(after[name] - before[name] >= 20 for name in ("one", "two"))
    assert (await alice.balance(), await alice.held()) == (Decimal("80.00"), Decimal(0))


async def asked(http: httpx.AsyncClient) -> dict[str, int]:
    """Return how often each verification service was asked so far."""
    states = [(await http.get(f"/sandbox/verify/{name}")).json() for name in ("one", "two")]
    assert [state["failure_rate"] for state in states] == [0.10, 0.25]
    return {state["name"]: state["asked"] for state in states}
