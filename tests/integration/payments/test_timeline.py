"""The story of a payment over the API, with wallet's part of it."""

from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.merchants import Shop, returning
from tests.integration.payments.room import AUTH, CHECKED, NOTIFICATIONS, ONE, TWO, WALLET, Room

from kit.ids import new_id

YES = httpx.Response(200, json={"verdict": "ok"})
BUSY = httpx.Response(503)


async def story(room: Room, caller: UUID, payment_id: UUID, **headers: str) -> dict[str, Any]:
    path = f"/v1/payments/{payment_id}/timeline"
    answer = await room.ask(caller, "GET", path, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert told["payment_id"] == str(payment_id)
    assert [item["at"] for item in told["items"]] == sorted(item["at"] for item in told["items"])
    return told


def codes(told: dict[str, Any], *kinds: str) -> list[tuple[str, ...]]:
    """Return kind, code and whose step or verifier, of all moments or those of some kinds."""
    return [
        (item["kind"], item["code"], item.get("step") or item.get("verifier") or "")
        for item in told["items"]
        if not kinds or item["kind"] in kinds
    ]


@pytest.fixture(autouse=True)
def webhooks(outside: respx.MockRouter) -> respx.Route:
    outside.post(f"{AUTH}/v1/auth/token").respond(json={"access_token": "t", "expires_in": 300})
    asked = outside.get(url__startswith=f"{NOTIFICATIONS}/internal/payments/")
    return asked.respond(json={"items": [], "is_complete": True})


@pytest.fixture
def ledger(outside: respx.MockRouter) -> respx.Route:
    return outside.get(url__startswith=f"{WALLET}/internal/transfers/")


async def pay(room: Room, payer: UUID, payee: UUID, amount: str = "10.00") -> UUID:
    payment_id = await room.create(payer, payee, amount)
    room.clock.advance(1)
    await room.pay(payer, payment_id)
    room.clock.advance(1)
    await room.settle()
    return payment_id


_MOVED_BETWEEN = """
SELECT debited_account_id, credited_account_id, data FROM payment JOIN saga USING (id)
WHERE id = $1
"""


def entries(room: Room, payer: UUID, payee: UUID) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "kind": "payment",
        "currency": "RUB",
        "posted_at": room.clock.now().isoformat(),
        "entries": [
            {"account_id": str(new_id()), "owner_id": str(payer), "seq": 7, "amount_minor": -1000},
            {"account_id": str(new_id()), "owner_id": str(payee), "seq": 3, "amount_minor": 1000},
        ],
    }


