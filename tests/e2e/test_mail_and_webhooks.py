"""Mails, notices and webhooks of one story, on a stack of its own where links are mailed."""

import asyncio
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS
from starlette.responses import Response
from tests.integration.notifications.receiver import Received, Receiver, receiving

from kit.ids import new_id
from testkit.people import PASSWORD, Person, eventually

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
RETRIED_WITHIN = 30.0  # the second attempt is due after five seconds
TOLERANCE_SECONDS = 300
ACTIVATION = "Activate your Saldo account"  # in the language of the request
CHOSEN = ["payment.created", "payment.paid", "payment.refunded"]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    made = Stack(
        root=ROOT,
        local=ROOT / ".local/test/mails",
        settings=ROOMY_LIMITS,
        extra_env={"auth": {"AUTH_ACTIVATION_DELIVERY": "email"}},
    )
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=30) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def address_of(name: str) -> str:
    return f"{name}@example.com"


async def mails(http: httpx.AsyncClient, name: str) -> list[Json]:
    """Return what the sandbox's sink has taken for somebody, oldest first."""
    answer = await http.get("/sandbox/mails", params={"to": address_of(name)})
    found: list[Json] = answer.json()["items"]
    return found[::-1]


async def subjects(http: httpx.AsyncClient, name: str) -> list[str]:
    return [mail["subject"] for mail in await mails(http, name)]


