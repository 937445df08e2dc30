"""What is above its payer's own limit needs a recent login; else nothing is done."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import AUTH, WALLET, Room

from kit.ids import new_id
from payments.loops import schedule

LIMITS = {"RUB": 100_00}
MOST, MORE = "100.00", "100.01"


def seat(room: Room, user: UUID, *, seconds_ago: int = 901, **claims: Any) -> UUID:
    """Return as whom the user asks with a login of so long ago, who wants to be asked above 100."""
    seat_id = new_id()  # the room keeps a token for each of those who ask
    now = int(room.desk.time.now().timestamp())
    at = int(room.clock.now().timestamp()) - seconds_ago
    own = {"auth_time": at, "confirm_above": LIMITS, "sid": str(new_id())}
    room.tokens[seat_id] = room.desk.mint.user(user, iat=now, exp=now + 600, **(own | claims))
    return seat_id


def key(room: Room, user: UUID) -> UUID:
    """Return as whom a program asks by the user's API key."""
    scope = "payments:read payments:write refunds:write"
    return seat(room, user, amr=["key"], auth_time=0, scope=scope)


def body(payee: UUID, amount: str | None, **more: Any) -> dict[str, Any]:
    return {"payee": {"user_id": str(payee)}, "amount": amount, **more}


def refused(answer: httpx.Response) -> bool:
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required"), answer.text
    challenge = 'Bearer error="insufficient_user_authentication", max_age="900"'
    assert answer.headers["www-authenticate"].startswith(challenge)
    return True


async def nothing(room: Room) -> None:
    """Check that nobody was promised or given anything."""
    await room.settle()
    assert room.wallet.heard == []
    for table in ("payment", "bulk", "refund", "saga", "idempotency"):
        assert await room.count(table) == 0, table


@pytest.mark.parametrize("more", [{"confirm": True}, {"reserve": True}, {"execute_at": "later"}])
async def test_creating_asks_where_it_is_the_word_that_spends(
    room: Room, alice: UUID, bob: UUID, more: Mapping[str, Any]
) -> None:
    if "execute_at" in more:
        more = {"execute_at": (room.clock.now() + timedelta(days=2)).isoformat()}
    old, recent = seat(room, alice), seat(room, alice, seconds_ago=900)
    assert refused(await room.post(old, "/v1/payments", json=body(bob, MORE, **more)))
    await nothing(room)
    for caller, amount in ((old, MOST), (recent, MORE)):
        made = await room.post(caller, "/v1/payments", json=body(bob, amount, **more))
        assert made.status_code in {201, 202}, made.text


async def test_a_payment_is_created_unasked_and_paid_by_a_recent_login(
    room: Room, alice: UUID, bob: UUID
) -> None:
    old = seat(room, alice)
    small, large = await room.create(old, bob, MOST), await room.create(old, bob, MORE)
    assert refused(await room.pay(old, large))
    assert await room.status(old, large) == "created"
    assert (await room.pay(old, small)).status_code == 202
    assert (await room.pay(seat(room, alice, seconds_ago=900), large)).status_code == 202
    assert (await room.pay(old, large)).status_code == 202, "it is on its way: nothing is spent"
    await room.settle()
    assert [await room.status(alice, one) for one in (small, large)] == ["paid", "paid"]


async def test_of_a_reserved_payment_the_part_that_is_paid_counts(
    room: Room, alice: UUID, bob: UUID
) -> None:
    recent, old = seat(room, alice, seconds_ago=0), seat(room, alice)
    reserved = await room.create(recent, bob, "500.00", reserve=True)
    await room.settle()
    assert refused(await room.pay(old, reserved))
    assert refused(await room.pay(old, reserved, json={"amount": MORE}))
    assert (await room.pay(old, reserved, json={"amount": MOST})).status_code == 202