async def test_a_paid_payment_is_told_from_request_to_ledger(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    payment_id = await pay(room, alice, bob)
    ledger.respond(json=entries(room, alice, bob))
    told = await story(room, alice, payment_id)
    assert codes(told) == [
        ("request", "created", ""),
        ("message", "payment_created", ""),
        ("request", "pay", ""),
        ("step", "asked", "settle"),
        ("step", "done", "settle"),
        ("entry", "debit", ""),
        ("entry", "credit", ""),
        ("message", "payment_paid", ""),
    ]
    assert [item["sequence"] for item in told["items"] if item["kind"] == "message"] == [1, 2]
    mine, theirs = (item for item in told["items"] if item["kind"] == "entry")
    assert (mine["amount"], mine["seq"], mine["wallet_id"] is None) == ("-10.00", 7, False)
    assert (theirs["amount"], theirs["seq"], theirs["wallet_id"]) == ("10.00", None, None)
    assert told["unavailable"] == []
    seen = await room.seen(alice, payment_id)
    [call] = ledger.calls
    assert call.request.url.path.endswith(f"/{seen['transfer_id']}")
    async with room.database.read() as connection:
        row = await connection.fetchrow(_MOVED_BETWEEN, payment_id)
    assert call.request.url.params["accounts"].split(",") == [str(one) for one in row[:2]]
    assert row["data"] == {}  # all that the saga has learnt is elsewhere by now


async def test_each_try_at_an_outside_check_is_told_with_how_it_ended(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route, outside: respx.MockRouter
) -> None:
    outside.post(ONE).mock(return_value=YES)
    outside.post(TWO).mock(side_effect=[BUSY, BUSY, YES])
    ledger.respond(json=entries(room, alice, bob))
    payment_id = await pay(room, alice, bob, CHECKED)
    await room.check()
    told = await story(room, alice, payment_id)
    assert sorted(codes(told, "check")) == [
        ("check", "failed", "two"),
        ("check", "failed", "two"),
        ("check", "ok", "one"),
        ("check", "ok", "two"),
    ]
    tries = [item for item in told["items"] if item["code"] == "failed"]
    assert {item["said"] for item in tries} == {"status 503"}
    assert codes(told, "step") == [
        *(("step", "asked", "reserve"), ("step", "done", "reserve")),
        *(("step", "asked", "check"), ("step", "done", "check")),
        *(("step", "asked", "settle"), ("step", "done", "settle")),
    ]


async def test_refunds_are_told_with_their_entries(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    payment_id = await pay(room, alice, bob)
    there = entries(room, alice, bob)
    path = f"/v1/payments/{payment_id}/refunds"
    room.clock.advance(1)
    await room.post(bob, path, json={"amount": "4.00"})
    await room.settle()
    back = entries(room, bob, alice)
    seen = (await room.get(bob, path)).json()["items"]
    ledger.mock(
        side_effect=lambda asked: httpx.Response(
            200, json=back if asked.url.path.endswith(seen[0]["transfer_id"]) else there
        )
    )
    told = await story(room, bob, payment_id)
    assert codes(told)[-3:] == [
        ("request", "refund", ""),
        ("entry", "debit", ""),
        ("message", "payment_refunded", ""),
    ]
    assert [one["sequence"] for one in told["items"] if one["kind"] == "message"] == [1, 2, 3]
    assert ledger.call_count == 2


async def test_a_reserved_payment_is_told_to_have_waited_for_its_payer(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    ledger.respond(404)
    payment_id = await room.create(alice, bob, reserve=True)
    await room.settle()
    await room.pay(alice, payment_id)
    await room.settle()
    told = await story(room, alice, payment_id)
    assert codes(told, "step") == [
        *(("step", "asked", "reserve"), ("step", "done", "reserve")),
        *(("step", "asked", "confirm"), ("step", "done", "confirm")),
        *(("step", "asked", "settle"), ("step", "done", "settle")),
    ]


async def test_a_payment_taken_for_a_merchant_and_back_is_told_like_any_other(
    room: Room, alice: UUID, ledger: respx.Route
) -> None:
    shop = Shop(room)
    payment_id = await shop.takes(alice, int(CHECKED.replace(".", "")))
    room.clock.advance(1)
    await shop.asks(returning(payment_id))
    told = await story(room, alice, payment_id)
    assert codes(told) == [
        ("request", "created", ""),
        ("request", "pay", ""),
        ("step", "asked", "reserve"),
        ("step", "done", "reserve"),
        ("step", "asked", "check"),
        ("message", "payment_created", ""),
        ("step", "undo_wanted", "check"),
        ("step", "undo_asked", "reserve"),
        ("step", "undone", "reserve"),
        ("message", "payment_cancelled", ""),
    ]
    [why] = [item for item in told["items"] if item.get("reason") == "undone"]
    assert why["code"] == "undo_wanted"


async def test_the_payee_is_told_what_concerns_them(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    payment_id = await pay(room, alice, bob)
    ledger.respond(json=entries(room, alice, bob))
    told = await story(room, bob, payment_id)
    assert codes(told) == [
        ("request", "created", ""),
        ("message", "payment_created", ""),
        ("request", "pay", ""),
        ("entry", "credit", ""),
        ("message", "payment_paid", ""),
    ]
    assert "-10.00" not in str(told)


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("gone"), httpx.Response(503), httpx.Response(200, json={"no": "transfer"})],
    ids=["gone", "busy", "nonsense"],
)
async def test_without_wallet_the_rest_is_told_and_what_is_missing_is_said(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route, trouble: Any
) -> None:
    ledger.mock(side_effect=[trouble])
    payment_id = await pay(room, alice, bob)
    told = await story(room, alice, payment_id)
    assert told["unavailable"] == ["ledger"]
    assert ("step", "done", "settle") in codes(told)
    assert codes(told, "entry") == []


async def test_attempts_at_the_callers_own_webhooks_are_told(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route, webhooks: respx.Route
) -> None:
    ledger.respond(404)
    payment_id = await pay(room, alice, bob)
    attempt = {
        "at": room.clock.now().isoformat(),
        "type": "payment.paid",
        "sequence": 2,
        "number": 1,
        "endpoint_host": "shop.example.com",
        "milliseconds": 41,
        "status_code": 503,
        "error": None,
        "endpoint_id": str(new_id()),
    }
    webhooks.respond(json={"items": [attempt], "is_complete": True})
    told = await story(room, bob, payment_id)
    assert told["items"][-1] == {
        "kind": "webhook",
        "at": told["items"][-1]["at"],
        "code": "not_delivered",
        "label": "payment.paid → shop.example.com: not taken",
        **{name: attempt[name] for name in ("type", "sequence", "number", "endpoint_host")},
        "took_ms": 41,
        "status_code": 503,
        "error": None,
    }
    [call] = webhooks.calls
    assert call.request.url.path == f"/internal/payments/{payment_id}/deliveries"
    assert call.request.url.params["user_id"] == str(bob)


async def test_without_notifications_the_rest_is_told_and_what_is_missing_is_said(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route, webhooks: respx.Route
) -> None:
    ledger.respond(json=entries(room, alice, bob))
    webhooks.mock(return_value=BUSY)
    told = await story(room, alice, await pay(room, alice, bob))
    assert told["unavailable"] == ["webhooks"]
    assert len(codes(told, "entry")) == 2


async def test_a_transfer_that_wallet_does_not_know_has_no_entries(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    ledger.respond(404)
    payment_id = await pay(room, alice, bob)
    told = await story(room, alice, payment_id)
    assert (codes(told, "entry"), told["unavailable"]) == ([], [])


async def test_why_a_payment_failed_is_told_in_the_payers_language_and_wallet_is_not_asked(
    room: Room, alice: UUID, bob: UUID, ledger: respx.Route
) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await pay(room, alice, bob)
    told = await story(room, alice, payment_id, **{"Accept-Language": "ru"})
    [refused] = [item for item in told["items"] if item["code"] == "refused"]
    assert refused["reason"] == "insufficient_funds"
    assert refused["label"] == "Перевод денег: отказано"
    assert refused["reason_label"] == "В кошельке плательщика недостаточно денег"
    assert not ledger.called
    assert "insufficient" not in str(await story(room, bob, payment_id))


async def test_a_payment_that_nobody_began_to_pay_was_created_and_no_more(
    room: Room, alice: UUID, bob: UUID
) -> None:
    told = await story(room, alice, await room.create(alice, bob))
    assert codes(told) == [("request", "created", ""), ("message", "payment_created", "")]


async def test_a_cancelled_payment_is_told_with_who_wanted_it(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    room.clock.advance(1)
    await room.cancel(alice, payment_id)
    told = await story(room, alice, payment_id)
    assert codes(told)[2:] == [("request", "cancel", ""), ("message", "payment_cancelled", "")]


async def test_a_strangers_payment_has_no_story(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    for one in (payment_id, new_id()):
        answer = await room.get(carol, f"/v1/payments/{one}/timeline")
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")
