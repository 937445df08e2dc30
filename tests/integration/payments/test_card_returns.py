"""A card's money that nobody was paid by goes back by itself, and everybody can see how it stands.

What the provider does not give back lies there: the payer, the lists and an administrator see it.
"""

import json
from typing import Any
from uuid import UUID

import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import CHECKED, ONE, TWO, WALLET, Room
from tests.integration.payments.test_card_refunds import paid
from tests.integration.payments.test_charges import by_card, transfers
from tests.integration.payments.test_export import lines
from tests.integration.payments.test_timeline import codes, story, webhooks

from kit.db.tail import Tail
from kit.ids import new_id
from payments.live.stream import watched_since
from payments.repository import Changes, StreamPosition
from payments.schemas.changes import change_seen

__all__ = ["webhooks"]  # a fixture that is there for every test

SHOP = "https://shop.example/thanks"


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def came_too_late(room: Room, cards: CardProvider, payer: UUID, payee: UUID) -> UUID:
    """Pay by card, cancel, and have the money come all the same; returns the payment."""
    payment_id = await by_card(room, payer, payee, "100.00")
    await room.cancel(payer, payment_id)
    await room.settle()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    return payment_id


async def said(room: Room, who: UUID, payment_id: UUID) -> tuple[str, str | None]:
    seen = await room.seen(who, payment_id)
    return seen["returned_amount"], seen["return_status"]


async def charges(room: Room, admin: UUID, **query: str) -> list[dict[str, Any]]:
    listed = await room.get(admin, "/v1/payments/charges", **query)
    found: list[dict[str, Any]] = listed.json()["items"]
    return found


