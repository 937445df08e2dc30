"""What no webhook has told of refunds and disputes is read from the provider, once."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import SANDBOX, Room, opened
from tests.integration.payments.test_card_refunds import paid
from tests.integration.payments.test_charges import by_card, transfers
from tests.integration.payments.test_disputes import moved
from tests.integration.payments.test_provider_refunds import refunds_of

from payments.loops.provider_log import AGAIN, AT_FIRST, AT_ONCE, EVERY, ProviderLog
from testkit.databases import Cluster

EVENTS = f"{SANDBOX}/sandbox/provider/events"
STRIPE, YOOKASSA = "https://stripe.test", "https://yookassa.test/v3"


def log_of(room: Room) -> ProviderLog:
    wiring = room.service.state.wiring
    return ProviderLog(room.database, wiring.charge_worker.provider, wiring.provider_events)


async def read(room: Room) -> None:
    """Let a minute go by, and read all there is."""
    room.clock.advance(EVERY.total_seconds())
    while await log_of(room).read():
        pass
    await room.hear()
    await room.settle()


class TestSandbox:
    @pytest.fixture
    def told(self) -> list[dict[str, Any]]:
        return []

    @pytest.fixture
    def cards(
        self, room: Room, outside: respx.MockRouter, told: list[dict[str, Any]]
    ) -> CardProvider:
        outside.get(url__startswith=EVENTS).mock(
            side_effect=lambda _: httpx.Response(200, json={"items": told, "has_more": False})
        )
        return CardProvider(room, outside)

    def event(self, room: Room, cards: CardProvider, charge_id: UUID, **more: Any) -> Any:
        """Return an event as the sandbox tells it again."""
        seen = cards.payment("succeeded", id=cards.name_of(charge_id), charge_id=str(charge_id))
        return {"created": room.clock.now().timestamp(), "payment": seen, **more}

    async def test_a_refund_and_a_dispute_of_which_only_forged_webhooks_came_are_found(
        self,
        room: Room,
        cards: CardProvider,
        told: list[dict[str, Any]],
        alice: UUID,
        bob: UUID,
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        of = {"currency": "RUB"}
        refund = {"id": "re_1", "amount": "30.00", "status": "succeeded", **of}
        dispute = {"id": "dp_1", "amount": "50.00", "status": "needs_response", **of}
        told += [
            self.event(room, cards, payment_id, id="evt_1", type="refund.created", refund=refund),
            self.event(
                room,
                cards,
                payment_id,
                id="evt_2",
                type="dispute.funds_withdrawn",
                dispute=dispute,
            ),
        ]
        for event in told:
            answer = await cards.sends(json.dumps(event).encode(), secret="of somebody else")
            assert answer.status_code == 401
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
        for _ in range(3):
            await read(room)
        assert sorted(moved(room)) == [("chargeback", "payee", 5_000), ("refund", "payee", 3_000)]
        seen = await room.seen(bob, payment_id)
        assert (seen["refunded_amount"], seen["disputed_amount"]) == ("30.00", "50.00")
        # And its webhooks, sent again and signed well this time, are no news.
        for event in told:
            assert (await cards.sends(json.dumps(event).encode())).status_code == 200
        await room.settle()
        assert len(await refunds_of(room, bob, payment_id)) == 1
        assert len(transfers(room)) == 3

    async def test_it_is_read_from_where_reading_ended_and_by_one_process_a_minute(
        self, room: Room, cards: CardProvider, outside: respx.MockRouter
    ) -> None:
        asked = outside.get(url__startswith=EVENTS)
        asked.respond(json={"items": [], "has_more": False})
        begun_at = room.clock.now()
        while await log_of(room).read():
            pass
        assert not await log_of(room).read()
        stretches = _times(asked)
        assert stretches[0][0] == (begun_at - AT_FIRST - AGAIN).timestamp()
        assert len(stretches) == AT_FIRST / AT_ONCE
        assert stretches[-1][1] == begun_at.timestamp()
        await read(room)
        [_, *_, last] = _times(asked)
        assert last == ((begun_at - AGAIN).timestamp(), room.clock.now().timestamp())
        assert cards.seen == []

    async def test_what_could_not_be_read_is_read_later(
        self, room: Room, outside: respx.MockRouter
    ) -> None:
        asked = outside.get(url__startswith=EVENTS).respond(500)
        for _ in range(3):
            await read(room)
        assert len({since for since, _ in _times(asked)}) == 1
        asked.respond(json={"items": [], "has_more": False})
        await read(room)
        assert _times(asked)[-1][1] == room.clock.now().timestamp()

    async def test_one_event_that_can_not_be_read_hides_no_other(
        self,
        room: Room,
        cards: CardProvider,
        told: list[dict[str, Any]],
        alice: UUID,
        bob: UUID,
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = {"id": "re_1", "amount": "x", "currency": "RUB", "status": "succeeded"}
        for place, amount in enumerate(("x", "30.00")):
            name = {"id": f"evt_{place}", "type": "refund.created"}
            said = {**refund, "amount": amount}
            told.append(self.event(room, cards, payment_id, **name, refund=said))
        await read(room)
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "30.00"


def _times(asked: respx.Route) -> list[tuple[float, float]]:
    params = [call.request.url.params for call in asked.calls]
    times = [[datetime.fromisoformat(one[edge]) for edge in ("from", "to")] for one in params]
    return [(begin.timestamp(), end.timestamp()) for begin, end in times]


class TestStripe:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"stripe_key": "sk_test_1", "stripe_webhook_secret": "whsec_of_a_test"}
        async with opened(cluster, provider="stripe", stripe_api=STRIPE, **chosen) as room:
            yield room

    async def test_its_events_are_listed_page_by_page_and_believed(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        session = {"id": "cs_1", "status": "open", "url": "https://stripe.test/c/1"}
        outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=session)
        ends = {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
        outside.get(f"{STRIPE}/v1/checkout/sessions/cs_1").respond(json={**session, **ends})
        payment_id = await by_card(room, alice, bob, "100.00")
        room.clock.advance(60)
        await room.charge()
        assert await room.status(bob, payment_id) == "paid"
        of = {"currency": "rub", "payment_intent": "pi_1"}
        pages = [
            [_stripe(room, "evt_1", "refund.created", {"amount": 3_000, "status": "succeeded"})],
            [
                _stripe(
                    room,
                    "evt_2",
                    "charge.dispute.funds_withdrawn",
                    {"amount": 5_000, "status": "needs_response"},
                )
            ],
        ]
        for [event] in pages:
            event["data"]["object"] |= of
        listed = outside.get(f"{STRIPE}/v1/events").mock(side_effect=_paged(pages))
        for _ in range(2):
            await read(room)
        seen = await room.seen(bob, payment_id)
        assert (seen["refunded_amount"], seen["disputed_amount"]) == ("30.00", "50.00")
        asked = listed.calls[0].request.url.params
        assert set(asked.get_list("types[]")) >= {"refund.created", "charge.dispute.created"}
        assert len(asked.get_list("types[]")) <= 20
        assert "starting_after" not in asked


def _stripe(room: Room, name: str, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    created = int(room.clock.now().timestamp())
    return {
        "id": name,
        "type": kind,
        "created": created,
        "data": {"object": {"id": f"of_{name}", **thing}},
    }


def _paged(pages: list[list[dict[str, Any]]]) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("starting_after")
        names = [page[-1]["id"] for page in pages]
        place = 0 if after is None else names.index(after) + 1
        return httpx.Response(200, json={"data": pages[place], "has_more": place + 1 < len(pages)})

    return answer


class TestYooKassa:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"provider": "yookassa", "yookassa_shop_id": "shop", "yookassa_key": "test_key"}
        async with opened(cluster, yookassa_api=YOOKASSA, **chosen) as room:
            yield room

    @pytest.fixture
    def refunds(self, outside: respx.MockRouter) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        outside.get(f"{YOOKASSA}/refunds").mock(
            side_effect=lambda _: httpx.Response(200, json={"items": listed})
        )
        return listed

    async def test_a_refund_is_found_when_it_is_begun_and_read_until_it_has_ended(
        self,
        room: Room,
        outside: respx.MockRouter,
        refunds: list[dict[str, Any]],
        alice: UUID,
        bob: UUID,
    ) -> None:
        page = {"type": "redirect", "confirmation_url": "https://yoo.test/confirm"}
        made = {"id": "y-1", "status": "pending", "confirmation": page}
        outside.post(f"{YOOKASSA}/payments").respond(json=made)
        outside.get(f"{YOOKASSA}/payments/y-1").respond(json={"id": "y-1", "status": "succeeded"})
        payment_id = await by_card(room, alice, bob, "100.00")
        room.clock.advance(60)
        await room.charge()
        amount = {"value": "30.00", "currency": "RUB"}
        refund = {"id": "r-1", "status": "pending", "payment_id": "y-1", "amount": amount}
        refunds.append(refund)
        await read(room)
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
        for status in ("pending", "succeeded"):
            refund["status"] = status
            room.clock.advance(600)
            await room.charge()
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "30.00"
        assert len(transfers(room)) == 2
        asked = outside.calls[-1].request.url.params
        assert asked["payment_id"] == "y-1"

    async def test_its_list_is_asked_for_by_time(
        self, room: Room, outside: respx.MockRouter, refunds: list[dict[str, Any]]
    ) -> None:
        await read(room)
        assert refunds == []
        asked = outside.calls[-1].request.url.params
        until = datetime.fromisoformat(asked["created_at.lte"])
        assert until.timestamp() == int(room.clock.now().timestamp())
        assert asked["created_at.gte"] < asked["created_at.lte"]
