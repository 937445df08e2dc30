"""Many at once, through the gateway on the real stack: money stays exact."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, permutations

import httpx
import pytest

from testkit.keepers import Keeper
from testkit.people import Person, eventually

STORM_SECONDS = 10


@pytest.mark.check(47)
async def test_a_wallet_that_funds_9_of_20_parallel_payments_pays_exactly_9(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("95.00")
    created = await asyncio.gather(*(alice.create(bob, "10.00") for _ in range(20)))
    answers = await asyncio.gather(*(alice.pay(payment["id"]) for payment in created))
    assert {answer.status_code for answer in answers} == {202}
    ended = await asyncio.gather(*(alice.settled(payment["id"]) for payment in created))
    assert Counter(p["status"] for p in ended) == {"paid": 9, "failed": 11}
    reasons = {p["failure_reason"] for p in ended if p["status"] == "failed"}
    assert reasons == {"insufficient_funds"}
    assert (await alice.balance(), await alice.held()) == (Decimal("5.00"), Decimal(0))
    assert (await bob.balance(), await bob.held()) == (Decimal("90.00"), Decimal(0))


async def test_paying_one_payment_ten_times_in_parallel_moves_money_once(
    alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    payment = await alice.create(bob, "10.00")
    answers = await asyncio.gather(*(alice.pay(payment["id"]) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    assert (await alice.settled(payment["id"]))["status"] == "paid"
    assert await alice.balance() == Decimal("90.00")
    assert await bob.balance() == Decimal("10.00")


@pytest.mark.parametrize("amount", ["2.00", "1000.00"], ids=["unchecked", "checked outside"])
async def test_pay_and_cancel_at_once_end_paid_or_cancelled_and_only_paid_moves_money(
    alice: Person, bob: Person, amount: str
) -> None:
    await alice.top_up("200000.00")
    created = await asyncio.gather(*(alice.create(bob, amount) for _ in range(100)))

    async def both(payment_id: str) -> tuple[httpx.Response, ...]:
        return await asyncio.gather(alice.pay(payment_id), alice.cancel(payment_id))

    answers = [answer for p in created for answer in await both(p["id"])]
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    ended = await asyncio.gather(*(alice.settled(p["id"], within=60) for p in created))
    counted = Counter(p["status"] for p in ended)
    allowed = {"paid", "cancelled"} if amount == "2.00" else {"paid", "cancelled", "failed"}
    assert set(counted) <= allowed
    reasons = {p["failure_reason"] for p in ended if p["status"] == "failed"}
    assert reasons <= {"check_unavailable"}
    moved = Decimal(amount) * counted["paid"]
    assert await alice.balance() == Decimal("200000.00") - moved
    assert await alice.held() == 0
    assert await bob.balance() == moved


async def test_forty_parallel_top_ups_of_one_give_forty(alice: Person) -> None:
    answers = await asyncio.gather(*(alice.top_up("1.00") for _ in range(40)))
    assert Counter(answer.status_code for answer in answers) == {201: 40}
    assert await alice.balance() == Decimal("40.00")


@pytest.mark.check(34)
@pytest.mark.parametrize(
    "amount",
    [
        0,
        150,
        1.5,
        True,
        None,
        "0",
        "0.00",
        "-1.00",
        "+5",
        "1e3",
        "1.001",
        "NaN",
        "Infinity",
        "\u0665",  # ARABIC-INDIC DIGIT FIVE
        " 1.00",
        "1,00",
        "",
        "1" + "0" * 30,
    ],
)
async def test_an_amount_out_of_the_rules_is_refused_and_nothing_is_stored(
    alice: Person, amount: object
) -> None:
    answer = await alice.post("/v1/wallets/top-up", {"amount": amount, "currency": "RUB"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    wallet = await alice.wallet()
    assert wallet["balance"]["amount"] == "0.00"
    entries = await alice.get(f"/v1/wallets/{wallet['id']}/entries")
    assert entries.json()["items"] == []


@pytest.mark.check(47)
async def test_a_storm_in_both_directions_settles_exactly(alice: Person, bob: Person) -> None:
    await asyncio.gather(alice.top_up("1000.00"), bob.top_up("1000.00"))
    there = await asyncio.gather(*(alice.create(bob, "1.00") for _ in range(200)))
    back = await asyncio.gather(*(bob.create(alice, "1.00") for _ in range(200)))
    await asyncio.gather(
        *(alice.pay(p["id"]) for p in there),
        *(bob.pay(p["id"]) for p in back),
    )
    ended = await asyncio.gather(
        *(alice.settled(p["id"], within=60) for p in there),
        *(bob.settled(p["id"], within=60) for p in back),
    )
    assert {p["status"] for p in ended} == {"paid"}
    assert (await alice.balance(), await bob.balance()) == (Decimal(1000), Decimal(1000))


async def test_four_users_paying_each_other_in_all_directions_settle_exactly(
    http: httpx.AsyncClient,
) -> None:
    people = await asyncio.gather(*(Person.arrive(http) for _ in range(4)))
    await asyncio.gather(*(person.top_up("100000.00") for person in people))
    until = time.monotonic() + STORM_SECONDS
    paid: Counter[tuple[str, str]] = Counter()

    async def keep_paying(payer: Person, payee: Person) -> None:
        while time.monotonic() < until:
            payment = await payer.create(payee, "1.00")
            answer = await payer.pay(payment["id"], wait=10)
            assert answer.status_code in (200, 202), answer.text
            ended = await payer.settled(payment["id"])
            assert ended["status"] == "paid", ended
            paid[payer.username, payee.username] += 1

    await asyncio.gather(*(keep_paying(*pair) for pair in permutations(people, 2)))
    assert all(paid[a.username, b.username] for a, b in permutations(people, 2))
    for person in people:
        assert await person.balance() == Decimal(100_000) + _net(person, people, paid)
        assert await person.held() == 0


def _net(person: Person, people: Sequence[Person], paid: Counter[tuple[str, str]]) -> int:
    received = sum(paid[other.username, person.username] for other in people)
    return received - sum(paid[person.username, other.username] for other in people)


async def test_register_top_up_and_be_paid_at_once_works(
    http: httpx.AsyncClient, alice: Person
) -> None:
    await alice.top_up("10.00")
    newcomer = await Person.arrive(http)
    created, topped = await asyncio.gather(alice.create(newcomer, "4.00"), newcomer.top_up("1.00"))
    assert topped.status_code == 201
    await alice.pay(created["id"])
    assert (await alice.settled(created["id"]))["status"] == "paid"
    balance = await eventually(newcomer.balance, lambda b: b == Decimal("5.00"))
    assert balance == Decimal("5.00")


@pytest.mark.check(52)
async def test_an_amount_of_a_day_holds_over_sessions_and_keys_at_once(
    http: httpx.AsyncClient, keeper: Keeper, alice: Person, bob: Person
) -> None:
    await alice.top_up("100.00")
    limits = {"limits": [{"currency": "RUB", "per_day": "35.00"}]}
    path = f"/v1/payments/limits/{alice.user_id}"
    assert (await keeper.ask("PUT", path, limits)).status_code == 200
    callers = [alice]
    for _ in range(2):  # other devices
        callers.append(Person(alice.username, alice.user_id, http))
        await callers[-1].log_in()
    body = {"name": "A program", "scopes": ["payments:read", "payments:write"]}
    key = (await alice.post("/v1/auth/api-keys", body)).json()["key"]
    callers.append(Person(alice.username, alice.user_id, http))
    callers[-1].headers = {"Authorization": f"Bearer {key}"}
    made = [await alice.create(bob, "5.00") for _ in range(20)]
    answers = await asyncio.gather(
        *(caller.pay(one["id"]) for one, caller in zip(made, cycle(callers), strict=False))
    )
    assert Counter(answer.status_code for answer in answers) == {202: 7, 403: 13}
    assert {one.json()["code"] for one in answers if one.is_error} == {"limit_per_day"}
    for one, answer in zip(made, answers, strict=True):
        if answer.is_success:
            assert (await alice.settled(one["id"]))["status"] == "paid"
    assert (await bob.balance(), await alice.held()) == (Decimal("35.00"), Decimal(0))