async def test_what_came_of_a_cancelled_payment_is_seen_on_its_way_back_and_at_its_end(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    admin = await room.admin()
    payment_id = await came_too_late(room, cards, alice, bob)
    assert await said(room, alice, payment_id) == ("100.00", "pending")
    room.clock.advance(1)
    await room.charge()
    assert await said(room, alice, payment_id) == ("100.00", "returned")
    for who in (alice, admin):
        told = await story(room, who, payment_id)
        assert codes(told, "return") == [("return", "begun", ""), ("return", "returned", "")]
        assert {one["amount"] for one in told["items"] if one["kind"] == "return"} == {"100.00"}
    assert codes(await story(room, bob, payment_id), "return") == []
    assert "returned_amount" not in await room.seen(bob, payment_id)
    [listed] = (await room.get(alice, "/v1/payments")).json()["items"]
    assert (listed["returned_amount"], listed["return_status"]) == ("100.00", "returned")
    [line] = await lines(room, alice)
    assert (line["returned_amount"], line["return_status"]) == ("100.00", "returned")
    [theirs] = await lines(room, bob)
    assert (theirs["returned_amount"], theirs["return_status"]) == ("", "")
    [seen] = await charges(room, admin, return_status="returned")
    assert (seen["id"], seen["returned_amount"]) == (str(payment_id), "100.00")


async def test_the_payers_stream_tells_how_it_goes_back_and_the_payees_does_not(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    await watched_since(room.database, alice)
    place = StreamPosition(Tail(0), user_id=alice)

    async def told() -> list[tuple[str, str, str | None]]:
        async with room.database.read() as connection:
            found = await Changes(connection).read_on(place, 0)
        seen = [json.loads(change_seen(one, alice, "en") or "") for one in found]
        return [(one["status"], one["returned"], one["return_status"]) for one in seen]

    payment_id = await came_too_late(room, cards, alice, bob)
    assert (await told())[-2:] == [("cancelled", "100.00", "pending")] * 2
    room.clock.advance(1)
    await room.charge()
    assert await told() == [("cancelled", "100.00", "returned")]
    async with room.database.read() as connection:
        changes = Changes(connection)
        of_bob = await changes.read_on(StreamPosition(Tail(0), user_id=bob), 0)
        of_it = await changes.read_on(StreamPosition(Tail(0), payment_id=payment_id), 0)
    theirs = [change_seen(one, bob, "en") for one in of_it]
    assert theirs[-2:] == [None, None]
    assert [change_seen(one, bob, "en") for one in of_bob] == theirs[:-2]
    for text in theirs[:-2]:
        seen = json.loads(text or "")
        assert (seen["returned"], seen["return_status"]) == (None, None)


async def test_what_the_checks_refused_after_the_card_was_charged_goes_back_visibly(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    outside.post(ONE).respond(json={"verdict": "denied", "reason": "sanctions"})
    outside.post(TWO).respond(json={"verdict": "ok"})
    payment_id = await by_card(room, alice, bob, CHECKED)
    await cards.tells("succeeded", payment_id)
    await room.check()
    await room.charge()
    assert await room.status(alice, payment_id) == "failed"
    assert await said(room, alice, payment_id) == (CHECKED, "returned")


async def test_what_the_provider_does_not_give_back_is_said_to_lie_there(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    admin = await room.admin()
    other = await came_too_late(room, cards, alice, bob)
    await room.charge()
    cards.no_refunds = True
    payment_id = await came_too_late(room, cards, alice, bob)
    room.clock.advance(1)
    await room.charge()
    assert await said(room, alice, payment_id) == ("100.00", "refused")
    assert transfers(room) == []  # so nothing lies in the ledger
    told = await story(room, admin, payment_id)
    assert codes(told, "return") == [("return", "begun", ""), ("return", "refused", "")]
    assert ("provider", "refused", "") in codes(told, "provider")
    [seen] = await charges(room, admin, return_status="refused")
    assert seen["payment_id"] == str(payment_id) != str(other)
    assert await charges(room, admin, return_status="pending") == []
    assert len(await charges(room, admin)) == 2
    # Somebody gives it back at the provider's page, as the runbook says.
    await cards.refunds("succeeded", "100.00", payment_id, refund="by_hand")
    assert await said(room, alice, payment_id) == ("100.00", "returned")
    assert await charges(room, admin, return_status="refused") == []


async def test_a_refund_at_the_providers_page_of_what_nobody_got_counts_as_going_back(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob, "100.00")
    await room.cancel(alice, payment_id)
    await room.settle()
    await cards.refunds("succeeded", "30.00", payment_id)
    await room.charge()
    assert await said(room, alice, payment_id) == ("100.00", "returned")
    assert sorted(codes(await story(room, alice, payment_id), "return")) == [
        ("return", "begun", ""),
        ("return", "made_at_provider", ""),
        ("return", "returned", ""),
        ("return", "returned", ""),
    ]


async def test_what_a_dispute_took_before_is_said_not_to_go_back(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await came_too_late(room, cards, alice, bob)
    await cards.disputes("funds_withdrawn", "100.00", payment_id)
    await room.charge()
    assert await said(room, alice, payment_id) == ("0.00", None)
    assert codes(await story(room, alice, payment_id), "return") == [
        ("return", "begun", ""),
        ("return", "dropped", ""),
    ]


async def test_a_top_up_that_its_wallet_could_not_take_is_found_by_an_administrator(
    room: Room, cards: CardProvider, alice: UUID
) -> None:
    admin, wallet_id, charge_id = await room.admin(), await room.opens(alice), new_id()
    body = {"charge_id": str(charge_id), "owner_id": str(alice), "wallet_id": str(wallet_id)}
    asked = {**body, "amount": "150.00", "return_url": SHOP}
    now = int(room.desk.time.now().timestamp())
    token = room.desk.mint.service("wallet", iat=now, exp=now + 300)
    headers = {"Authorization": f"Bearer {token}"}
    await room.http.post("/internal/charges", json=asked, headers=headers)
    room.wallet.refuses = lambda _: "balance_limit"
    await cards.tells("succeeded", charge_id)
    await room.settle()
    cards.no_refunds = True
    await room.charge()
    [seen] = await charges(room, admin, return_status="refused")
    assert (seen["wallet_id"], seen["returned_amount"]) == (str(wallet_id), "150.00")


async def test_a_paid_payment_has_nothing_that_goes_back_by_itself(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    outside.get(url__startswith=f"{WALLET}/internal/transfers/").respond(404)
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("funds_withdrawn", "100.00", payment_id)
    await cards.refunds("succeeded", "100.00", payment_id)
    await room.settle()
    assert await said(room, alice, payment_id) == ("0.00", None)
    told = await story(room, bob, payment_id)
    assert codes(told, "return") == []
    kinds = [one for one in codes(told, "request", "message") if "refund" in one[1]]
    assert kinds == [("request", "refund_at_provider", ""), ("message", "payment_refunded", "")]
