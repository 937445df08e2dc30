"""Who is to be deleted is closed first: nothing is under way, and nothing begins any more."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_bulk import row, send, shown, work
from tests.integration.payments.test_card_refunds import paid as paid_by_card
from tests.integration.payments.test_charges import by_card
from tests.integration.payments.test_refunding import ask, paid
from tests.integration.payments.test_schedules import HOUR, scheduled, sweep

from contracts.auth import UserChanged
from contracts.wallet import PlaceHold, ReleaseHold, Transfer
from kit.db.bulk import COPIED_FROM
from kit.ids import new_id
from kit.money import Money
from kit.tasks import spawn
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.parties import Parties, PayeeName, Person
from payments.refusals import PayerNotActive
from payments.repository import Payments


async def close(room: Room, user_id: UUID, verb: str = "close") -> httpx.Response:
    now = int(room.desk.time.now().timestamp())
    token = room.desk.mint.service("auth", iat=now, exp=now + 600)
    headers = {"Authorization": f"Bearer {token}"}
    return await room.http.post(f"/internal/owners/{user_id}/{verb}", headers=headers)


async def standing(room: Room, user_id: UUID) -> list[tuple[str, str]]:
    answer = await close(room, user_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "payments_open"), answer.text
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def deleted(room: Room, user_id: UUID) -> None:
    await room.told(
        UserChanged(user_id=user_id, number=1, username=None, status="deleted", roles=("user",)), 2
    )


async def create(room: Room, payer: UUID, payee: UUID) -> httpx.Response:
    body = {"payee": {"user_id": str(payee)}, "amount": "1.00"}
    return await room.post(payer, "/v1/payments", json=body)


async def test_whoever_has_nothing_under_way_is_closed_and_reopened(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await paid(room, alice, bob)
    for who in (alice, bob, new_id()):
        for verb in ("close", "close", "reopen", "reopen", "close"):
            assert (await close(room, who, verb)).status_code == 204
    assert (await close(room, alice, "reopen")).status_code == 204
    refused = await create(room, alice, bob)
    assert (refused.status_code, refused.json()["code"]) == (422, "payee_not_active")
    await close(room, bob, "reopen")
    assert (await create(room, alice, bob)).status_code == 201


async def test_closing_is_for_services(room: Room, alice: UUID) -> None:
    answer = await room.post(alice, f"/internal/owners/{alice}/close")
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["created", "reserved", "scheduled"])
async def test_a_payers_open_payment_stands_in_the_way(
    room: Room, alice: UUID, bob: UUID, kind: str
) -> None:
    if kind == "scheduled":
        payment_id = await scheduled(room, alice, bob)
    else:
        payment_id = await room.create(alice, bob, reserve=kind == "reserved")
    status = "scheduled" if kind == "scheduled" else "created"
    assert await standing(room, alice) == [(f"/payments/{payment_id}", status)]
    await room.settle()
    assert (await room.cancel(alice, payment_id)).status_code in (200, 202)
    await room.settle()
    assert (await close(room, alice)).status_code == 204


async def test_a_payment_whose_time_is_over_holds_nobody(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.create(alice, bob)
    room.clock.advance(24 * 3600)
    assert (await close(room, alice)).status_code == 204


async def test_what_is_in_flight_stands_in_the_payees_way(
    room: Room, alice: UUID, bob: UUID
) -> None:
    reserved = await room.create(alice, bob, reserve=True)
    for payment_id in (reserved, await room.create(alice, bob)):
        await room.pay(alice, payment_id)
        assert await standing(room, bob) == [(f"/payments/{payment_id}", "processing")]
        await room.settle()
    assert (await close(room, bob)).status_code == 204


async def test_nobody_is_held_by_what_others_only_write_down(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    assert (await close(room, bob)).status_code == 204
    refused = await room.pay(alice, payment_id)
    assert (refused.status_code, refused.json()["code"]) == (422, "payee_not_active")
    assert await room.status(alice, payment_id) == "created"


async def test_nobody_is_held_by_what_others_set_aside_and_it_is_freed(
    room: Room, alice: UUID, bob: UUID
) -> None:
    held = await room.create(alice, bob, reserve=True)
    await room.settle()
    asked_for = await room.create(alice, bob, reserve=True)
    assert (await close(room, bob)).status_code == 204
    await room.settle()
    for payment_id in (held, asked_for):
        refused = await room.pay(alice, payment_id)
        assert (refused.status_code, refused.json()["code"]) == (422, "payee_not_active")
        assert (await room.seen(alice, payment_id))["reserved_at"] is not None
    await room.cancel(alice, held)
    room.clock.advance(24 * 3600)
    await room.wake(0)
    for payment_id in (held, asked_for):
        assert await room.status(alice, payment_id) == "cancelled"
    placed = {one.hold_id for one in room.wallet.heard if isinstance(one, PlaceHold)}
    freed = {one.hold_id for one in room.wallet.heard if isinstance(one, ReleaseHold)}
    assert len(placed) == 2
    assert freed == placed


async def test_a_scheduled_payment_to_whoever_was_closed_fails_at_its_time(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    lost, kept = [await scheduled(room, alice, payee) for payee in (bob, carol)]
    assert (await close(room, bob)).status_code == 204
    room.clock.advance(HOUR)
    assert await sweep(room) == 2
    await room.settle()
    assert await room.status(alice, lost) == "failed"
    assert await room.status(alice, kept) == "paid"


async def test_a_refund_under_way_stands_in_both_ways(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.is_silent = True

    async def begin() -> None:
        await ask(room, bob, payment_id)

    asking = spawn(begin(), "test.refund")
    refunds: list[Any] = []
    while not refunds:
        answer = await room.get(bob, f"/v1/payments/{payment_id}/refunds")
        refunds = answer.json()["items"]
    for who in (alice, bob):
        assert await standing(room, who) == [(f"/refunds/{refunds[0]['id']}", "processing")]
    await asking


async def test_what_goes_back_to_whoever_was_deleted_is_left_to_the_wallet(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    assert (await close(room, alice)).status_code == 204
    await deleted(room, alice)
    [answer] = await room.carried(ask(room, bob, payment_id, headers={"Prefer": "wait=10"}))
    assert (answer.status_code, answer.json()["status"]) == (201, "completed")
    back = room.wallet.heard[-1]
    assert isinstance(back, Transfer)
    assert (back.payer.owner_id, back.payee.owner_id) == (bob, alice)
    assert await room.status(bob, payment_id) == "refunded"
    assert (await close(room, bob)).status_code == 204


class TestCards:
    @pytest.fixture
    def cards(self, room: Room, outside: respx.MockRouter) -> CardProvider:
        return CardProvider(room, outside)

    async def test_an_open_dispute_stands_in_both_ways_until_it_is_closed(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID, carol: UUID
    ) -> None:
        payment_id = await paid_by_card(room, cards, alice, bob)
        await cards.disputes("created", "30.00", payment_id)
        for who in (alice, bob):
            [(pointer, code)] = await standing(room, who)
            assert (pointer.rpartition("/")[0], code) == ("/disputes", "open")
        assert (await close(room, carol)).status_code == 204
        await cards.disputes("funds_withdrawn", "30.00", payment_id)
        await cards.disputes("closed", "30.00", payment_id, status="lost")
        await room.settle()
        assert (await close(room, bob)).status_code == 204

    async def test_an_inquiry_stands_in_the_way_too_as_it_may_become_one(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid_by_card(room, cards, alice, bob)
        warning = {"status": "warning_needs_response"}
        await cards.disputes("created", "30.00", payment_id, **warning)
        assert [code for _, code in await standing(room, bob)] == ["warning"]
        await cards.disputes("closed", "30.00", payment_id, status="warning_closed")
        assert (await close(room, bob)).status_code == 204

    async def test_what_the_wallet_has_not_moved_yet_stands_in_the_payees_way(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid_by_card(room, cards, alice, bob)
        room.wallet.is_silent = True
        await cards.refunds("succeeded", "30.00", payment_id)
        await room.settle()
        [(pointer, code)] = await standing(room, bob)
        assert (pointer.rpartition("/")[0], code) == ("/movements", "processing")
        assert (await close(room, alice)).status_code == 204

    async def test_what_is_on_its_way_to_a_card_stands_in_the_way(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid_by_card(room, cards, alice, bob)
        await cards.refunds("pending", "30.00", payment_id)
        for who in (alice, bob):
            [(pointer, code)] = await standing(room, who)
            assert (pointer.rpartition("/")[0], code) == ("/returns", "pending")
        await cards.refunds("succeeded", "30.00", payment_id)
        await room.settle()
        late = await by_card(room, alice, bob)
        await room.cancel(alice, late)
        await room.settle()
        await cards.tells("succeeded", late)
        assert await standing(room, alice) == [(f"/returns/{late}", "wanted")]
        await room.charge()
        for who in (alice, bob):
            assert (await close(room, who)).status_code == 204


async def test_a_bulk_passes_by_whoever_was_closed_and_stands_in_its_senders_way(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    await close(room, bob)
    path = await send(room, alice, [row("bob"), row("carol")])
    assert ("/bulks/" + path.rpartition("/")[2], "processing") in await standing(room, alice)
    await work(room)
    report = await shown(room, alice, path)
    assert [one.get("code") for one in report["items"]] == ["payee_not_active", None]


async def test_a_deleted_owners_services_are_offered_no_more(
    room: Room, alice: UUID, bob: UUID
) -> None:
    body = {"name": "Internet", "price": "39.00", "currency": "RUB"}
    made = await room.post(bob, "/v1/services", json=body)
    assert made.status_code == 201, made.text
    await close(room, bob)
    await deleted(room, bob)
    found = (await room.get(alice, f"/v1/services/{made.json()['id']}")).json()
    assert found["is_active"] is False


async def test_closing_and_beginning_never_both_happen(room: Room) -> None:
    """Many pairs at once: a closed payee has no payment in flight, an open one is not closed."""
    pairs = [(await room.arrives(f"p{n}"), await room.arrives(f"q{n}")) for n in range(25)]
    made = [await room.create(payer, payee) for payer, payee in pairs]
    calls = [
        call
        for (payer, payee), payment_id in zip(pairs, made, strict=True)
        for call in (room.pay(payer, payment_id), close(room, payee))
    ]
    answers = await asyncio.gather(*calls)
    for paid_, closed in zip(answers[::2], answers[1::2], strict=True):
        outcome = (paid_.status_code, closed.status_code)
        assert outcome in {(202, 409), (422, 204)}, (paid_.text, closed.text)


async def test_closing_and_creating_never_both_happen(room: Room, bob: UUID) -> None:
    payers = [await room.arrives(f"p{n}") for n in range(25)]
    calls = [call for payer in payers for call in (create(room, payer, bob), close(room, payer))]
    answers = await asyncio.gather(*calls)
    for created, closed in zip(answers[::2], answers[1::2], strict=True):
        outcome = (created.status_code, closed.status_code)
        assert outcome in {(201, 409), (403, 204)}, (created.text, closed.text)


@pytest.mark.parametrize("count", [1, COPIED_FROM])
async def test_payments_of_whoever_was_closed_are_refused_however_many_are_stored_at_once(
    room: Room, alice: UUID, bob: UUID, count: int
) -> None:
    order = PaymentOrder(payer_id=alice, payee=PayeeName(user_id=bob), amount=Money(100, "RUB"))
    parties = Parties(None, Person(bob, "bob", "active"))
    new = [
        decide_creation(
            order, parties, payment_id=new_id(), now=room.clock.now(), ttl=timedelta(hours=1)
        )
        for _ in range(count)
    ]
    async with room.database.unit_of_work() as uow:
        await Payments(uow).add(new)
    assert await room.count("payment") == count
    async with room.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM payment")
    await close(room, alice)
    with pytest.raises(PayerNotActive):
        async with room.database.unit_of_work() as uow:
            await Payments(uow).add(new)
    assert await room.count("payment") == 0
