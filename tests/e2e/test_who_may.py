"""Who may see and do what, and what is refused, through the gateway on the real stack."""

import asyncio
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.stack import Stack

from gateway.settings import SERVICES as UPSTREAMS
from kit.ids import new_id
from testkit.people import PASSWORD, Person, eventually


@pytest.fixture
async def carol(http: httpx.AsyncClient) -> Person:
    return await Person.arrive(http, "carol")


def _told(answer: httpx.Response) -> dict[str, Any]:
    """What an answer tells, without what names the request itself."""
    body: dict[str, Any] = answer.json()
    return {key: value for key, value in body.items() if key not in ("instance", "request_id")}


@pytest.mark.check(1)
async def test_a_strangers_payment_answers_like_a_missing_one(
    alice: Person, bob: Person, carol: Person
) -> None:
    payment = await alice.create(bob, "1.00")
    for method, path in (
        ("GET", "/v1/payments/{}"),
        ("POST", "/v1/payments/{}/pay"),
        ("POST", "/v1/payments/{}/cancel"),
    ):
        seen = [
            await carol.http.request(method, path.format(one), headers=carol.headers)
            for one in (payment["id"], new_id())
        ]
        assert [answer.status_code for answer in seen] == [404, 404]
        assert _told(seen[0]) == _told(seen[1])
    listed = await carol.get("/v1/payments", direction="all")
    assert listed.json()["items"] == []


@pytest.mark.check(1, 3)
async def test_a_strangers_wallet_answers_like_a_missing_one(alice: Person, carol: Person) -> None:
    await alice.top_up("5.00")
    wallet = await alice.wallet()
    for path in ("/v1/wallets/{}", "/v1/wallets/{}/entries", "/v1/wallets/{}/balance"):
        seen = [await carol.get(path.format(one)) for one in (wallet["id"], new_id())]
        assert [answer.status_code for answer in seen] == [404, 404]
        assert _told(seen[0]) == _told(seen[1])
    before = await _standing(alice)
    body = {"amount": "1.00", "currency": "RUB", "wallet_id": wallet["id"]}
    assert (await carol.post("/v1/wallets/top-up", body)).status_code == 404
    assert await _standing(alice) == before


async def _standing(person: Person) -> tuple[Any, ...]:
    """Return what moving a person's money would change: wallet, entries and payments."""
    wallet = await person.wallet()
    entries = await person.get(f"/v1/wallets/{wallet['id']}/entries")
    return wallet, entries.json()["items"], (await person.get("/v1/payments")).json()["items"]


@pytest.mark.check(3)
async def test_a_payment_from_a_strangers_wallet_is_refused_and_leaves_nothing(
    alice: Person, bob: Person, carol: Person
) -> None:
    await alice.top_up("5.00")
    people = (alice, bob, carol)
    before = [await _standing(person) for person in people]
    wallet_id = (await alice.wallet())["id"]
    payment = {
        "payee": {"username": bob.username},
        "amount": "1.00",
        "from_wallet_id": wallet_id,
    }
    missing = payment | {"from_wallet_id": str(new_id())}
    theirs, nobodys = [await carol.post("/v1/payments", body) for body in (payment, missing)]
    assert (theirs.status_code, theirs.json()["code"]) == (404, "wallet_not_found")
    assert _told(theirs) == _told(nobodys)
    theirs, nobodys = [await carol.post("/v1/payments/quote", body) for body in (payment, missing)]
    assert (theirs.json()["would"], theirs.json()["code"]) == ("refuse", "wallet_not_found")
    assert theirs.json() == nobodys.json()
    sent = await carol.post("/v1/payments/bulk", [payment, missing])
    assert sent.status_code == 202, sent.text
    done = await eventually(
        lambda: carol.get(sent.headers["location"]),
        lambda answer: answer.json()["status"] != "processing",
    )
    rows = [(row["status"], row["code"]) for row in done.json()["items"]]
    assert rows == [("refused", "wallet_not_found")] * 2
    assert [await _standing(person) for person in people] == before


