"""Loops and clients when something is wrong outside: what waits, what goes on, who is alarmed."""

from collections.abc import Sequence
from uuid import UUID

import pytest
import respx
from structlog.testing import capture_logs
from tests.integration.payments.cards import PAYMENTS, CardProvider
from tests.integration.payments.room import AUTH, NOTIFICATIONS, WALLET, Room
from tests.integration.payments.test_charges import by_card, notice, stands
from tests.integration.payments.test_refunding import ask, paid

from kit.db.losses import ConnectionLostError
from kit.db.outages import is_outage
from kit.ids import new_id
from kit.wake_up import WakeUp
from payments.domain.cards.charges import CALM_ATTEMPTS
from payments.live.stream import Stream, place_of_user
from payments.loops.provider_events import AT_ONCE
from payments.settings import Settings

DAY = 24 * 3600


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def column(room: Room, query: str, *values: object) -> list[object]:
    async with room.database.read() as connection:
        return [row[0] for row in await connection.fetch(query, *values)]


def alarms(logs: Sequence[dict[str, object]], event: str) -> list[object]:
    return [one["log_level"] for one in logs if one["event"] == event]


class TestCharges:
    async def test_one_that_has_ended_is_not_asked_about_though_it_is_due(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        await cards.tells("succeeded", payment_id)
        await room.settle()
        async with room.database.unit_of_work() as uow:
            await uow.execute("UPDATE charge SET next_at = $1", room.clock.now())
        calls = len(cards.seen)
        await room.charge()
        assert len(cards.seen) == calls
        assert await column(room, "SELECT next_at FROM charge") == [None]
        assert await room.status(bob, payment_id) == "paid"

    async def test_one_that_nobody_answers_about_alarms_after_ten_calls(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        cards.down = True
        with capture_logs() as logs:
            for turn in range(CALM_ATTEMPTS + 2):
                room.clock.advance(300)
                if turn == CALM_ATTEMPTS:
                    assert alarms(logs, "charge_needs_attention") == []
                await room.charge()
        assert alarms(logs, "charge_needs_attention") == ["error"] * 2
        assert await stands(room, payment_id) == ("pending", "no")
        [error] = await column(room, "SELECT last_error FROM charge")
        assert error

    async def test_a_refund_under_way_at_the_provider_is_read_and_not_asked_for_again(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob, "100.00")
        await cards.tells("succeeded", payment_id)
        await room.settle()
        cards.says = {"id": "refund_1", "status": "pending"}
        assert (await ask(room, bob, payment_id, "60.00")).status_code == 202
        for status in ("pending", "pending", "succeeded"):
            cards.says["status"] = status
            await room.settle()
            await room.charge()
            room.clock.advance(600)
        await room.settle()
        asked = [path for method, path, _ in cards.seen if method == "POST"]
        assert asked.count("/card_1/refunds") == 1
        assert cards.asked("/refunds/refund_1") >= 1
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "60.00"
        [listed] = (await room.get(bob, f"/v1/payments/{payment_id}/refunds")).json()["items"]
        assert listed["status"] == "completed"


class TestProviderEvents:
    @pytest.mark.usefixtures("cards")
    async def test_while_postgresql_is_away_no_event_is_put_off(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        worker = room.service.state.wiring.provider_events
        await worker.keep(notice(payment_id))
        away = await room.database.open(room.cluster.url("payments"), name="away")
        await away.close()
        worker._database, present = away, worker._database
        for work in (worker.work_off, worker._apply_one):
            with pytest.raises(ConnectionLostError) as failed:
                await work()
            assert await is_outage(away, failed.value)
        worker._database = present
        assert await worker.work_off() == 1
        assert await stands(room, payment_id) == ("succeeded", "no")

    @pytest.mark.usefixtures("cards")
    async def test_one_in_the_way_of_many_is_put_off_and_alarms_after_ten_times(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob)
        worker = room.service.state.wiring.provider_events
        await room.as_owner(
            "ALTER TABLE charge ADD CONSTRAINT in_the_way CHECK (status <> 'succeeded')"
        )
        await worker.keep(notice(payment_id, "evt_0"))
        for number in range(1, AT_ONCE + 4):
            room.clock.advance(0.001)
            await worker.keep(notice(new_id(), f"evt_{number}"))  # charges that nobody knows yet
        with capture_logs() as logs:
            assert await worker.work_off() == AT_ONCE
            assert await worker.work_off() == 4
            for _ in range(CALM_ATTEMPTS + 1):
                room.clock.advance(3600)
                await worker.work_off()
        levels = alarms(logs, "event_put_off")
        assert levels == ["warning"] * CALM_ATTEMPTS + ["error"] * (len(levels) - CALM_ATTEMPTS)
        assert levels[-1] == "error"
        await room.as_owner("ALTER TABLE charge DROP CONSTRAINT in_the_way")
        room.clock.advance(3600)
        await room.hear()
        assert await stands(room, payment_id) == ("succeeded", "no")


class TestNeighbours:
    @pytest.fixture
    def token(self, outside: respx.MockRouter) -> None:
        grant = {"access_token": "t", "token_type": "bearer", "expires_in": 300}
        outside.post(f"{AUTH}/v1/auth/token").respond(json=grant)

    @pytest.mark.usefixtures("token")
    async def test_a_quote_asks_about_the_wallet_that_would_pay(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        wallet_id = await room.opens(alice)
        account = {"id": str(wallet_id), "owner_id": str(alice), "currency": "RUB"}
        asked = outside.get(f"{WALLET}/internal/accounts").respond(
            json={**account, "status": "active", "available_minor": 5_000}
        )
        body = {"payee": {"user_id": str(bob)}, "amount": "10.00"}
        named = {**body, "from_wallet_id": str(wallet_id)}
        answer = await room.post(alice, "/v1/payments/quote", json=named)
        assert (answer.json()["would"], answer.json()["available_after"]) == ("pay", "40.00")
        of_alice = [dict(call.request.url.params) for call in asked.calls]
        assert {
            "owner_id": str(alice),
            "currency": "RUB",
            "wallet_id": str(wallet_id),
        } in of_alice

    @pytest.mark.usefixtures("token")
    async def test_a_timeline_goes_without_webhooks_that_notifications_does_not_know(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await room.create(alice, bob)
        url = f"{NOTIFICATIONS}/internal/payments/{payment_id}/deliveries"
        asked = outside.get(url).respond(404)
        answer = await room.get(alice, f"/v1/payments/{payment_id}/timeline")
        assert answer.status_code == 200
        assert asked.called
        assert "webhook" not in {item["kind"] for item in answer.json()["items"]}

    async def test_limits_of_somebody_nobody_knows_are_not_there(self, room: Room) -> None:
        admin, path = await room.admin(), f"/v1/payments/limits/{new_id()}"
        seen = await room.get(admin, path)
        set_ = await room.ask(admin, "PUT", path, json={"limits": []})
        for answer in (seen, set_):
            assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


class TestWaiting:
    async def test_who_waits_for_as_much_as_one_may_has_a_refund_accepted_at_once(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, alice, bob)
        room.wallet.is_silent = True
        places = room.service.state.wiring.places
        held = []
        while True:
            place = places.place(bob)
            if not place.__enter__():
                place.__exit__(None, None, None)
                break
            held.append(place)
        answer = await ask(room, bob, payment_id, headers={"Prefer": "wait=60"})
        assert (answer.status_code, answer.json()["status"]) == (202, "processing")
        assert "preference-applied" not in answer.headers
        for place in held:
            place.__exit__(None, None, None)


async def test_an_idle_stream_says_nothing_between_heartbeats_and_then_what_has_changed(
    room: Room, alice: UUID, bob: UUID
) -> None:
    looks = 0

    async def may_go_on() -> bool:
        nonlocal looks
        looks += 1
        return looks % 3 != 0

    place, first = await place_of_user(room.database, alice, None)
    stream = Stream(room.database, place, may_go_on, lambda change: change.status.encode())
    assert [text async for text in stream.events(WakeUp(), first)] == [first]
    await room.create(alice, bob)
    begun, told, *_ = [text async for text in stream.events(WakeUp(), first)]
    assert (begun, told.partition(b"data: ")[2]) == (first, b"created\n\n")


@pytest.mark.parametrize("text", ["", "RUB,XXX", "rub", "RUB, USD"])
def test_currencies_that_yookassa_does_not_take_are_no_setting(text: str) -> None:
    with pytest.raises(ValueError, match="name some of"):
        Settings(_env_file=None, yookassa_currencies=text)


@pytest.mark.check(69)
async def test_what_takes_too_long_at_a_provider_is_left_open(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    outside.route(url__startswith=PAYMENTS).mock(side_effect=TimeoutError)
    payment_id = await room.create(alice, bob)
    body = {"method": "card", "return_url": "https://shop.example/"}
    answer = await room.pay(alice, payment_id, json=body)
    assert (answer.status_code, answer.json()["next_action"]) == (202, None)
    assert await column(room, "SELECT last_error FROM charge") == ["message=no answer in time"]
    assert await stands(room, payment_id) == ("wanted", "no")
