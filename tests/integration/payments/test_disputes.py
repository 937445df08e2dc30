"""Disputes: each provider's facts, in any order, move exactly what is whose."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_card_refunds import begun, paid, seen
from tests.integration.payments.test_charges import CLEARING, by_card, stands, transfers
from tests.integration.payments.test_refunding import ask

from contracts.payments import PaymentDisputeClosed, PaymentDisputed, PaymentRefundFailed
from contracts.wallet import HOUSE, AccountRef, TransferPosted
from kit.db.tail import Tail
from kit.ids import derived_id
from payments.live.stream import watched_since
from payments.repository import Changes, StreamPosition
from payments.repository.cards.provider_events import purge_events
from payments.schemas.changes import change_seen
from payments.service.cards.movements import answered, ask_again

SUSPENSE = AccountRef(owner_id=HOUSE, provider="sandbox", is_suspense=True)


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


def moved(room: Room) -> list[tuple[str, str, int]]:
    """What was moved since the payment: the kind, whose money it was, and how much."""
    found = []
    for one in transfers(room)[1:]:
        theirs = one.payee if one.payer == CLEARING else one.payer
        sign = -1 if one.payer == CLEARING else 1
        whose = "house" if theirs == SUSPENSE else "payee"
        assert one.is_owed == (whose == "payee" and sign > 0)
        found.append((one.kind, whose, sign * one.amount_minor))
    return found


async def test_a_warning_moves_nothing_and_is_no_dispute(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("created", "30.00", status="warning_needs_response")
    await cards.disputes("closed", "30.00", status="warning_closed")
    await room.settle()
    assert moved(room) == []
    payment = await room.seen(bob, payment_id)
    assert (payment["disputed_at"], payment["disputed_amount"]) == (None, "0.00")


async def test_the_disputed_sum_is_taken_when_it_is_withdrawn_and_given_back_when_it_is_put_back(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("created", "30.00")
    await room.settle()
    assert moved(room) == []
    for _ in range(2):
        await cards.disputes("funds_withdrawn", "30.00")
    await room.settle()
    assert moved(room) == [("chargeback", "payee", 3_000)]
    taken = transfers(room)[-1]
    assert (taken.payer, taken.payee) == (AccountRef(owner_id=bob), CLEARING)
    assert (taken.reference, taken.description) == (str(payment_id), "Card dispute")
    for _ in range(2):
        await cards.disputes("funds_reinstated", "30.00", status="won")
    await cards.disputes("closed", "30.00", status="won")
    await room.settle()
    assert moved(room)[1:] == [("chargeback_reversal", "payee", -3_000)]


async def test_what_it_was_for_stands_in_the_statement(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "100.00", description="Two tickets")
    await room.pay(alice, payment_id, json={"method": "card", "return_url": "https://a.example/"})
    await cards.tells("succeeded", payment_id)
    await cards.disputes("funds_withdrawn", "30.00", payment_id)
    await room.settle()
    assert transfers(room)[-1].description == "Card dispute · Two tickets"


async def test_several_disputes_of_one_charge_take_what_there_is_and_the_house_bears_the_rest(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("funds_withdrawn", "80.00", dispute="dp_1")
    await cards.disputes("funds_withdrawn", "50.00", dispute="dp_2")
    await room.settle()
    assert moved(room) == [
        ("chargeback", "payee", 8_000),
        ("chargeback", "payee", 2_000),
        ("chargeback", "house", 3_000),
    ]
    assert (await room.seen(bob, payment_id))["disputed_amount"] == "130.00"
    await cards.disputes("funds_reinstated", "80.00", dispute="dp_1", status="won")
    await room.settle()
    assert Counter(moved(room)[3:]) == Counter(
        [
            ("chargeback_reversal", "payee", -8_000),
            ("chargeback", "payee", 3_000),
            ("chargeback_reversal", "house", -3_000),
        ]
    )


@pytest.mark.parametrize("first", ["funds_withdrawn", "closed", "created"])
async def test_a_dispute_heard_before_the_charge_has_succeeded_waits_for_it(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, first: str
) -> None:
    payment_id = await by_card(room, alice, bob, "100.00")
    status = "lost" if first == "closed" else "needs_response"
    await cards.disputes(first, "30.00", payment_id, payment="pending", status=status)
    await cards.disputes("funds_withdrawn", "30.00", payment_id, payment="pending")
    await room.settle()
    assert transfers(room) == []
    await cards.tells("succeeded", payment_id)
    await room.settle()
    assert moved(room) == [("chargeback", "payee", 3_000)]
    assert (await room.seen(bob, payment_id))["disputed_amount"] == "30.00"


async def test_a_dispute_heard_before_the_wallet_has_paid_waits_for_it(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob, "100.00")
    await cards.disputes("funds_withdrawn", "30.00", payment_id)
    assert transfers(room) == []
    assert (await room.seen(alice, payment_id))["disputed_at"] is None
    await room.settle()
    assert moved(room) == [("chargeback", "payee", 3_000)]
    assert [one.sequence for one in room.published(PaymentDisputed)] == [3]


async def test_what_comes_about_a_charge_nobody_knows_yet_is_kept(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    cards.down = True  # so the provider's name for it is not stored
    payment_id = await by_card(room, alice, bob, "100.00")
    for what in ("funds_withdrawn", "created"):
        assert (await cards.disputes(what, "30.00")).status_code == 200
    assert (await cards.refunds("succeeded", "20.00")).status_code == 200
    room.clock.advance(3_600)
    await room.hear()
    assert await room.count("dispute") == 0
    cards.down = False
    await cards.tells("succeeded", payment_id, id="card_1")  # names it by our id, too
    await room.settle()
    await room.hear()
    await room.settle()
    assert sorted(moved(room)) == [("chargeback", "payee", 3_000), ("refund", "payee", 2_000)]


async def test_what_nobody_knows_for_days_is_given_up_and_stays_to_be_looked_at(
    room: Room, cards: CardProvider
) -> None:
    await cards.disputes("funds_withdrawn", "30.00")
    for _ in range(100):
        room.clock.advance(3_600)
        await room.hear()
    async with room.database.read() as connection:
        row = await connection.fetchrow("SELECT next_at, given_up_at FROM provider_event")
    assert row is not None
    assert (row["next_at"], row["given_up_at"] is not None) == (None, True)


async def test_a_dispute_in_another_currency_is_left_to_be_looked_at(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("funds_withdrawn", "30.00", payment_id, currency="USD")
    await cards.refunds("succeeded", "30.00", payment_id, currency="USD")
    await room.settle()
    assert (moved(room), await room.count("dispute")) == ([], 0)
    async with room.database.read() as connection:
        waiting = "SELECT count(*) FROM provider_event WHERE given_up_at IS NOT NULL"
        assert await connection.fetchval(waiting) == 2


class TestOfWhatNobodyWasPaid:
    async def test_only_what_goes_back_by_itself_becomes_less(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob, "100.00")
        await room.cancel(alice, payment_id)
        await cards.disputes("funds_withdrawn", "30.00", payment_id)
        await room.charge()
        assert list(cards.refunded.values()) == ["70.00"]
        assert transfers(room) == []
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["disputed_amount"]) == ("cancelled", "30.00")
        await cards.disputes("funds_reinstated", "30.00", payment_id, status="won")
        await room.charge()
        assert list(cards.refunded.values()) == ["70.00", "30.00"]
        assert transfers(room) == []

    async def test_a_return_that_nobody_has_asked_for_is_dropped_for_what_is_left(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        room.wallet.refuses = lambda _: "balance_limit"
        payment_id = await by_card(room, alice, bob, "100.00")
        await cards.tells("succeeded", payment_id)
        await room.settle()
        await cards.disputes("funds_withdrawn", "100.00", payment_id)
        await room.charge()
        assert (cards.refunded, await stands(room, payment_id)) == ({}, ("succeeded", "dropped"))
        await room.settle()
        assert moved(room) == []  # the first was the payment itself, refused
        await cards.disputes("funds_reinstated", "100.00", payment_id, status="won")
        await room.charge()
        assert list(cards.refunded.values()) == ["100.00"]

    async def test_what_was_given_back_before_it_was_disputed_the_house_bears(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob, "100.00")
        await room.cancel(alice, payment_id)
        await cards.tells("succeeded", payment_id)
        await room.charge()
        await cards.disputes("funds_withdrawn", "40.00", payment_id)
        await room.settle()
        [borne] = transfers(room)
        assert (borne.payer, borne.payee, borne.amount_minor) == (SUSPENSE, CLEARING, 4_000)


class TestBesideRefunds:
    async def test_nobody_loses_twice_when_both_are_on_their_way_and_the_provider_refuses_ours(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await begun(room, bob, payment_id, "60.00")
        cards.down = True
        await room.charge()  # asked, and nobody knows what became of it
        await cards.disputes("funds_withdrawn", "100.00", payment_id)
        await room.settle()
        assert moved(room) == [("chargeback", "payee", 4_000)]
        cards.down, cards.no_refunds = False, True
        room.clock.advance(60)
        await room.charge()
        assert moved(room) == [("chargeback", "payee", 4_000), ("chargeback", "payee", 6_000)]

    async def test_what_the_provider_gives_back_beside_a_dispute_the_house_bears(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await begun(room, bob, payment_id)
        cards.down = True
        await room.charge()
        await cards.disputes("funds_withdrawn", "100.00", payment_id)
        cards.down = False
        room.clock.advance(60)
        await room.charge()
        assert moved(room) == [("chargeback", "house", 10_000)]
        await cards.disputes("funds_reinstated", "100.00", payment_id, status="won")
        await room.settle()
        assert moved(room)[1:] == [("chargeback_reversal", "house", -10_000)]

    async def test_a_refund_the_provider_has_not_heard_of_gives_way(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = await begun(room, bob, payment_id, "60.00")
        await cards.disputes("funds_withdrawn", "70.00", payment_id)
        await room.charge()
        failed = await seen(room, bob, refund)
        assert (failed["status"], failed["failure_reason"]) == ("failed", "payment_disputed")
        assert cards.refunded == {}
        assert sum(minor for _, whose, minor in moved(room) if whose == "payee") == 7_000

    async def test_a_refund_that_fits_beside_a_dispute_goes_on(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("funds_withdrawn", "30.00", payment_id)
        too_much = await ask(room, bob, payment_id, "80.00")
        assert too_much.json()["code"] == "refund_exceeds_payment"
        await begun(room, bob, payment_id)
        await room.charge()
        assert list(cards.refunded.values()) == ["70.00"]
        refused = await ask(room, bob, payment_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "payment_disputed")
        await cards.disputes("funds_reinstated", "30.00", payment_id, status="won")
        await begun(room, bob, payment_id)
        await room.charge()
        assert await room.status(bob, payment_id) == "refunded"


class TestTopUps:
    async def topped_up(self, room: Room) -> tuple[UUID, AccountRef]:
        owner, wallet = derived_id("owner"), derived_id("wallet")
        charge_id = derived_id("charge")
        now = int(room.desk.time.now().timestamp())
        answer = await room.http.post(
            "/internal/charges",
            json={
                "charge_id": str(charge_id),
                "owner_id": str(owner),
                "wallet_id": str(wallet),
                "amount": "100.00",
                "currency": "RUB",
                "return_url": "https://a.example/",
            },
            headers={
                "Authorization": f"Bearer {room.desk.mint.service('wallet', iat=now, exp=now + 99)}"
            },
        )
        assert answer.status_code == 202, answer.text
        return charge_id, AccountRef(owner_id=owner, account_id=wallet)

    async def test_the_disputed_part_leaves_the_wallet_once_it_is_there(
        self, room: Room, cards: CardProvider
    ) -> None:
        charge_id, wallet = await self.topped_up(room)
        await cards.disputes("funds_withdrawn", "30.00", charge_id)
        assert transfers(room) == []
        await room.settle()
        back = transfers(room)[-1]
        assert moved(room) == [("chargeback", "payee", 3_000)]
        assert (back.payer, back.reference) == (wallet, str(charge_id))
        assert back.description == "Card dispute · top-up"
        await cards.refunds("succeeded", "20.00", charge_id)
        await room.settle()
        assert moved(room)[1:] == [("refund", "payee", 2_000)]
        await cards.refunds("failed", "20.00", charge_id)
        await room.settle()
        assert moved(room)[2:] == [("refund_reversal", "payee", -2_000)]

    async def test_one_that_the_wallet_could_not_take_is_not_taken_from_it(
        self, room: Room, cards: CardProvider
    ) -> None:
        room.wallet.refuses = lambda _: "balance_limit"
        charge_id, _ = await self.topped_up(room)
        await cards.disputes("funds_withdrawn", "30.00", charge_id)
        await room.settle()
        await room.charge()
        assert (moved(room), list(cards.refunded.values())) == ([], ["70.00"])


async def test_what_the_wallet_refuses_is_asked_for_again_until_it_is_there(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    await paid(room, cards, alice, bob)
    await cards.disputes("funds_withdrawn", "30.00")
    await room.settle()
    room.wallet.refuses = lambda _: "balance_limit"
    await cards.disputes("funds_reinstated", "30.00", status="won")
    await room.settle()
    room.wallet.refuses = lambda _: None
    for _ in range(2):
        room.clock.advance(600)
        await asked_again(room)
    given = [one for one in transfers(room) if one.kind == "chargeback_reversal"]
    assert len({one.transfer_id for one in given}) == len({one.command_id for one in given}) == 2


async def asked_again(room: Room) -> None:
    async with room.database.unit_of_work() as uow:
        await ask_again(uow)
    await room.settle()


class TestOurRefundThatTheCardDidNotTake:
    async def test_its_money_is_the_payees_again(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = await begun(room, bob, payment_id)
        await room.charge()
        assert await room.status(bob, payment_id) == "refunded"
        for _ in range(2):
            await cards.refunds("failed", "100.00", payment_id, ours=refund["id"])
        await room.settle()
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["refunded_amount"]) == ("paid", "0.00")
        assert payment["refunded_at"] is None
        failed = await seen(room, bob, refund)
        assert (failed["status"], failed["failure_reason"]) == ("failed", "card_refund_failed")
        assert moved(room) == [("refund_reversal", "payee", -10_000)]
        assert [one.sequence for one in room.published(PaymentRefundFailed)] == [4]
        await begun(room, bob, payment_id)
        await room.charge()
        assert await room.status(bob, payment_id) == "refunded"

    async def test_also_where_that_is_heard_before_our_own_call_is_answered(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = await begun(room, bob, payment_id, "60.00")
        cards.down = True
        await room.charge()
        await cards.refunds("succeeded", "60.00", payment_id, ours=refund["id"])
        await cards.refunds("failed", "60.00", payment_id, ours=refund["id"])
        await cards.refunds("succeeded", "60.00", payment_id, ours=refund["id"])
        await room.settle()
        assert (await seen(room, bob, refund))["status"] == "failed"
        assert moved(room) == [("refund_reversal", "payee", -6_000)]
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
        cards.down = False
        room.clock.advance(600)
        await room.charge()
        assert cards.refunded == {}


class TestWhatIsSaid:
    async def test_the_payment_says_that_it_is_disputed_and_how_that_ended(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("created", "30.00")
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["disputed_amount"]) == ("paid", "30.00")
        assert (payment["disputed_at"] is not None, payment["dispute_outcome"]) == (True, None)
        await cards.disputes("closed", "30.00", status="lost")
        await room.settle()
        assert (await room.seen(alice, payment_id))["dispute_outcome"] == "lost"
        [begin], [end] = room.published(PaymentDisputed), room.published(PaymentDisputeClosed)
        assert (begin.sequence, end.sequence) == (3, 4)
        assert isinstance(begin.message, PaymentDisputed)
        assert isinstance(end.message, PaymentDisputeClosed)
        assert (begin.message.amount_minor, begin.message.reason) == (3_000, "fraudulent")
        assert (end.message.outcome, end.message.dispute_id) == ("lost", begin.message.dispute_id)

    async def test_streams_tell_it(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        await watched_since(room.database, alice)
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("created", "30.00")
        await cards.disputes("closed", "30.00", status="won")
        async with room.database.read() as connection:
            place = StreamPosition(Tail(0), payment_id=payment_id)
            changes = await Changes(connection).read_on(place, 0)
        told = [json.loads(change_seen(change, bob, "en") or "") for change in changes[-3:]]
        assert [(one["status"], one["disputed"], one["dispute_outcome"]) for one in told] == [
            ("paid", "0.00", None),
            ("paid", "30.00", None),
            ("paid", "30.00", "won"),
        ]

    @pytest.mark.parametrize("direction", ["all", "in", "out"])
    async def test_the_list_is_narrowed_by_it(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID, direction: str
    ) -> None:
        viewer = alice if direction == "out" else bob
        quiet = await room.create(alice, bob)
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("created", "30.00")
        for wanted, expected in (("true", payment_id), ("false", quiet)):
            query = {"disputed": wanted, "direction": direction}
            listed = (await room.get(viewer, "/v1/payments", **query)).json()
            assert [one["id"] for one in listed["items"]] == [str(expected)]
        assert (await room.get(bob, "/v1/payments", disputed="maybe")).status_code == 422

    async def test_the_file_has_the_amounts(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await begun(room, bob, payment_id, "20.00")
        await room.charge()
        await cards.disputes("closed", "30.00", status="won")
        text = (await room.get(bob, "/v1/payments/export.csv", disputed="true")).text
        head, line = (row.split(",") for row in text.splitlines())
        cells = dict(zip(head, line, strict=True))
        assert (cells["paid_amount"], cells["refunded_amount"]) == ("100.00", "20.00")
        assert (cells["disputed_amount"], cells["dispute_outcome"]) == ("30.00", "won")
        assert cells["disputed_at"]

    async def test_the_story_tells_it(
        self,
        room: Room,
        cards: CardProvider,
        outside: respx.MockRouter,
        alice: UUID,
        bob: UUID,
    ) -> None:
        outside.route().respond(503)
        payment_id = await paid(room, cards, alice, bob)
        room.clock.advance(1)
        await cards.disputes("funds_withdrawn", "30.00")
        room.clock.advance(1)
        await cards.disputes("closed", "30.00", status="lost")
        await room.settle()
        story = (await room.get(bob, f"/v1/payments/{payment_id}/timeline")).json()["items"]
        disputes = [one for one in story if one["kind"] == "dispute"]
        assert [one["code"] for one in disputes] == ["opened", "withdrawn", "lost"]
        assert {(one["amount"], one["currency"]) for one in disputes} == {("30.00", "RUB")}
        assert disputes[0]["label"] == "Disputed by the card's owner"
        told = [(one["code"], one["sequence"]) for one in story if one["kind"] == "message"]
        assert told == [
            ("payment_created", 1),
            ("payment_paid", 2),
            ("payment_disputed", 3),
            ("payment_dispute_closed", 4),
        ]

    async def test_what_is_owed_is_noted(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        await paid(room, cards, alice, bob)
        await cards.disputes("funds_withdrawn", "30.00")
        movement = await one_row(room, "SELECT id FROM movement")
        posted = TransferPosted(
            in_reply_to=derived_id("x"),
            transfer_id=movement["id"],
            posted_at=room.clock.now(),
            payer_account_id=derived_id("a"),
            payee_account_id=derived_id("b"),
            owed_minor=1_000,
        )
        async with room.database.unit_of_work() as uow:
            await answered(uow, movement["id"], posted)
        row = await one_row(room, "SELECT owed_minor, posted_at FROM movement")
        assert (row["owed_minor"], row["posted_at"]) == (1_000, room.clock.now())


async def one_row(room: Room, query: str) -> Any:
    async with room.database.read() as connection:
        return await connection.fetchrow(query)


async def test_what_was_told_long_ago_is_forgotten_but_for_what_still_waits(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, cards, alice, bob)
    await cards.disputes("created", "30.00", payment_id)
    later = room.clock.now() + timedelta(days=91)
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO provider_event (provider, event_id, kind, received_at, next_at)"
            " VALUES ('sandbox', 'evt_waits', 'x', $1, $1)",
            room.clock.now(),
        )
        assert await purge_events(uow, room.clock.now(), 10) == 0
        assert await purge_events(uow, later, 1) == 1
        assert await purge_events(uow, later, 10) == 1
        assert await purge_events(uow, later, 10) == 0
