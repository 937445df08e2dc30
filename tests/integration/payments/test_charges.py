import asyncio
import json
from collections import Counter
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from contracts.wallet import HOUSE, AccountRef, Transfer
from kit.ids import new_id
from payments.domain.cards.charges import SOONEST, ChargeStatus, News, ProviderNotice

CARD = {"method": "card", "return_url": SHOP}
CLEARING = AccountRef(owner_id=HOUSE, provider="sandbox")


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


COME = News(status=ChargeStatus.SUCCEEDED)


def notice(charge_id: UUID, event_id: str = "evt_1") -> ProviderNotice:
    return ProviderNotice(
        event_id=event_id, kind="x", reference=None, charge_id=charge_id, news=COME
    )


async def by_card(room: Room, payer: UUID, payee: UUID, amount: str = "10.00") -> UUID:
    payment_id = await room.create(payer, payee, amount)
    answer = await room.pay(payer, payment_id, json=CARD)
    assert answer.status_code == 202, answer.text
    return payment_id


async def stands(room: Room, charge_id: UUID) -> tuple[str, str]:
    async with room.database.read() as connection:
        row = await connection.fetchrow(
            "SELECT charge.status, coalesce(card_refund.status, 'no') AS refund"
            " FROM charge LEFT JOIN card_refund ON card_refund.id = charge.id"
            " WHERE charge.id = $1",
            charge_id,
        )
    assert row is not None
    return row["status"], row["refund"]


def transfers(room: Room) -> list[Transfer]:
    return [command for command in room.wallet.heard if isinstance(command, Transfer)]


async def test_paying_by_card_sends_the_payer_to_the_card_page_and_ends_paid(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.pay(alice, payment_id, json=CARD)
    assert answer.status_code == 202
    assert answer.json()["next_action"] == {"type": "redirect", "url": "https://cards.test/card_1"}
    await room.settle()
    assert (await room.seen(alice, payment_id))["status"] == "processing"
    assert (await room.seen(alice, payment_id))["next_action"] == answer.json()["next_action"]
    assert "next_action" not in await room.seen(bob, payment_id)
    assert transfers(room) == []
    assert (await cards.tells("succeeded", payment_id)).status_code == 200
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["method"], seen["next_action"]) == ("paid", "card", None)
    [settled] = transfers(room)
    assert (settled.payer, settled.payee) == (CLEARING, AccountRef(owner_id=bob))
    assert await stands(room, payment_id) == ("succeeded", "no")


async def test_a_declined_card_fails_the_payment_and_moves_nothing(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    await cards.tells("failed", payment_id, reason="card_declined")
    await room.settle()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "card_declined")
    assert seen["reason_label"] == "The card was declined"
    assert transfers(room) == []