async def test_a_second_factor_that_is_enrolled_is_needed(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment = await room.create(alice, bob, MORE)
    weak = seat(room, alice, seconds_ago=0, factor=True)
    answer = await room.pay(weak, payment)
    assert refused(answer)
    assert answer.headers["www-authenticate"].endswith(', acr_values="mfa"')
    strong = seat(room, alice, seconds_ago=0, factor=True, amr=["pwd", "otp", "mfa"])
    assert (await room.pay(strong, payment)).status_code == 202


async def test_an_api_key_never_spends_more(room: Room, alice: UUID, bob: UUID) -> None:
    program = key(room, alice)
    payment = await room.create(program, bob, MORE)
    assert refused(await room.pay(program, payment))
    assert refused(await room.post(program, "/v1/payments", json=body(bob, MORE, confirm=True)))
    rows = [body(bob, MOST), body(bob, "0.01")]
    assert refused(await room.post(program, "/v1/payments/bulk", json=rows))
    assert (await room.pay(program, await room.create(program, bob, MOST))).status_code == 202


async def test_other_currencies_and_other_people_are_not_asked(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    dollars = await room.create(alice, bob, "5000.00", currency="USD")
    assert (await room.pay(seat(room, alice), dollars)).status_code == 202
    free = seat(room, carol, confirm_above=None)
    assert (await room.pay(free, await room.create(free, bob, "5000.00"))).status_code == 202


@pytest.mark.check(52)
async def test_of_many_paid_at_once_only_those_above_are_refused(
    room: Room, alice: UUID, bob: UUID
) -> None:
    old = seat(room, alice)
    amounts = [MOST, MORE, "1.00", "9999.00", "2.00", MORE]
    made = [await room.create(old, bob, amount) for amount in amounts]
    answers = await room.carried(*(room.pay(old, one) for one in made))
    assert [answer.status_code for answer in answers] == [202, 403, 202, 403, 202, 403]


async def test_a_bulk_counts_as_one_word(room: Room, alice: UUID, bob: UUID) -> None:
    old = seat(room, alice)
    rows = [body(bob, "60.00"), body(bob, "900.00", currency="USD"), body(bob, "40.01")]
    assert refused(await room.post(old, "/v1/payments/bulk", json=rows))
    await nothing(room)
    recent = seat(room, alice, seconds_ago=0)
    assert (await room.post(recent, "/v1/payments/bulk", json=rows)).status_code == 202
    rows[2] = body(bob, "40.00")
    assert (await room.post(old, "/v1/payments/bulk", json=rows)).status_code == 202


async def test_whoever_is_paid_gives_back_no_more_unasked(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment = await room.create(alice, bob, "500.00")
    await room.pay(alice, payment)
    await room.settle()
    old, path = seat(room, bob), f"/v1/payments/{payment}/refunds"
    for asked in ({"amount": MORE}, {}):
        assert refused(await room.post(old, path, json=asked))
    assert refused(await room.post(key(room, bob), path, json={"amount": MORE}))
    assert await room.count("refund") == 0
    [small] = await room.carried(room.post(old, path, json={"amount": MOST}))
    assert small.status_code == 202
    [rest] = await room.carried(room.post(seat(room, bob, seconds_ago=0), path, json={}))
    assert rest.status_code == 202, rest.text


async def test_an_administrator_changes_what_is_anothers_by_a_recent_login(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment = await room.create(alice, bob)
    await room.pay(alice, payment)
    await room.settle()
    service = await room.post(bob, "/v1/services", json={"name": "Lessons"})
    assert service.status_code == 201, service.text
    admin = await room.admin()
    roles = ["user", "admin"]
    old, recent = (seat(room, admin, seconds_ago=one, roles=roles) for one in (901, 900))
    refunds, lessons = f"/v1/payments/{payment}/refunds", service.headers["location"]
    assert refused(await room.post(old, refunds, json={}))
    assert refused(await room.ask(old, "PATCH", lessons, json={"name": "Mine"}))
    assert (await room.get(bob, lessons)).json()["name"] == "Lessons"
    assert await room.count("refund") == 0
    changed = await room.ask(recent, "PATCH", lessons, json={"name": "Other lessons"})
    assert changed.status_code == 200
    [given] = await room.carried(room.post(recent, refunds, json={}))
    assert given.status_code == 202


async def test_a_repeated_request_is_given_its_answer_and_a_refusal_uses_no_key_up(
    room: Room, alice: UUID, bob: UUID
) -> None:
    old, recent = seat(room, alice), seat(room, alice, seconds_ago=0)
    asked = body(bob, MORE, confirm=True)
    once = {"Idempotency-Key": "rent"}
    assert refused(await room.post(old, "/v1/payments", json=asked, headers=once))
    await nothing(room)
    first = await room.post(recent, "/v1/payments", json=asked, headers=once)
    assert first.status_code == 202
    again = await room.post(old, "/v1/payments", json=asked, headers=once)
    assert (again.status_code, again.json()) == (202, first.json())

    payment = await room.create(alice, bob, MORE)
    assert refused(await room.pay(old, payment, headers=once))
    paid = await room.pay(recent, payment, headers=once)
    again = await room.pay(old, payment, headers=once)
    assert [(one.status_code, one.json()["id"]) for one in (paid, again)] == [
        (202, str(payment))
    ] * 2


async def test_a_card_is_charged_unasked_as_its_owner_confirms_at_the_provider(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    CardProvider(room, outside)
    card = {"method": "card", "return_url": SHOP}
    old = seat(room, alice)
    asked = body(bob, MORE, confirm=True, **card)
    charged = await room.post(old, "/v1/payments", json=asked)
    assert charged.status_code == 202, charged.text
    assert (await room.pay(old, await room.create(old, bob, MORE), json=card)).status_code == 202


async def test_what_was_confirmed_is_paid_at_its_time(room: Room, alice: UUID, bob: UUID) -> None:
    at = (room.clock.now() + timedelta(days=2)).isoformat()
    recent = seat(room, alice, seconds_ago=0)
    payment = await room.create(recent, bob, MORE, execute_at=at)
    old = seat(room, alice)
    assert refused(await room.pay(old, payment)), "paying it now is another word"
    room.clock.advance(timedelta(days=2, seconds=1).total_seconds())
    wiring = room.service.state.wiring
    assert await schedule.sweep_once(room.database, wiring.engine, wiring.settings.policies) == 1
    await room.settle()
    assert await room.status(alice, payment) == "paid"


async def test_a_quote_says_that_it_would_be_asked(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    token = {"access_token": "t", "token_type": "bearer", "expires_in": 300}
    outside.post(f"{AUTH}/v1/auth/token").respond(json=token)
    wallet = {"id": str(new_id()), "owner_id": str(alice), "currency": "RUB", "status": "active"}
    outside.get(f"{WALLET}/internal/accounts").respond(json={**wallet, "available_minor": 10**9})
    old, recent = seat(room, alice), seat(room, alice, seconds_ago=0)
    told = []
    for caller, amount in ((old, MORE), (old, MOST), (recent, MORE)):
        quoted = await room.post(caller, "/v1/payments/quote", json=body(bob, amount))
        told.append((quoted.json()["would"], quoted.json()["code"]))
    assert told == [("refuse", "step_up_required"), ("pay", None), ("pay", None)]
