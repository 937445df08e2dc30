"""How much people may pay: exact under parallel requests, given back where nothing came of it."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_bulk import row, send, shown, work

from kit.ids import new_id
from payments.repository import Limits


async def as_admin(room: Room, method: str, path: str, **options: Any) -> httpx.Response:
    now = int(room.desk.time.now().timestamp())
    logged_in = int(room.clock.now().timestamp())
    token = room.desk.mint.user(
        new_id(), iat=now, exp=now + 600, auth_time=logged_in, roles=["user", "admin"]
    )
    headers = {"Authorization": f"Bearer {token}"}
    return await room.http.request(method, path, headers=headers, **options)


async def limit(room: Room, user_id: UUID, **amounts: str | None) -> None:
    answer = await as_admin(
        room,
        "PUT",
        f"/v1/payments/limits/{user_id}",
        json={"limits": [{"currency": "RUB", **amounts}]},
    )
    assert answer.status_code == 200, answer.text


async def used(room: Room, user_id: UUID) -> str:
    answer = await room.get(user_id, "/v1/payments/limits")
    assert answer.status_code == 200, answer.text
    [rub] = [one for one in answer.json()["limits"] if one["currency"] == "RUB"]
    return str(rub["used_today"])


async def test_a_payment_above_the_limit_is_refused_and_stays_as_it_was(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_payment="10.00")
    fits, above = await room.create(alice, bob, "10.00"), await room.create(alice, bob, "10.01")
    assert (await room.pay(alice, fits)).status_code == 202
    refused = await room.pay(alice, above, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["code"]) == (403, "limit_per_payment")
    assert "10.00 RUB" in refused.json()["detail"]
    assert await room.status(alice, above) == "created"
    await limit(room, alice, per_payment="20.00")
    again = await room.pay(alice, above, headers={"Idempotency-Key": "k"})
    assert again.status_code == 202  # a refusal does not use the key up


@pytest.mark.check(52)
async def test_of_fifty_at_once_exactly_as_many_are_paid_as_fit_the_day(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="95.00")
    made = [await room.create(alice, bob, "5.00") for _ in range(50)]
    answers = await asyncio.gather(*(room.pay(alice, one) for one in made))
    assert Counter(answer.status_code for answer in answers) == {202: 19, 403: 31}
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 403}
    assert codes == {"limit_per_day"}
    await room.settle()
    assert await used(room, alice) == "95.00"
    states = Counter([await room.status(alice, one) for one in made])
    assert states == {"paid": 19, "created": 31}


async def test_whoever_is_over_a_limit_takes_nobody_down_who_pays_at_once(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    await limit(room, alice, per_payment="4.00", per_day="50.00")
    payers = {await room.create(alice, bob, "5.00"): alice for _ in range(3)}
    payers |= {await room.create(alice, bob, "3.00"): alice for _ in range(3)}
    payers |= {await room.create(carol, bob, "5.00"): carol for _ in range(3)}
    answers = await asyncio.gather(*(room.pay(payer, one) for one, payer in payers.items()))
    assert [answer.status_code for answer in answers] == [403] * 3 + [202] * 6
    assert await used(room, alice) == "9.00"


async def test_what_fails_or_is_cancelled_is_given_back(room: Room, alice: UUID, bob: UUID) -> None:
    await limit(room, alice, per_day="3000.00")
    room.wallet.refuses = lambda c: (
        "insufficient_funds" if getattr(c, "amount_minor", 0) == 700 else None
    )
    fails = [await room.create(alice, bob, "7.00") for _ in range(5)]
    await asyncio.gather(*(room.pay(alice, one) for one in fails))
    held = await room.create(alice, bob, "1000.00")  # large enough to be reserved first
    await room.pay(alice, held)
    paid = await room.create(alice, bob, "1.00")
    await room.pay(alice, paid)
    assert await used(room, alice) == "1036.00"
    await room.cancel(alice, held)
    await room.settle()
    assert await room.status(alice, held) == "cancelled"
    assert await used(room, alice) == "1.00"


async def test_a_day_is_over_at_midnight_utc_and_gives_back_into_its_own(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="5.00")
    room.wallet.is_silent = True
    first, second = await room.create(alice, bob, "5.00"), await room.create(alice, bob, "5.00")
    await room.pay(alice, first)
    assert (await room.pay(alice, second)).status_code == 403
    yesterday = room.clock.now().date()
    room.clock.advance(86_400)
    third = await room.create(alice, bob, "5.00")
    assert (await room.pay(alice, third)).status_code == 202
    room.wallet.is_silent = False
    room.wallet.refuses = lambda _: "wallet_frozen"
    await room.wake(60)
    assert await room.status(alice, first) == await room.status(alice, third) == "failed"
    async with room.database.read() as connection:
        limits = Limits(connection)
        assert await limits.spent(alice, yesterday) == {"RUB": 0}
        assert await limits.spent(alice, room.clock.now().date()) == {"RUB": 0}


async def test_a_bulk_is_held_to_the_same_limits_row_by_row(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_payment="50.00", per_day="60.00")
    amounts = ["40.00", "50.01", "30.00", "20.00", "0.01"]
    path = await send(room, alice, [row("bob", amount) for amount in amounts])
    await work(room)
    items = (await shown(room, alice, path))["items"]
    assert [item["code"] or item["status"] for item in items] == [
        "paid",
        "limit_per_payment",
        "limit_per_day",
        "paid",
        "limit_per_day",
    ]
    assert items[2]["detail"]
    assert await used(room, alice) == "60.00"


async def test_bulks_and_payments_at_once_stay_within_the_day(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await limit(room, alice, per_day="20.00")
    path = await send(room, alice, [row("bob", "1.00") for _ in range(30)])
    made = [await room.create(alice, bob, "1.00") for _ in range(20)]
    await asyncio.gather(work(room), *(room.pay(alice, one) for one in made))
    await room.settle()
    counts = (await shown(room, alice, path))["counts"]
    single = Counter([await room.status(alice, one) for one in made])
    assert counts["paid"] + single["paid"] == 20
    assert await used(room, alice) == "20.00"


async def test_without_limits_paying_costs_no_statement_and_counts_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    async def statements() -> int:
        payment_id = await room.create(alice, bob)
        before = room.database.statements
        assert (await room.pay(alice, payment_id)).status_code == 202
        return room.database.statements - before

    without = await statements()
    await limit(room, alice, per_payment="100.00")
    assert await statements() == without
    assert await room.count("payment_day") == 0
    await limit(room, alice, per_day="100.00")
    assert await statements() == without + 1


async def test_admins_see_and_set_and_everybody_sees_their_own(
    room: Room, alice: UUID, bob: UUID
) -> None:
    path = f"/v1/payments/limits/{alice}"
    body = {
        "limits": [
            {"currency": "RUB", "per_payment": "100.5", "per_day": None},
            {"currency": "JPY", "per_day": "5000"},
        ]
    }
    set_ = await as_admin(room, "PUT", path, json=body)
    mine = await room.get(alice, "/v1/payments/limits")
    assert set_.json() == mine.json() == (await as_admin(room, "GET", path)).json()
    assert mine.json()["limits"] == [
        {
            "currency": "JPY",
            "per_payment": None,
            "per_day": "5000",
            "used_today": "0",
            "left_today": "5000",
            "is_own": True,
        },
        {
            "currency": "RUB",
            "per_payment": "100.50",
            "per_day": None,
            "used_today": "0.00",
            "left_today": None,
            "is_own": True,
        },
    ]
    cleared = await as_admin(room, "PUT", path, json={"limits": []})
    assert [one["is_own"] for one in cleared.json()["limits"]] == [False]
    for caller in (alice, bob):
        for answer in (
            await room.get(caller, path),
            await room.ask(caller, "PUT", path, json=body),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    for method in ("GET", "PUT"):
        missing = f"/v1/payments/limits/{new_id()}"
        answer = await as_admin(room, method, missing, json=body if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


@pytest.mark.parametrize(
    ("one", "pointer"),
    [
        ({"currency": "RUB", "per_day": "-1"}, "/limits/0/per_day"),
        ({"currency": "RUB", "per_payment": "0"}, "/limits/0/per_payment"),
        ({"currency": "JPY", "per_day": "1.5"}, "/limits/0/per_day"),
        ({"currency": "rub", "per_day": "1"}, "/limits/0/currency"),
        ({"per_day": "1"}, "/limits/0/currency"),
    ],
)
async def test_malformed_limits_are_refused(
    room: Room, alice: UUID, one: dict[str, str], pointer: str
) -> None:
    path = f"/v1/payments/limits/{alice}"
    answer = await as_admin(room, "PUT", path, json={"limits": [one]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    good = {"currency": "RUB", "per_day": "1.00"}
    twice = await as_admin(room, "PUT", path, json={"limits": [good, good]})
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (422, "repeated_currency")
    assert await room.count("payment_limit") == 0