@pytest.mark.check(57)
async def test_an_event_that_comes_many_times_at_once_counts_once(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    answers = await asyncio.gather(
        *(cards.tells("succeeded", payment_id, event="evt_1") for _ in range(12)),
        *(cards.tells("succeeded", payment_id) for _ in range(12)),
    )
    assert Counter(answer.status_code for answer in answers) == {200: 24}
    await room.settle()
    assert len(transfers(room)) == 1
    assert (await room.seen(alice, payment_id))["status"] == "paid"


@pytest.mark.parametrize("late", ["failed", "cancelled", "processing"])
async def test_what_comes_late_never_undoes_success(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, late: str
) -> None:
    payment_id = await by_card(room, alice, bob)
    await cards.tells("succeeded", payment_id)
    assert (await cards.tells(late, payment_id)).status_code == 200
    await room.settle()
    assert (await room.seen(alice, payment_id))["status"] == "paid"
    assert await stands(room, payment_id) == ("succeeded", "no")


async def test_money_that_comes_after_the_card_was_declined_goes_back(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    await cards.tells("failed", payment_id)
    await cards.tells("succeeded", payment_id)
    await room.charge()
    assert await stands(room, payment_id) == ("succeeded", "done")
    assert (await room.seen(alice, payment_id))["status"] == "failed"
    assert transfers(room) == []


async def test_a_cancelled_payment_is_called_off_at_the_provider(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    assert (await room.cancel(alice, payment_id)).status_code == 200
    await room.charge()
    assert cards.asked("/cancel") == 1
    assert await stands(room, payment_id) == ("cancelled", "no")


async def test_money_that_comes_after_a_cancel_is_refunded_by_itself(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    cards.status = "succeeded"  # the payer was faster, and no webhook has come
    assert (await room.cancel(alice, payment_id)).status_code == 200
    await room.charge()  # calls it off, and learns that the money is there
    await room.charge()
    assert cards.asked("/refunds") == 1
    assert await stands(room, payment_id) == ("succeeded", "done")
    assert (await room.seen(alice, payment_id))["status"] == "cancelled"
    assert transfers(room) == []


async def test_success_and_cancel_at_once_end_in_one_of_both_and_the_money_is_where_it_belongs(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    for _ in range(5):
        payment_id = await by_card(room, alice, bob)
        before = len(transfers(room))
        await asyncio.gather(cards.tells("succeeded", payment_id), room.cancel(alice, payment_id))
        await room.settle()
        for _ in range(3):
            await room.charge()
        status = (await room.seen(alice, payment_id))["status"]
        refund = (await stands(room, payment_id))[1]
        moved = len(transfers(room)) - before
        assert (status, refund, moved) in {("paid", "no", 1), ("cancelled", "done", 0)}
        await forget(room)


async def forget(room: Room) -> None:
    async with room.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM card_refund")
        await uow.execute("DELETE FROM charge")  # so that the provider's one name is free again


async def test_a_card_nobody_enters_fails_the_payment_after_an_hour(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    await room.wake(3600)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "card_timed_out")
    await room.charge()
    assert cards.asked("/cancel") == 1


async def test_while_the_provider_is_away_the_payment_waits_and_then_goes_on(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    cards.down = True
    payment_id = await room.create(alice, bob)
    answer = await room.pay(alice, payment_id, json=CARD)
    assert (answer.status_code, answer.json()["next_action"]) == (202, None)
    for _ in range(3):
        room.clock.advance(60)
        await room.charge()
    assert await stands(room, payment_id) == ("wanted", "no")
    cards.down = False
    room.clock.advance(300)
    await room.charge()
    assert (await room.seen(alice, payment_id))["next_action"]["url"]
    assert {key for method, _, key in cards.seen if method == "POST"} == {f"{payment_id}:create"}


async def test_a_charge_the_provider_never_heard_of_is_dropped_without_a_call(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    async with room.database.unit_of_work() as uow:  # as after a crash before the first call
        await uow.execute("UPDATE charge SET status = 'wanted', attempts = 0, reference = NULL")
    await room.cancel(alice, payment_id)
    calls = len(cards.seen)
    await room.charge()
    assert await stands(room, payment_id) == ("cancelled", "no")
    assert len(cards.seen) == calls


async def test_a_charge_the_provider_refuses_fails_the_payment(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    outside.route().mock(return_value=httpx.Response(422, json={}))
    payment_id = await by_card(room, alice, bob)
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "card_unavailable")


async def test_a_success_that_no_webhook_tells_is_found_by_asking(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await by_card(room, alice, bob)
    cards.status = "succeeded"
    room.clock.advance(10)
    await room.charge()
    assert (await room.seen(alice, payment_id))["status"] == "paid"


async def test_a_repeated_request_says_where_to_go_and_charges_once(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    key = {"Idempotency-Key": "once"}
    first = await room.pay(alice, payment_id, json=CARD, headers=key)
    again = await room.pay(alice, payment_id, json=CARD, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["next_action"] == first.json()["next_action"]
    assert len(cards.seen) == 1
    parallel = await asyncio.gather(*(room.pay(alice, payment_id, json=CARD) for _ in range(5)))
    assert {answer.status_code for answer in parallel} == {202}
    assert len(cards.seen) == 1
    assert await room.count("charge") == 1


async def test_a_failed_check_gives_the_card_its_money_back(
    room: Room, cards: CardProvider, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    denied = httpx.Response(200, json={"verdict": "denied"})
    outside.post(ONE).mock(return_value=denied)
    outside.post(TWO).mock(return_value=denied)
    payment_id = await by_card(room, alice, bob, CHECKED)
    await cards.tells("succeeded", payment_id)  # faster than the check
    await room.check()
    await room.charge()
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["failure_reason"]) == ("failed", "check_denied")
    assert await stands(room, payment_id) == ("succeeded", "done")
    assert room.wallet.kinds == []


async def test_money_the_payee_can_not_take_goes_back_to_the_card(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID
) -> None:
    room.wallet.refuses = lambda _: "balance_limit"
    payment_id = await by_card(room, alice, bob)
    await cards.tells("succeeded", payment_id)
    await room.settle()
    await room.charge()
    assert (await room.seen(alice, payment_id))["failure_reason"] == "balance_limit"
    assert await stands(room, payment_id) == ("succeeded", "done")


class TestDisputes:
    async def test_the_payee_gives_back(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        await cards.tells("succeeded", payment_id)
        for _ in range(2):
            await cards.tells("succeeded", payment_id, type="payment.disputed")
        await room.settle()
        _, back = transfers(room)
        assert (back.payer, back.payee, back.kind) == (
            AccountRef(owner_id=bob),
            CLEARING,
            "chargeback",
        )

    async def test_nothing_is_taken_back_that_did_not_come(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        await cards.tells("pending", payment_id, type="payment.disputed")
        await room.settle()
        assert transfers(room) == []


class TestRequests:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"method": "card"}, "/return_url"),
            ({"method": "card", "return_url": "javascript:alert(1)"}, "/return_url"),
            ({"method": "card", "return_url": "https://a@b.example/"}, "/return_url"),
            ({"method": "card", "return_url": "https://b.example/ x"}, "/return_url"),
            ({"method": "card", "return_url": "https://[b/"}, "/return_url"),
            ({"method": "card", "return_url": "/thanks"}, "/return_url"),
            ({"method": "cash"}, "/method"),
        ],
    )
    async def test_a_bad_way_to_pay_is_named_and_nothing_is_paid(
        self, room: Room, alice: UUID, bob: UUID, body: dict[str, str], pointer: str
    ) -> None:
        payment_id = await room.create(alice, bob)
        answer = await room.pay(alice, payment_id, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert (await room.seen(alice, payment_id))["status"] == "created"
        assert await room.count("charge") == 0

    async def test_paying_from_the_wallet_may_be_said(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await room.create(alice, bob)
        await room.pay(alice, payment_id, json={"method": "wallet"})
        await room.settle()
        assert (await room.seen(alice, payment_id))["status"] == "paid"


class TestWebhooks:
    async def test_a_wrong_signature_is_refused_and_nothing_is_stored(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        body = b'{"id": "evt_1", "type": "x", "payment": {"id": "card_1", "status": "succeeded"}}'
        for refused in (
            await cards.sends(body, secret="of somebody else"),
            await cards.sends(body, age=301),
            await cards.sends(body, age=-301),
            await room.http.post("/v1/payments/webhooks/sandbox", content=body),
        ):
            assert (refused.status_code, refused.json()["code"]) == (401, "webhook_refused")
        assert await room.count("provider_event") == 0
        assert await stands(room, payment_id) == ("pending", "no")

    @pytest.mark.parametrize(
        ("body", "refusal"),
        [
            (b"not JSON", (400, "body_unreadable")),
            (b"{}", (422, "validation_failed")),
            (b'{"id": "e", "type": "t", "payment": {"id": "c"}}', (422, "validation_failed")),
        ],
    )
    async def test_a_signed_body_that_says_nothing_is_refused(
        self, cards: CardProvider, body: bytes, refusal: tuple[int, str]
    ) -> None:
        answer = await cards.sends(body)
        assert (answer.status_code, answer.json()["code"]) == refusal

    async def test_a_charge_nobody_knows_is_answered_and_changes_nothing(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        body = {"id": "evt_1", "type": "payment.succeeded", "payment": {"id": "card_of_others"}}
        body["payment"] |= {"status": "succeeded", "charge_id": str(new_id())}
        assert (await cards.sends(json.dumps(body).encode())).status_code == 200
        await room.settle()
        assert await stands(room, payment_id) == ("pending", "no")
        assert transfers(room) == []

    @pytest.mark.usefixtures("cards")
    async def test_it_is_answered_once_it_is_kept_and_has_its_effect_thereafter(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        provider_events = room.service.state.wiring.provider_events
        await provider_events.keep(notice(payment_id))
        assert await stands(room, payment_id) == ("pending", "no")
        assert [await provider_events.work_off(), await provider_events.work_off()] == [1, 0]
        assert await stands(room, payment_id) == ("succeeded", "no")
        await provider_events.keep(notice(payment_id))
        assert await provider_events.work_off() == 0

    async def test_many_at_once_each_have_their_effect_in_the_order_they_came(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        first = await by_card(room, alice, bob)
        cards.down = True  # so the second has no name out there yet
        second = await by_card(room, bob, alice)
        provider_events = room.service.state.wiring.provider_events
        failed = News(status=ChargeStatus.FAILED, reason="card_declined")
        for number, (payment_id, news) in enumerate(
            [(first, failed), (second, COME), (first, COME), (second, failed)]
        ):
            room.clock.advance(0.001)
            await provider_events.keep(replace(notice(payment_id, f"evt_{number}"), news=news))
        assert await provider_events.work_off() == 4
        await room.settle()
        # What came after the card was declined goes back; what came late undoes nothing.
        assert await stands(room, first) == ("succeeded", "wanted")
        assert await stands(room, second) == ("succeeded", "no")
        assert (await room.seen(alice, first))["status"] == "failed"
        assert (await room.seen(bob, second))["status"] == "paid"

    async def test_of_many_who_work_at_once_each_event_is_heard_by_one(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        cards.down = True
        ids = [await by_card(room, alice, bob) for _ in range(10)]
        provider_events = room.service.state.wiring.provider_events
        await asyncio.gather(*(provider_events.keep(notice(one, f"evt_{one}")) for one in ids))
        assert sum(await asyncio.gather(*(provider_events.work_off() for _ in range(4)))) == len(
            ids
        )
        await room.settle()
        assert len(transfers(room)) == len(ids)

    async def test_one_that_fails_is_put_off_and_holds_up_nothing(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        first = await by_card(room, alice, bob)
        cards.down = True  # so the second has no name out there yet
        second = await by_card(room, bob, alice)
        provider_events = room.service.state.wiring.provider_events
        await room.as_owner(  # so the first can't be stored
            "ALTER TABLE charge ADD CONSTRAINT in_the_way"
            f" CHECK (id <> '{first}' OR status <> 'succeeded')"
        )
        for payment_id in (first, second):
            room.clock.advance(0.001)
            await provider_events.keep(notice(payment_id, f"evt_{payment_id}"))
        assert await provider_events.work_off() == 2
        assert await stands(room, first) == ("pending", "no")
        assert await stands(room, second) == ("succeeded", "no")
        assert await provider_events.work_off() == 0
        await room.as_owner("ALTER TABLE charge DROP CONSTRAINT in_the_way")
        room.clock.advance(SOONEST.total_seconds())
        assert await provider_events.work_off() == 1
        assert await stands(room, first) == ("succeeded", "no")

    async def test_another_provider_is_not_heard(self, cards: CardProvider) -> None:
        assert (await cards.sends(b"{}", provider="stripe")).status_code == 404

    async def test_a_body_too_large_is_refused(self, cards: CardProvider) -> None:
        assert (await cards.sends(b"x" * 300_000)).status_code == 413


async def ask_top_up(room: Room, **changes: str) -> httpx.Response:
    """Ask for a charge that tops a wallet up, as wallet does."""
    body = {
        "charge_id": str(new_id()),
        "owner_id": str(new_id()),
        "wallet_id": str(new_id()),
        "amount": "150.00",
        "currency": "RUB",
        "return_url": SHOP,
        **changes,
    }
    now = int(room.desk.time.now().timestamp())
    token = room.desk.mint.service("wallet", iat=now, exp=now + 300)
    headers = {"Authorization": f"Bearer {token}"}
    return await room.http.post("/internal/charges", json=body, headers=headers)


class TestTopUps:
    async def test_a_charge_that_succeeds_fills_the_wallet(
        self, room: Room, cards: CardProvider
    ) -> None:
        owner, wallet = new_id(), new_id()
        answer = await ask_top_up(room, owner_id=str(owner), wallet_id=str(wallet))
        assert answer.status_code == 202, answer.text
        assert answer.json()["next_action"]["url"] == "https://cards.test/card_1"
        await cards.tells("succeeded", UUID(answer.json()["charge_id"]))
        await room.settle()
        [filled] = transfers(room)
        assert (filled.payer, filled.kind, filled.amount_minor) == (CLEARING, "top_up", 15000)
        assert filled.payee == AccountRef(owner_id=owner, account_id=wallet)

    async def test_the_same_charge_twice_is_one_and_another_wallets_is_missing(
        self, room: Room, cards: CardProvider
    ) -> None:
        same = {name: str(new_id()) for name in ("charge_id", "owner_id", "wallet_id")}
        first, again = await ask_top_up(room, **same), await ask_top_up(room, **same)
        assert first.json() == again.json()
        assert len(cards.seen) == 1
        other = await ask_top_up(room, charge_id=same["charge_id"])
        assert (other.status_code, other.json()["code"]) == (404, "charge_not_found")

    async def test_money_the_wallet_can_not_take_goes_back_to_the_card(
        self, room: Room, cards: CardProvider
    ) -> None:
        room.wallet.refuses = lambda _: "balance_limit"
        charge_id = UUID((await ask_top_up(room)).json()["charge_id"])
        await cards.tells("succeeded", charge_id)
        await room.settle()
        await room.charge()
        assert await stands(room, charge_id) == ("succeeded", "done")

    async def test_a_top_up_nobody_pays_is_called_off_after_an_hour(
        self, room: Room, cards: CardProvider
    ) -> None:
        charge_id = UUID((await ask_top_up(room)).json()["charge_id"])
        room.clock.advance(3600)
        await room.charge()
        assert await stands(room, charge_id) == ("cancelled", "no")
        assert cards.asked("/cancel") == 1

    async def test_a_disputed_top_up_leaves_the_wallet(
        self, room: Room, cards: CardProvider
    ) -> None:
        answer = await ask_top_up(room)
        charge_id = UUID(answer.json()["charge_id"])
        await cards.tells("succeeded", charge_id)
        await cards.tells("succeeded", charge_id, type="payment.disputed")
        await room.settle()
        filled, back = transfers(room)
        assert (back.payer, back.payee) == (filled.payee, CLEARING)