async def register(http: httpx.AsyncClient, prefix: str) -> Person:
    """Register with an address; the answer holds no link."""
    name = f"{prefix}-{new_id().hex[-12:]}"
    body = {"username": name, "email": address_of(name), "password": PASSWORD}
    answer = await http.post("/v1/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["activation"] is None
    return Person(name, answer.json()["user"]["id"], http)


async def mailed_link(http: httpx.AsyncClient, name: str) -> str:
    [mail] = await eventually(lambda: mails(http, name), bool)
    text: str = mail["text"]
    return next(line for line in text.splitlines() if line.startswith("http"))


async def arrive(http: httpx.AsyncClient, prefix: str) -> Person:
    """Register, activate by the mailed link, and log in."""
    person = await register(http, prefix)
    [token] = parse_qs(urlsplit(await mailed_link(http, person.username)).query)["token"]
    assert (await http.post("/v1/auth/activate", json={"token": token})).status_code == 200
    await person.log_in()
    return person


def is_genuine(one: Received, secret: str) -> bool:
    """Verify a webhook as the Standard Webhooks document has receivers do it."""
    key = b64decode(secret.removeprefix("whsec_"))
    timestamp = one.headers["webhook-timestamp"]
    signed = f"{one.headers['webhook-id']}.{timestamp}.".encode() + one.body
    expected = "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
    given = one.headers["webhook-signature"].split(" ")
    is_recent = abs(time.time() - int(timestamp)) < TOLERANCE_SECONDS
    return is_recent and any(hmac.compare_digest(expected, each) for each in given)


def fails_once(kind: str) -> Any:
    """Return a reaction that answers 503 to the first webhook of a type, and 204 to the rest."""
    failed: list[Received] = []

    def react(one: Received) -> Response:
        if one.payload["type"] == kind and not failed:
            failed.append(one)
            return Response("busy", status_code=503)
        return Response(status_code=204)

    return react


async def arrived(receiver: Receiver, count: int, within: float = 10.0) -> list[Received]:
    """Wait until so many webhooks have come; returns all of them."""
    return await eventually(
        lambda: asyncio.sleep(0, list(receiver.got)),
        lambda got: len(got) >= count,
        within=within,
    )


async def delivered(owner: Person, path: str) -> dict[str, Json]:
    """Return what was delivered to an endpoint, by type."""
    answer = await owner.get(path, status="delivered")
    return {one["type"]: one for one in answer.json()["items"]}


async def notices(person: Person) -> list[Json]:
    answer = await person.get("/v1/notifications")
    found: list[Json] = answer.json()["items"]
    return found


async def test_an_activation_link_comes_by_mail_and_opening_it_changes_nothing(
    http: httpx.AsyncClient,
) -> None:
    person = await register(http, "reader")
    link = await mailed_link(http, person.username)
    opened = urlsplit(link)
    page = await http.get(f"{opened.path}?{opened.query}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    login = {"username": person.username, "password": PASSWORD}
    refused = await http.post("/v1/auth/login", json=login)
    assert (refused.status_code, refused.json()["code"]) == (403, "user_pending")
    form = {"token": parse_qs(opened.query)["token"][0]}
    assert (await http.post("/v1/auth/activate/page", data=form)).status_code == 200
    await person.log_in()
    shown = await http.get("/sandbox/mail", params={"to": address_of(person.username)})
    assert address_of(person.username) in shown.text


async def paid_and_refunded(alice: Person, bob: Person) -> tuple[str, str]:
    """Pay 60.00 and give 20.00 back; returns the ids of payment and refund."""
    await alice.top_up("100.00")
    payment_id = (await alice.create(bob, "60.00"))["id"]
    assert (await alice.pay(payment_id, wait=10)).json()["status"] == "paid"
    path = f"/v1/payments/{payment_id}/refunds"
    refund = await bob.post(path, {"amount": "20.00"}, {"Prefer": "wait=10"})
    assert (refund.status_code, refund.json()["status"]) == (201, "completed")
    return payment_id, refund.json()["id"]


async def test_payer_and_payee_are_mailed_and_have_their_notices(http: httpx.AsyncClient) -> None:
    alice, bob = await arrive(http, "alice"), await arrive(http, "bob")
    payment_id, _ = await paid_and_refunded(alice, bob)
    for person, expected in (
        (alice, {"Payment made", "Refund received"}),
        (bob, {"Money received", "Payment refunded"}),
    ):
        found = await eventually(
            partial(subjects, http, person.username), lambda found: len(found) == 3
        )
        assert set(found) == {ACTIVATION, *expected}
    to_alice, to_bob = await notices(alice), await notices(bob)
    kinds = [one["kind"] for one in to_alice]
    assert kinds == ["refund_received", "payment_paid", "wallet_topped_up"]
    assert [one["kind"] for one in to_bob] == ["refund_made", "payment_received"]
    assert {one["subject_id"] for one in to_bob} == {payment_id}
    [first, *_] = await mails(http, alice.username)
    assert alice.username in first["text"]


async def test_webhooks_are_signed_tried_again_and_number_a_payments_events_without_a_gap(
    http: httpx.AsyncClient, receiver: Receiver
) -> None:
    alice, bob = await arrive(http, "alice"), await arrive(http, "bob")
    receiver.reacts = fails_once("payment.paid")
    wish = {"url": receiver.url, "event_types": CHOSEN}
    made = (await bob.post("/v1/webhook-endpoints", wish)).json()
    payment_id, refund_id = await paid_and_refunded(alice, bob)

    # Whichever comes first: the first attempt at payment.paid fails, and is made again.
    got = await arrived(receiver, 4, within=RETRIED_WITHIN)
    assert sorted(receiver.types) == sorted([*CHOSEN, "payment.paid"])
    first, second = (one for one in got if one.payload["type"] == "payment.paid")
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    assert all(is_genuine(one, made["secret"]) for one in got)
    forged = Received(first.path, first.headers, first.body.replace(b"60.00", b"90.00"))
    assert not is_genuine(forged, made["secret"])
    another = await bob.post("/v1/webhook-endpoints", {**wish, "event_types": ["payment.failed"]})
    assert not is_genuine(first, another.json()["secret"])

    # A receiver that keeps each id once can order the payment's events, and misses none.
    once = {one.webhook_id: one.payload for one in got}
    in_order = sorted(once.values(), key=lambda told: told["data"]["sequence"])
    assert [told["type"] for told in in_order] == CHOSEN
    assert [told["data"]["sequence"] for told in in_order] == [1, 2, 3]
    assert {told["data"]["payment_id"] for told in in_order} == {payment_id}
    assert (in_order[1]["data"]["paid_amount"], in_order[2]["data"]["amount"]) == ("60.00", "20.00")
    assert in_order[2]["data"]["refund_id"] == refund_id

    # The payment's own story has the attempts, to whom they were made.
    story = (await bob.get(f"/v1/payments/{payment_id}/timeline")).json()
    told = [one for one in story["items"] if one["kind"] == "webhook"]
    assert len(told) == 4, story
    assert {one["status_code"] for one in told if one["code"] == "not_delivered"} == {503}
    hers = (await alice.get(f"/v1/payments/{payment_id}/timeline")).json()
    assert not [one for one in hers["items"] if one["kind"] == "webhook"]

    # The log has both attempts, and a replay is the same webhook once more.
    path = f"/v1/webhook-endpoints/{made['id']}/deliveries"
    log = await eventually(partial(delivered, bob, path), lambda log: len(log) == len(CHOSEN))
    paid = log["payment.paid"]
    assert [one["status_code"] for one in paid["attempts"]] == [503, 204]
    assert (await bob.post(f"{path}/{paid['id']}/replay")).status_code == 202
    again = (await arrived(receiver, 5))[-1]
    assert (again.webhook_id, again.body) == (first.webhook_id, first.body)
    assert is_genuine(again, made["secret"])


async def test_a_payment_that_fails_is_told_to_its_payer_with_the_reason(
    http: httpx.AsyncClient,
) -> None:
    alice, bob = await arrive(http, "poor"), await arrive(http, "bob")
    payment = await alice.create(bob, "60.00")
    await alice.pay(payment["id"], wait=10)
    *_, mail = await eventually(lambda: mails(http, alice.username), lambda found: len(found) == 2)
    assert mail["subject"] == "Payment declined"
    assert "There is not enough money in your wallet." in mail["text"]
    [notice] = await notices(bob)
    assert (notice["kind"], notice["subject_id"]) == ("incoming_payment_failed", payment["id"])
    assert await subjects(http, bob.username) == [ACTIVATION]


async def test_ten_wrong_passwords_lock_the_login_and_its_owner_is_mailed(
    http: httpx.AsyncClient,
) -> None:
    alice = await arrive(http, "locked")
    wrong = {"username": alice.username, "password": "wrong password"}
    for number in range(10):
        # What a caller says of where it is changes nothing.
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = await http.post("/v1/auth/login", json=wrong, headers=headers)
        assert answer.status_code == 401
    right = {"username": alice.username, "password": PASSWORD}
    refused = await http.post("/v1/auth/login", json=right)
    assert (refused.status_code, refused.json()["code"]) == (429, "login_locked")
    assert int(refused.headers["retry-after"]) > 0
    found = await eventually(lambda: subjects(http, alice.username), lambda found: len(found) == 2)
    assert found == [ACTIVATION, "Login locked"]
    assert [one["kind"] for one in await notices(alice)] == ["login_locked"]
