"""From an event to a receiver: who is told what, when it is tried again, when it is given up."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from starlette.responses import Response
from tests.integration.notifications.hooks import Hooks
from tests.integration.notifications.receiver import Receiver
from tests.integration.notifications.room import (
    Room,
    cancelled,
    created,
    failed,
    moved,
    opened,
    paid,
)

from notifications.domain.attempts import WAITS
from notifications.webhooks.purge import purge_once
from testkit.databases import Cluster

LATE = 1.2  # more than a wait with its jitter


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def test_payer_and_payee_are_each_sent_their_own_signed_message(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    of_alice = await hooks.make(alice, f"{receiver.url}/alice")
    of_bob = await hooks.make(bob, f"{receiver.url}/bob")
    await hooks.room.told(failed(alice, bob), sequence=3)
    await hooks.send()
    got = {one.path.rpartition("/")[2]: one for one in receiver.got}
    assert got["alice"].is_signed_by(of_alice["secret"])
    assert not got["alice"].is_signed_by(of_bob["secret"])
    assert got["bob"].is_signed_by(of_bob["secret"])
    assert got["alice"].payload["data"]["reason"] == "insufficient_funds"
    assert "reason" not in got["bob"].payload["data"]
    assert [one.payload["data"]["sequence"] for one in receiver.got] == [3, 3]
    now = hooks.room.clock.now()
    assert got["bob"].headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert got["bob"].headers["content-type"] == "application/json"


async def test_an_endpoint_is_sent_what_it_has_chosen(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, f"{receiver.url}/some", event_types=["payment.paid"])
    await hooks.make(alice, f"{receiver.url}/all")
    told = (of(alice, bob) for of in (created, paid, failed, cancelled))
    await hooks.room.told(*told)
    await hooks.room.told(moved(alice, "top_up"))
    await hooks.send()
    sent = sorted((one.path, one.payload["type"]) for one in receiver.got)
    assert sent == [
        ("/hooks/all", "payment.cancelled"),
        ("/hooks/all", "payment.created"),
        ("/hooks/all", "payment.failed"),
        ("/hooks/all", "payment.paid"),
        ("/hooks/all", "wallet.funds_moved"),
        ("/hooks/some", "payment.paid"),
    ]


async def test_two_endpoints_are_sent_the_same_message_under_the_same_id(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, f"{receiver.url}/one")
    await hooks.make(alice, f"{receiver.url}/two")
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    one, two = receiver.got
    assert (one.webhook_id, one.body) == (two.webhook_id, two.body)


async def test_who_has_no_endpoint_leaves_nothing_behind(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, receiver.url, event_types=["payment.cancelled"])
    await hooks.room.told(paid(alice, bob), moved(bob, "top_up"))
    assert await hooks.room.count("webhook_message") == 0
    assert await hooks.room.count("webhook_delivery") == 0


async def test_a_failed_attempt_is_repeated_on_schedule_until_it_is_given_up(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.room.told(paid(alice, bob))
    receiver.answers(500, "out of order")
    for number, wait in enumerate(WAITS, start=1):
        await hooks.send(wait.total_seconds() * 0.8)  # too early, whatever the jitter
        before = len(receiver.got)
        assert before == (1 if number == 1 else number - 1)
        await hooks.send(wait.total_seconds() * 0.4)
        assert len(receiver.got) == number
        await _forgive(hooks)
    (log,) = await hooks.log(alice, endpoint)
    assert log["status"] == "failed"
    assert log["next_attempt_at"] is None
    assert [one["number"] for one in log["attempts"]] == list(range(1, 11))
    assert {one["status_code"] for one in log["attempts"]} == {500}
    assert {one["answer"] for one in log["attempts"]} == {"out of order"}
    assert len({one.webhook_id for one in receiver.got}) == 1
    assert len({one.body for one in receiver.got}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.got}) == 10


async def _forgive(hooks: Hooks) -> None:
    """Forget the failures of all endpoints, so that one delivery's whole schedule is seen."""
    async with hooks.room.database.unit_of_work() as uow:
        await uow.execute("UPDATE webhook_endpoint SET failures = 0, resume_at = NULL")


