"""Streams of what becomes of payments: in order, without loss, to those concerned only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_card_returns import came_too_late

from kit.db import Database
from kit.ids import new_id
from kit.refusals import Unavailable
from kit.tasks import spawn, stop
from payments.domain.changes import CHANGES_KEPT
from payments.live.stream import watched_since
from payments.live.watchers import MOST_OF_ONE_USER
from payments.loops.expiry import purge_changes
from payments.repository import Changes, Watched
from payments.repository.watched import EVERYBODY
from testkit.people import eventually
from testkit.servers import serving_app
from testkit.verification import StatedRevocations

_NOTED_TO = """
SELECT greatest(since, (
    SELECT max(seq) FROM payment_event WHERE subject IN (payment_id, payer_id, payee_id)))
FROM watched WHERE subject = $1
"""


@dataclass
class Listener:
    """One reader of a stream, and what it has heard."""

    answer: httpx.Response
    told: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    position: str = ""
    has_ended: bool = False

    async def listen(self) -> None:
        async for line in self.answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                self.position = value
            elif name == "event":
                self.names.append(value)
            elif name == "data" and value != "{}":
                self.told.append(orjson.loads(value))
        self.has_ended = True

    async def hears(self, holds: Callable[["Listener"], bool]) -> "Listener":
        async def look() -> "Listener":
            return self

        return await eventually(look, holds)

    async def hears_statuses(self, *statuses: str) -> None:
        await self.hears(lambda one: [told["status"] for told in one.told] == list(statuses))

    async def keeps_up(self, room: Room, subject: UUID) -> None:
        """Wait until its position is past all there is: it lags while others write anywhere."""
        async with room.database.read() as connection:
            last: int = await connection.fetchval(_NOTED_TO, subject)
        await self.hears(lambda one: int(one.position or 0) >= last)


@dataclass
class Air:
    """The room's API served for real, as streams need it."""

    room: Room
    http: httpx.AsyncClient

    @asynccontextmanager
    async def listening(
        self, caller: UUID, path: str = "/v1/payments/events", **headers: str
    ) -> AsyncIterator[Listener]:
        await self.room.get(caller, "/v1/payments")  # has its token made
        sent = {"Authorization": f"Bearer {self.room.tokens[caller]}", **headers}
        async with self.http.stream("GET", path, headers=sent) as answer:
            assert answer.status_code == 200, await answer.aread()
            listener = Listener(answer)
            task = spawn(listener.listen(), "listener")
            try:
                yield listener
            finally:
                await stop([task])