async def test_the_payee_may_look_but_not_pay_or_cancel(alice: Person, bob: Person) -> None:
    await alice.top_up("5.00")
    payment = await alice.create(bob, "1.00", card_last4="4242", card_holder="ALICE L")
    for verb, code in (("pay", "only_payer_may_pay"), ("cancel", "only_payer_may_cancel")):
        answer = await bob.post(f"/v1/payments/{payment['id']}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    seen = await bob.payment(payment["id"])
    assert seen["status"] == "created"
    assert not seen.get("card_last4")
    assert not seen.get("card_holder")


async def test_payments_to_oneself_to_nobody_or_in_no_currency_are_refused(
    alice: Person, bob: Person
) -> None:
    to_bob = {"username": bob.username}
    for payee, currency in (
        ({"username": alice.username}, "RUB"),
        ({"username": "nobody-" + new_id().hex[-12:]}, "RUB"),
        ({"user_id": str(new_id())}, "RUB"),
        ({"wallet_id": str(new_id())}, "RUB"),
        (to_bob, "XXY"),
        (to_bob, "rub"),
        ({}, "RUB"),
    ):
        answer = await alice.post(
            "/v1/payments", {"payee": payee, "amount": "1.00", "currency": currency}
        )
        assert answer.status_code in (404, 409, 422), (payee, currency, answer.text)
        assert answer.json()["code"]
    assert (await alice.get("/v1/payments")).json()["items"] == []


async def test_five_equal_registrations_at_once_make_one_user(http: httpx.AsyncClient) -> None:
    body = {"username": f"same-{new_id().hex[-12:]}", "password": PASSWORD}
    answers = await asyncio.gather(*(http.post("/v1/auth/register", json=body) for _ in range(5)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 4}


async def test_two_logins_in_one_second_are_two_working_sessions(alice: Person) -> None:
    first = alice.token
    await alice.log_in()
    assert alice.token != first
    for token in (first, alice.token):
        headers = {"Authorization": f"Bearer {token}"}
        assert (await alice.http.get("/v1/auth/me", headers=headers)).status_code == 200


@pytest.mark.check(48)
async def test_twenty_creations_with_one_key_make_one_payment(alice: Person, bob: Person) -> None:
    body = {"payee": {"username": bob.username}, "amount": "3.00", "currency": "RUB"}
    headers = {"Idempotency-Key": "order-17"}
    answers = await asyncio.gather(*(alice.post("/v1/payments", body, headers) for _ in range(20)))
    counted = Counter(answer.status_code for answer in answers)
    assert set(counted) <= {201, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert all("retry-after" in a.headers for a in answers if a.status_code == 409)
    again = await alice.post("/v1/payments", body, headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    other = await alice.post("/v1/payments", {**body, "amount": "4.00"}, headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert "amount" in other.text
    assert len((await alice.get("/v1/payments")).json()["items"]) == 1
    await bob.top_up("1.00")
    independent = await bob.post(
        "/v1/payments", {**body, "payee": {"username": alice.username}}, headers
    )
    assert independent.status_code == 201


@pytest.mark.check(48)
@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ключ", '"', 'a"b'])
async def test_a_malformed_key_is_refused(alice: Person, bob: Person, key: str) -> None:
    body = {"payee": {"username": bob.username}, "amount": "3.00", "currency": "RUB"}
    headers = [(b"authorization", alice.headers["Authorization"].encode())]
    headers.append((b"idempotency-key", key.encode()))
    answer = await alice.http.post("/v1/payments", json=body, headers=headers)
    assert answer.status_code == 400
    assert (await alice.get("/v1/payments")).json()["items"] == []


async def test_services_are_reached_by_sockets_which_nobody_else_may_enter(
    stack: Stack, alice: Person
) -> None:
    assert (await alice.wallet())["balance"]["amount"] == "0.00"
    folder = Path(stack.env_of("gateway")["SOCKETS"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    paths = {folder / stack.env_of(name)[f"{name.upper()}_PORT"] for name in UPSTREAMS}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths}
    assert modes == {0o600}
    # Who listens is listed once, and again for each connection by it (unix(7)).
    listed = Counter(line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines())
    wallet = str(folder / stack.env_of("wallet")["WALLET_PORT"])
    assert listed[wallet] > 1