async def test_a_delivery_that_succeeds_later_is_delivered_and_not_sent_again(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(503)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    receiver.answers(200, "thanks")
    await hooks.send(5 * LATE)
    await hooks.send(400)
    (log,) = await hooks.log(alice, endpoint)
    assert log["status"] == "delivered"
    assert [one["status_code"] for one in log["attempts"]] == [503, 200]
    assert log["attempts"][1]["answer"] == "thanks"
    assert len(receiver.got) == 2


async def test_retry_after_is_waited_for(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, receiver.url)
    receiver.answers(429, retry_after="120")
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    receiver.answers(204)
    await hooks.room.told(paid(alice, bob))
    await hooks.send(110)
    assert len(receiver.got) == 1, "nothing at all is sent to who asks for patience"
    await hooks.send(11)
    await hooks.send()  # one at a time, until one has succeeded
    assert len(receiver.got) == 3


async def test_what_is_gone_is_switched_off_with_a_notice(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(410)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    seen = await hooks.look(alice, endpoint)
    assert (seen["is_active"], seen["off_reason"]) == (False, "gone")
    assert [one["status"] for one in await hooks.log(alice, endpoint)] == ["failed"]
    notices = await hooks.room.notices(alice)
    assert notices[0]["kind"] == "webhooks_off_gone"
    assert notices[0]["subject_id"] == endpoint["id"]
    assert receiver.url in notices[0]["text"]


async def test_ten_failures_in_a_row_switch_an_endpoint_off_with_one_notice(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(500)
    for number in range(1, 13):
        await hooks.room.told(paid(alice, bob))
        await hooks.send(11)
        if number == 9:
            assert (await hooks.look(alice, endpoint))["is_active"]
    seen = await hooks.look(alice, endpoint)
    assert (seen["is_active"], seen["off_reason"]) == (False, "failing")
    assert len(receiver.got) == 10
    kinds = [one["kind"] for one in await hooks.room.notices(alice)]
    assert kinds.count("webhooks_off_failing") == 1
    statuses = [one["status"] for one in await hooks.log(alice, endpoint)]
    assert set(statuses) == {"skipped"}
    assert len(statuses) == 12


async def test_one_success_begins_the_count_anew(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    for number in range(1, 20):
        receiver.answers(204 if number == 9 else 500)
        await hooks.room.told(paid(alice, bob))
        await hooks.send(11)
        is_active = (await hooks.look(alice, endpoint))["is_active"]
        assert is_active == (number < 19), f"after eight, a success, and {number - 9}"


async def test_what_fails_is_left_alone_for_a_moment_and_then_tried_one_at_a_time(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, receiver.url)
    receiver.answers(500)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    await hooks.room.told(*(paid(alice, bob) for _ in range(5)))
    await hooks.send()
    assert len(receiver.got) == 1
    await hooks.send(1)
    assert len(receiver.got) == 2
    receiver.answers(204)
    await hooks.send(2)
    assert len(receiver.got) >= 6, "after a success all the others follow"


@pytest.mark.check(56)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_failures_and_not_followed(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID, status: int
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(status, location=f"{receiver.url}/elsewhere")
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    assert [one.path for one in receiver.got] == ["/hooks"]
    (log,) = await hooks.log(alice, endpoint)
    assert (log["status"], log["attempts"][0]["status_code"]) == ("pending", status)


@pytest.mark.check(69)
@pytest.mark.parametrize("status", [200, 500])
async def test_of_a_long_answer_only_the_beginning_is_read_and_kept(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID, status: int
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(status, "я\0" + "x" * 5_000_000)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    (log,) = await hooks.log(alice, endpoint)
    (attempt,) = log["attempts"]
    assert attempt["answer"] == "я\ufffd" + "x" * 1021
    assert (log["status"] == "delivered") == (status == 200)


async def test_a_rotated_secret_signs_beside_the_old_one_until_the_overlap_ends(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    rotated = (await hooks.ask(alice, "POST", endpoint, "/rotate-secret")).json()
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    await hooks.room.told(paid(alice, bob))
    await hooks.send(24 * 3600 + 1)
    during, after = receiver.got
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    assert during.is_signed_by(endpoint["secret"])
    assert during.is_signed_by(rotated["secret"])
    assert not after.is_signed_by(endpoint["secret"])
    assert after.is_signed_by(rotated["secret"])


async def test_a_secret_that_leaked_is_replaced_at_once(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.ask(alice, "POST", endpoint, "/rotate-secret", json={"overlap_hours": 0})
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    assert not receiver.got[0].is_signed_by(endpoint["secret"])


async def test_a_test_event_goes_to_one_endpoint_whatever_it_has_chosen(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url, event_types=["payment.paid"])
    await hooks.make(alice, f"{receiver.url}/other")
    answer = await hooks.ask(alice, "POST", endpoint, "/test")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await hooks.send()
    (got,) = receiver.got
    assert got.payload["type"] == "webhook.test"
    assert got.webhook_id == answer.json()["webhook_id"]
    assert got.is_signed_by(endpoint["secret"])


async def test_one_delivery_is_replayed_under_its_id_with_the_log_going_on(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    (log,) = await hooks.log(alice, endpoint)
    path = f"/deliveries/{log['id']}/replay"
    answer = await hooks.ask(alice, "POST", endpoint, path)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await hooks.send()
    first, second = receiver.got
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    (log,) = await hooks.log(alice, endpoint)
    assert log["status"] == "delivered"
    assert [one["number"] for one in log["attempts"]] == [1, 2]


async def test_a_replay_begins_the_schedule_anew(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.answers(500)
    await hooks.room.told(paid(alice, bob))
    await hooks.send()
    await hooks.send(5 * LATE)
    (log,) = await hooks.log(alice, endpoint)
    await hooks.ask(alice, "POST", endpoint, f"/deliveries/{log['id']}/replay")
    await hooks.send(3)
    assert len(receiver.got) == 3
    await hooks.send(5 * LATE)
    assert len(receiver.got) == 4, "five seconds after the first again, not half an hour"


async def test_what_was_skipped_while_off_is_sent_by_a_replay_of_the_span(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.ask(alice, "PATCH", endpoint, json={"is_active": False})
    began = hooks.room.clock.now()
    await hooks.room.told(*(paid(alice, bob) for _ in range(3)))
    hooks.room.clock.advance(60)
    ended = hooks.room.clock.now()
    await hooks.room.told(paid(alice, bob))
    span = {"from": began.isoformat(), "to": ended.isoformat()}
    refused = await hooks.ask(alice, "POST", endpoint, "/replay", json=span)
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_endpoint_off")
    await hooks.ask(alice, "PATCH", endpoint, json={"is_active": True})
    await hooks.send()
    assert receiver.got == []
    answer = await hooks.ask(alice, "POST", endpoint, "/replay", json=span)
    assert (answer.status_code, answer.json()) == (202, {"replayed": 3})
    await hooks.send()
    assert len(receiver.got) == 3
    statuses = [one["status"] for one in await hooks.log(alice, endpoint)]
    assert statuses == ["delivered"] * 3 + ["skipped"]


async def test_switching_off_skips_what_waits(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.room.told(paid(alice, bob))
    await hooks.ask(alice, "PATCH", endpoint, json={"is_active": False})
    await hooks.send()
    assert receiver.got == []
    assert [one["status"] for one in await hooks.log(alice, endpoint)] == ["skipped"]


async def test_a_new_address_is_tried_at_once_though_the_old_one_failed(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    receiver.reacts = lambda one: Response(status_code=204 if one.path == "/hooks/b" else 500)
    await hooks.room.told(*(paid(alice, bob) for _ in range(5)))
    await hooks.send()
    await hooks.ask(alice, "PATCH", endpoint, json={"url": f"{receiver.url}/b"})
    await hooks.room.told(*(paid(alice, bob) for _ in range(5)))
    await hooks.send()
    assert [one.path for one in receiver.got].count("/hooks/b") == 5


async def test_an_event_that_comes_twice_is_sent_once(
    hooks: Hooks, receiver: Receiver, alice: UUID, bob: UUID
) -> None:
    await hooks.make(alice, receiver.url)
    await hooks.room.told(paid(alice, bob))
    await hooks.room.told_again()
    await hooks.send()
    assert len(receiver.got) == 1


async def test_old_webhooks_are_forgotten_with_their_log(
    hooks: Hooks, receiver: Receiver, alice: UUID
) -> None:
    endpoint = await hooks.make(alice, receiver.url)
    await hooks.ask(alice, "POST", endpoint, "/test")
    await hooks.send()
    hooks.room.clock.advance(timedelta(days=29).total_seconds())
    await hooks.ask(alice, "POST", endpoint, "/test")
    await hooks.send()
    hooks.room.clock.advance(timedelta(days=2).total_seconds())
    assert await purge_once(hooks.room.database, timedelta(days=30)) == 1
    assert len(await hooks.log(alice, endpoint)) == 1
    assert await hooks.room.count("webhook_attempt") == 1
    await hooks.ask(alice, "DELETE", endpoint)
    hooks.room.clock.advance(timedelta(days=31).total_seconds())
    await purge_once(hooks.room.database, timedelta(days=30))
    for table in ("webhook_message", "webhook_delivery", "webhook_attempt", "webhook_endpoint"):
        assert await hooks.room.count(table) == 0