@pytest.fixture
async def air(room: Room) -> AsyncIterator[Air]:
    async with (
        serving_app(room.service.web) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        yield Air(room, http)


class Unread(StatedRevocations):
    """Revocations that cannot be read; counts how often somebody looked, twice for each token."""

    asked = 0

    @property
    def fresh(self) -> bool:
        self.asked += 1
        return False


def resumed(position: str) -> dict[str, str]:
    return {"Last-Event-ID": position}


async def test_payer_and_payee_hear_of_every_state_and_nobody_else_does(
    room: Room, air: Air, alice: UUID, bob: UUID, carol: UUID
) -> None:
    await room.create(alice, bob)  # before anybody listens
    async with air.listening(alice) as payer, air.listening(bob) as payee:
        async with air.listening(carol) as stranger:
            payment_id = await room.create(alice, bob, "12.50")
            await room.pay(alice, payment_id)
            await room.settle()
            await payer.hears_statuses("created", "processing", "paid")
            await payee.hears_statuses("created", "processing", "paid")
            assert stranger.told == []
        told = payer.told[-1]
        assert told.pop("at")
        assert told == {
            "payment_id": str(payment_id),
            "direction": "out",
            "status": "paid",
            "status_label": "Paid",
            "amount": "12.50",
            "currency": "RUB",
            "refunded": "0.00",
            "disputed": "0.00",
            "dispute_outcome": None,
            "returned": "0.00",
            "return_status": None,
            "reason": None,
            "reason_label": None,
        }
        assert payee.told[-1]["direction"] == "in"
        assert payer.answer.headers["content-type"].startswith("text/event-stream")
        assert payer.answer.headers["cache-control"] == "no-store"


async def test_what_goes_back_to_a_card_is_told_to_its_payer_only(
    room: Room, air: Air, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    cards = CardProvider(room, outside)
    outside.route(host="127.0.0.1").pass_through()
    payment_id = await came_too_late(room, cards, alice, bob)
    path = f"/v1/payments/{payment_id}/events"
    async with air.listening(alice, path) as payer, air.listening(bob, path) as payee:
        await payee.hears_statuses("created", "processing", "cancelled")
        room.clock.advance(1)
        await room.charge()
        await payer.hears(lambda one: one.told[-1]["return_status"] == "returned")
        assert payer.told[-1]["returned"] == "100.00"
        await payee.hears(lambda one: one.position == payer.position)
    assert [one["status"] for one in payee.told] == ["created", "processing", "cancelled"]
    assert {(one["returned"], one["return_status"]) for one in payee.told} == {(None, None)}


async def test_why_a_payment_failed_is_told_to_its_payer_only(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    room.wallet.refuses = lambda _: "insufficient_funds"
    payment_id = await room.create(alice, bob)
    path = f"/v1/payments/{payment_id}/events"
    async with air.listening(alice, path) as payer, air.listening(bob, path) as payee:
        await room.pay(alice, payment_id)
        await room.settle()
        await payer.hears_statuses("created", "processing", "failed")
        await payee.hears_statuses("created", "processing", "failed")
        assert [told["reason"] for told in payer.told] == [None, None, "insufficient_funds"]
        assert [told["reason"] for told in payee.told] == [None, None, None]


async def test_one_payment_is_told_from_its_beginning_and_goes_on_from_a_position(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    other = await room.create(alice, bob)
    path = f"/v1/payments/{payment_id}/events"
    async with air.listening(alice, path) as first:
        await first.hears_statuses("created")
        await first.keeps_up(room, payment_id)
    await room.pay(alice, other)
    await room.pay(alice, payment_id)
    await room.cancel(alice, new_id())
    await room.settle()
    async with air.listening(alice, path, **resumed(first.position)) as second:
        await second.hears_statuses("processing", "paid")


async def test_another_resumes_without_loss_whatever_happened_meanwhile(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async with air.listening(bob) as first:
        await room.create(alice, bob)
        await first.hears_statuses("created")
        await first.keeps_up(room, bob)
    missed = [await room.create(alice, bob) for _ in range(150)]  # more than a page
    async with air.listening(bob, **resumed(first.position)) as second:
        await second.hears(lambda one: len(one.told) == 150)
        assert [told["payment_id"] for told in second.told] == [str(one) for one in missed]


async def test_a_change_that_commits_late_is_told_and_resuming_does_not_pass_it_by(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    """One number is drawn before another and becomes visible after it."""
    late = await room.create(alice, bob)
    soon = await room.create(alice, bob)
    async with air.listening(bob) as first:
        await first.keeps_up(room, bob)
        async with room.database.unit_of_work() as uow:
            await uow.execute(
                "UPDATE payment SET status = 'cancelled', reason = 'expired',"
                " cancelled_at = now() WHERE id = $1",
                late,
            )
            await room.cancel(alice, soon)
            await first.hears(lambda one: [t["payment_id"] for t in one.told] == [str(soon)])
            held_back = first.position
        await first.hears(lambda one: [t["payment_id"] for t in one.told] == [str(soon), str(late)])
        await first.keeps_up(room, bob)
        assert int(first.position) > int(held_back)
    async with air.listening(bob, **resumed(held_back)) as second:
        await second.hears(lambda one: str(late) in [t["payment_id"] for t in one.told])
    async with air.listening(bob, **resumed(first.position)) as third:
        await room.create(alice, bob)
        await third.hears_statuses("created")


async def test_storms_are_told_completely_and_in_each_payments_order(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async def live() -> UUID:
        payment_id = await room.create(alice, bob)
        await room.pay(alice, payment_id)
        return payment_id

    async with air.listening(bob) as listener:
        made = await asyncio.gather(*(live() for _ in range(60)))
        await room.settle()
        await listener.hears(lambda one: len(one.told) >= 180)
        for payment_id in made:
            states = [t["status"] for t in listener.told if t["payment_id"] == str(payment_id)]
            assert states == ["created", "processing", "paid"]
        await listener.hears(lambda one: one.position != "")
        assert len(listener.told) == 180


async def test_what_another_process_commits_is_told(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async with air.listening(bob) as listener:
        other = await Database.open(room.cluster.url("payments"), name="payments")
        try:
            payment_id = await room.create(alice, bob)
            await listener.hears_statuses("created")
            async with other.unit_of_work() as uow:
                await uow.execute(
                    "UPDATE payment SET status = 'cancelled', reason = 'expired',"
                    " cancelled_at = now() WHERE id = $1",
                    payment_id,
                )
            await listener.hears_statuses("created", "cancelled")
        finally:
            await other.close()


async def test_a_position_that_was_forgotten_is_told_as_a_reset(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async with air.listening(bob):
        for _ in range(3):
            await room.create(alice, bob)
    async with room.database.read() as connection:
        last = await Changes(connection).last()
        first = last - 2
    later = room.clock.now() + timedelta(days=3650)
    assert await purge_changes(room.database, room.clock.now() - timedelta(days=3650)) == 0
    assert await purge_changes(room.database, later) == 3
    for position in (first, last + 1000):
        async with air.listening(bob, **resumed(str(position))) as listener:
            await listener.hears(lambda one: one.names == ["reset"])
            await room.create(alice, bob)
            await listener.hears_statuses("created")


async def test_where_nobody_listens_nothing_is_noted(
    room: Room, air: Air, alice: UUID, bob: UUID, carol: UUID
) -> None:
    async with air.listening(carol):
        await room.pay(alice, await room.create(alice, bob))
        await room.settle()
    assert await room.count("payment_event") == 0


async def test_changes_are_noted_for_a_week_after_the_last_stream(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async with air.listening(bob) as first:
        await first.keeps_up(room, bob)
    room.clock.advance(CHANGES_KEPT.total_seconds() - 60)
    async with room.database.unit_of_work() as uow:
        assert await Watched(uow).purge(room.clock.now()) == 0
    await room.create(alice, bob)
    async with air.listening(bob, **resumed(first.position)) as second:
        await second.hears_statuses("created")
        await second.keeps_up(room, bob)
    room.clock.advance(CHANGES_KEPT.total_seconds() + 60)
    async with room.database.unit_of_work() as uow:
        assert await Watched(uow).purge(room.clock.now()) == 1
    await room.create(alice, bob)
    assert await room.count("payment_event") == 1
    async with air.listening(bob, **resumed(second.position)) as third:
        await third.hears(lambda one: one.names == ["reset"])
        await room.create(alice, bob)
        await third.hears_statuses("created")


async def test_a_stream_begins_once_all_have_ended_who_write_and_note_nothing(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    """What commits just after the stream was asked for is told, or was seen before it began."""
    payment_id = await room.create(alice, bob)
    path = f"/v1/payments/{payment_id}/events"
    async with AsyncExitStack() as streams, asyncio.TaskGroup() as tasks:
        async with room.database.unit_of_work() as uow:
            await uow.execute(
                "UPDATE payment SET status = 'cancelled', reason = 'expired',"
                " cancelled_at = now() WHERE id = $1",
                payment_id,
            )
            opening = [
                tasks.create_task(streams.enter_async_context(air.listening(bob, *where)))
                for where in ((), (path,))
            ]
            await eventually(lambda: room.count("watched"), lambda count: count == 2)
            await asyncio.sleep(0.2)
            assert not any(one.done() for one in opening)
        everything, one_payment = [await one for one in opening]
        await one_payment.hears_statuses("created", "cancelled")
        await room.create(alice, bob)
        await everything.hears_statuses("created")


async def test_who_writes_for_too_long_keeps_streams_from_beginning_only(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    async with room.database.unit_of_work() as uow:
        await uow.execute("UPDATE payment SET description = 'x' WHERE id = $1", payment_id)
        with pytest.raises(Unavailable):
            await watched_since(room.database, bob, patience=0)
        assert not await _is_whole(room, bob)
    since = await watched_since(room.database, bob)
    assert await _is_whole(room, bob)
    assert await watched_since(room.database, bob) == since


async def _is_whole(room: Room, subject: UUID) -> bool:
    async with room.database.read() as connection:
        return bool(
            await connection.fetchval("SELECT is_whole FROM watched WHERE subject = $1", subject)
        )


async def test_who_has_missed_nothing_goes_on_though_others_changes_are_deleted(
    room: Room, air: Air, alice: UUID, bob: UUID, carol: UUID
) -> None:
    async with air.listening(carol) as quiet, air.listening(bob) as busy:
        await quiet.keeps_up(room, carol)
        await room.create(alice, bob)
        await busy.keeps_up(room, bob)
    assert await purge_changes(room.database, room.clock.now() + timedelta(days=3650)) == 1
    await room.create(alice, carol)
    async with air.listening(carol, **resumed(quiet.position)) as again:
        await again.hears_statuses("created")
    async with air.listening(bob, **resumed(str(int(busy.position) - 1))) as missed:
        await missed.hears(lambda one: one.names == ["reset"])


async def test_what_was_read_before_an_upgrade_goes_on(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    """Older versions noted everything, and wrote down nobody who listens."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO watched VALUES ($1, 0, now() + interval '7 days', true)", EVERYBODY
        )
    for _ in range(3):
        await room.create(alice, bob)
    async with room.database.read() as connection:
        last = await Changes(connection).last()
    async with air.listening(bob, **resumed(str(last - 2))) as listener:
        await listener.hears_statuses("created", "created")
    assert await purge_changes(room.database, room.clock.now() + timedelta(days=3650)) == 3
    async with air.listening(alice, **resumed(str(last - 1))) as missed:
        await missed.hears(lambda one: one.names == ["reset"])


async def test_a_payment_that_nobody_watched_is_told_once_and_goes_on(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    """Also where its changes were noted for somebody else: its payee, who watches all."""
    payment_id = await room.create(alice, bob)
    path = f"/v1/payments/{payment_id}/events"
    async with air.listening(bob) as payee:
        await room.pay(alice, payment_id)
        async with air.listening(alice, path) as listener:
            await listener.hears_statuses("created", "processing")
            await room.settle()
            await listener.hears_statuses("created", "processing", "paid")
        async with air.listening(alice, path, **resumed("0")) as again:
            await again.hears_statuses("created", "processing", "paid")
            await again.keeps_up(room, payment_id)
        async with air.listening(alice, path, **resumed(again.position)) as nothing_new:
            await room.create(alice, bob)
            await payee.hears_statuses("processing", "paid", "created")
            assert nothing_new.told == []


@pytest.mark.check(67)
async def test_a_stream_ends_with_its_token(room: Room, air: Air, alice: UUID, bob: UUID) -> None:
    async with air.listening(alice) as listener:
        await listener.hears(lambda one: one.position != "")
        room.desk.time.advance(700)
        await listener.hears(lambda one: one.has_ended)


async def test_a_stream_outlives_revocations_that_cannot_be_read_for_a_while(
    room: Room, air: Air, alice: UUID, bob: UUID
) -> None:
    async with air.listening(alice) as listener:
        await listener.hears(lambda one: one.position != "")
        room.desk.verifier._revocations = unread = Unread()
        await eventually(lambda: asyncio.sleep(0, unread.asked), lambda asked: asked >= 4)
        room.desk.verifier._revocations = room.desk.revocations
        await room.create(alice, bob)
        await listener.hears_statuses("created")
        assert not listener.has_ended


async def test_a_stream_ends_with_the_process(room: Room, air: Air, alice: UUID) -> None:
    async with air.listening(alice) as listener:
        await listener.hears(lambda one: one.position != "")
        room.service.state.is_stopping = lambda: True
        await listener.hears(lambda one: one.has_ended)


async def test_idle_streams_hold_no_connection_and_cost_no_statement(
    room: Room, air: Air, alice: UUID, bob: UUID, carol: UUID
) -> None:
    async with air.listening(alice) as one, air.listening(alice), air.listening(bob) as two:
        await one.hears(lambda found: found.position != "")
        await two.hears(lambda found: found.position != "")
        for _ in range(10):  # as many as there are connections
            await room.create(carol, bob)
        await two.hears(lambda found: len(found.told) == 10)
        assert one.told == []


async def test_streams_of_one_user_are_counted_and_given_back(
    room: Room, air: Air, alice: UUID
) -> None:
    async with asyncio.TaskGroup():
        watchers = room.service.state.wiring.watchers
        with_places = [watchers.watch(alice, alice) for _ in range(MOST_OF_ONE_USER - 1)]
        for one in with_places:
            one.__enter__()
        async with air.listening(alice) as last:
            await last.hears(lambda one: one.position != "")
            headers = {"Authorization": f"Bearer {room.tokens[alice]}"}
            refused = await air.http.get("/v1/payments/events", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
            assert refused.headers["retry-after"]
            assert f"{MOST_OF_ONE_USER} streams" in refused.json()["detail"]
            assert "60" not in refused.json()["detail"]
        await eventually(
            lambda: asyncio.sleep(0, watchers._of_user[alice]),
            lambda count: count == MOST_OF_ONE_USER - 1,
        )
        for one in with_places:
            one.__exit__(None, None, None)
        assert not watchers._watching


@pytest.mark.parametrize("position", ["x", "-1", "1.5", "9" * 30, ""])
async def test_a_malformed_position_is_refused(room: Room, alice: UUID, position: str) -> None:
    answer = await room.ask(
        alice, "GET", "/v1/payments/events", headers={"Last-Event-ID": position}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_strangers_payment_has_no_stream(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    for missing in (payment_id, new_id()):
        answer = await room.get(carol, f"/v1/payments/{missing}/events")
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")
