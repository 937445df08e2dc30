"""Who hears of what, and what is kept of it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.integration.notifications.room import (
    Room,
    cancelled,
    changed,
    closed,
    created,
    disputed,
    failed,
    moved,
    paid,
    refund_failed,
    refunded,
)

from contracts.finance import BudgetReached
from contracts.wallet import SHOP
from kit.ids import new_id
from kit.messaging.messages import Event
from notifications.repository import Notices
from testkit.people import eventually


async def test_payer_and_payee_of_a_payment_hear_of_it_each_in_their_own_words(
    room: Room, alice: UUID, bob: UUID
) -> None:
    event = paid(alice, bob)
    await room.told(event)
    [to_alice] = await room.notices(alice)
    [to_bob] = await room.notices(bob, "ru")
    assert to_alice == {
        "id": to_alice["id"],
        "kind": "payment_paid",
        "title": "Payment made",
        "text": "You paid 150.00 RUB to bob.",
        "subject_id": str(event.payment_id),
        "amount": "150.00",
        "currency": "RUB",
        "created_at": to_alice["created_at"],
        "read_at": None,
    }
    assert (to_bob["kind"], to_bob["title"]) == ("payment_received", "Получены деньги")
    assert to_bob["text"] == "Вы получили 150.00 RUB от пользователя alice."


@pytest.mark.parametrize(
    ("event", "to_payer", "to_payee"),
    [
        (
            partial(failed, reason="insufficient_funds"),
            "Your payment of 150.00 RUB to bob failed. There is not enough money in your wallet.",
            "A payment of 150.00 RUB from alice to you did not come through.",
        ),
        (
            partial(failed, reason="payee_not_active"),
            "Your payment of 150.00 RUB to bob failed. The payee's account is not active any more.",
            "A payment of 150.00 RUB from alice to you did not come through.",
        ),
        (
            partial(cancelled, reason="cancelled_by_payer"),
            "Your payment of 150.00 RUB to bob was cancelled. You cancelled it.",
            "A payment of 150.00 RUB from alice to you was cancelled.",
        ),
        (
            partial(cancelled, reason="expired"),
            "Your payment of 150.00 RUB to bob was cancelled. It was not paid in time.",
            "A payment of 150.00 RUB from alice to you was cancelled.",
        ),
    ],
)
async def test_the_payee_does_not_learn_why(
    room: Room, event: Callable[[UUID, UUID], Event], to_payer: str, to_payee: str
) -> None:
    alice, bob = await room.arrives("alice"), await room.arrives("bob")
    await room.told(event(alice, bob))
    assert [one["text"] for one in await room.notices(alice)] == [to_payer]
    assert [one["text"] for one in await room.notices(bob)] == [to_payee]
    async with room.database.read() as connection:
        kept = await connection.fetchval("SELECT facts FROM notice WHERE user_id = $1", bob)
    assert kept == {"amount_minor": 15000, "currency": "RUB"}


async def test_of_a_payment_that_was_paid_in_part_the_part_is_told(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(replace(paid(alice, bob), paid_minor=4000))
    assert (await room.notices(alice))[0]["text"] == "You paid 40.00 RUB to bob."
    assert (await room.notices(bob))[0]["amount"] == "40.00"


async def test_every_refund_of_a_payment_is_told_to_both(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment = paid(alice, bob)
    await room.told(refunded(payment, 4000, 4000))
    room.clock.advance(1)
    await room.told(refunded(payment, 11000, 15000))
    to_alice, to_bob = await room.notices(alice), await room.notices(bob)
    assert [one["text"] for one in to_alice] == [
        "You got 110.00 RUB back from bob.",
        "You got 40.00 RUB back from bob.",
    ]
    assert [one["text"] for one in to_bob] == [
        "110.00 RUB that you had received went back to alice.",
        "40.00 RUB that you had received went back to alice.",
    ]
    about = {(one["kind"], one["subject_id"]) for one in to_alice + to_bob}
    payment_id = str(payment.payment_id)
    assert about == {("refund_received", payment_id), ("refund_made", payment_id)}


@pytest.mark.parametrize("event", [paid, failed, cancelled])
async def test_of_a_payment_to_a_merchant_its_payer_alone_hears(
    room: Room, alice: UUID, event: Callable[[UUID, UUID], Event]
) -> None:
    await room.told(event(alice, SHOP))
    assert len(await room.notices(alice)) == await room.count("notice") == 1
    assert {mail["user_id"] for mail in await room.stored()} <= {alice}


async def test_what_a_merchant_gets_or_gives_back_is_told_to_its_payer_alone(
    room: Room, alice: UUID
) -> None:
    payment = paid(alice, SHOP)
    await room.told(refunded(payment, 4000, 4000), disputed(payment, 4000, "fraudulent"))
    await room.told(moved(SHOP, "top_up"))
    [notice] = await room.notices(alice)
    assert notice["text"] == "You got 40.00 RUB back."
    assert await room.count("notice") == 1


async def test_a_top_up_is_told_to_the_owner_alone(room: Room, alice: UUID) -> None:
    await room.told(moved(alice, "top_up"))
    [notice] = await room.notices(alice)
    assert notice["text"] == "1000.00 RUB was added to your wallet."
    assert await room.count("notice") == 1


@pytest.mark.parametrize(
    ("threshold", "kind", "text"),
    [
        (
            80,
            "budget_nearly_used",
            "На «Кафе» за 2026-11 потрачено 90.00 RUB из 100.00 RUB: 80 % бюджета или больше.",
        ),
        (
            100,
            "budget_used",
            "На «Кафе» за 2026-11 потрачено 90.00 RUB; бюджет был 100.00 RUB.",
        ),
    ],
)
async def test_a_budget_that_reaches_a_threshold_is_told_to_its_owner(
    room: Room, alice: UUID, threshold: int, kind: str, text: str
) -> None:
    reached = BudgetReached(
        budget_id=new_id(),
        user_id=alice,
        category_id=new_id(),
        category="Кафе",
        month=date(2026, 11, 1),
        threshold=threshold,
        used_minor=9000,
        available_minor=10000,
        currency="RUB",
    )
    await room.told(reached)
    [notice] = await room.notices(alice, "ru")
    assert (notice["kind"], notice["text"]) == (kind, text)
    assert notice["subject_id"] == str(reached.budget_id)
    assert await room.count("mail") == 0


async def test_the_transfer_of_a_payment_is_not_told_twice(room: Room, alice: UUID) -> None:
    await room.told(moved(alice, "payment"))
    assert await room.notices(alice) == []


async def test_many_events_that_come_together_cost_one_statement(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob))
    before = room.database.statements
    await room.told(paid(alice, bob))
    one = room.database.statements - before
    before = room.database.statements
    await room.told(*(paid(alice, bob) for _ in range(50)))
    assert room.database.statements - before == one
    assert await room.count("notice") == 104


async def test_news_of_several_kinds_that_come_mixed_cost_no_more_statements(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob))
    before = room.database.statements
    await room.told(paid(alice, bob))
    one = room.database.statements - before
    news = [(created(alice, bob), paid(alice, bob), moved(bob, "top_up")) for _ in range(20)]
    before = room.database.statements
    await room.told(*(event for mixed in news for event in mixed))
    assert room.database.statements - before == one
    assert await room.count("notice") == 4 + 20 * 3


async def test_somebody_without_a_name_is_not_named(room: Room, alice: UUID) -> None:
    nameless = await room.arrives(None)
    await room.told(paid(alice, nameless), paid(alice, new_id()))
    assert [one["text"] for one in await room.notices(alice)] == ["You paid 150.00 RUB."] * 2


async def test_a_new_name_is_shown_in_old_notices(room: Room, alice: UUID, bob: UUID) -> None:
    await room.told(paid(alice, bob))
    await room.changes(bob, "robert")
    assert (await room.notices(alice))[0]["text"] == "You paid 150.00 RUB to robert."


async def test_an_older_event_about_a_user_changes_nothing(room: Room, alice: UUID) -> None:
    bob = new_id()
    await room.told(changed(bob, "robert"), sequence=3)
    await room.told(changed(bob, "bob"), sequence=2)
    await room.told(paid(alice, bob))
    assert (await room.notices(alice))[0]["text"] == "You paid 150.00 RUB to robert."


async def test_of_several_events_about_a_user_that_come_together_the_newest_counts(
    room: Room, alice: UUID
) -> None:
    bob = new_id()
    await room.told(changed(bob, "robert"), changed(bob, "bob"), sequence=2)
    await room.told(paid(alice, bob))
    assert (await room.notices(alice))[0]["text"] == "You paid 150.00 RUB to robert."


async def test_nothing_is_left_of_a_deleted_user(room: Room, alice: UUID, bob: UUID) -> None:
    await room.told(paid(alice, bob))
    await room.changes(bob, None, "deleted")
    assert await room.notices(bob) == []
    assert [one["text"] for one in await room.notices(alice)] == ["You paid 150.00 RUB."]
    await room.told(paid(alice, bob))
    assert await room.notices(bob) == []
    assert len(await room.notices(alice)) == 2


async def test_notices_are_listed_newest_first_a_page_at_a_time(
    room: Room, alice: UUID, bob: UUID
) -> None:
    for amount in (100, 200, 300):
        room.clock.advance(1)
        await room.told(paid(alice, bob, amount))
    first = await room.ask(alice, "GET", "/v1/notifications", params={"limit": 2})
    assert [one["amount"] for one in first.json()["items"]] == ["3.00", "2.00"]
    cursor = first.json()["next_cursor"]
    assert first.headers["link"] == f'<?limit=2&cursor={cursor}>; rel="next"'
    rest = await room.ask(alice, "GET", "/v1/notifications", params={"limit": 2, "cursor": cursor})
    assert [one["amount"] for one in rest.json()["items"]] == ["1.00"]
    assert rest.json()["next_cursor"] is None


async def test_a_cursor_is_neither_lent_nor_used_with_another_filter(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob), paid(alice, bob))
    first = await room.ask(alice, "GET", "/v1/notifications", params={"limit": 1})
    cursor = first.json()["next_cursor"]
    for caller, query in ((bob, {}), (alice, {"unread": "true"})):
        answer = await room.ask(
            caller, "GET", "/v1/notifications", params={"cursor": cursor, **query}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_an_event_that_comes_again_makes_no_second_notice_and_is_noted_nowhere_else(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob), failed(alice, bob), moved(alice, "top_up"))
    once = {who: await room.notices(who) for who in (alice, bob)}
    assert [len(found) for found in once.values()] == [3, 2]
    assert (await room.read(alice, once[alice][0]["id"])).status_code == 200
    once[alice] = await room.notices(alice)

    room.clock.advance(60)
    await room.told_again()
    assert {who: await room.notices(who) for who in (alice, bob)} == once
    assert await room.count("inbox") == 0


_WAITING = """
SELECT count(*)::int FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.mark.parametrize("attempts", [0, 2], ids=["with others", "alone"])
async def test_an_event_that_another_worker_is_storing_is_looked_for_once_it_is_there(
    room: Room, alice: UUID, bob: UUID, attempts: int
) -> None:
    await room.told(paid(alice, bob))
    once = {who: await room.notices(who) for who in (alice, bob)}

    async def waiting() -> int:
        async with room.database.read() as connection:
            return int(await connection.fetchval(_WAITING))

    async with room.database.unit_of_work() as uow:
        rows = [tuple(row) for row in await uow.fetch("DELETE FROM notice RETURNING *")]
    other = room.database.unit_of_work()
    async with asyncio.TaskGroup() as tasks, other as uow:
        await uow.execute("INSERT INTO notice SELECT * FROM unnest($1::notice[])", rows)
        tasks.create_task(room.told_again(attempts))
        await eventually(waiting, bool)
    assert {who: await room.notices(who) for who in (alice, bob)} == once
    assert await room.count("letter") == 0


async def test_what_was_read_is_no_longer_among_the_unread(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob), paid(alice, bob))
    [first, second] = await room.notices(alice)
    answer = await room.read(alice, first["id"])
    assert answer.status_code == 200
    assert answer.json()["read_at"] is not None
    assert [one["id"] for one in await room.notices(alice, unread="true")] == [second["id"]]
    assert [one["id"] for one in await room.notices(alice, unread="false")] == [first["id"]]
    assert len(await room.notices(alice)) == 2


async def test_reading_again_keeps_the_time_of_the_first_reading(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob))
    [notice] = await room.notices(alice)
    first = await room.read(alice, notice["id"])
    room.clock.advance(60)
    assert (await room.read(alice, notice["id"])).json() == first.json()


async def test_all_are_read_at_once_and_nobody_elses(room: Room, alice: UUID, bob: UUID) -> None:
    await room.told(paid(alice, bob), paid(alice, bob))
    answer = await room.ask(alice, "POST", "/v1/notifications/read-all")
    assert answer.json() == {"read": 2}
    answer = await room.ask(alice, "POST", "/v1/notifications/read-all")
    assert answer.json() == {"read": 0}
    assert await room.notices(alice, unread="true") == []
    assert len(await room.notices(bob, unread="true")) == 2


async def test_anothers_notice_answers_as_a_missing_one(room: Room, alice: UUID, bob: UUID) -> None:
    await room.told(paid(alice, bob))
    [notice] = await room.notices(bob)
    theirs, missing = await room.read(alice, notice["id"]), await room.read(alice, new_id())
    for answer in (theirs, missing):
        assert (answer.status_code, answer.json()["code"]) == (404, "notice_not_found")
    volatile = ("instance", "request_id")
    bodies = [
        {key: value for key, value in answer.json().items() if key not in volatile}
        for answer in (theirs, missing)
    ]
    assert bodies[0] == bodies[1]
    assert (await room.notices(bob))[0]["read_at"] is None


DISPUTED = "30.00 RUB that you had received from alice is disputed by the card's owner."


@pytest.mark.parametrize(
    ("reason", "language", "title", "text"),
    [
        (
            "fraudulent",
            "en",
            "Payment disputed",
            f"{DISPUTED} The owner says that somebody else paid with the card.",
        ),
        (
            "insufficient_funds",  # a word of the provider's that payments has, too
            "en",
            "Payment disputed",
            DISPUTED,
        ),
        (
            None,
            "ru",
            "Платёж оспорен",
            "Владелец карты оспорил полученные вами 30.00 RUB от пользователя alice.",
        ),
    ],
)
async def test_the_payee_alone_hears_and_is_mailed_that_a_payment_is_disputed(  # noqa: PLR0913, PLR0917
    room: Room,
    alice: UUID,
    bob: UUID,
    reason: str | None,
    language: str,
    title: str,
    text: str,
) -> None:
    room.addresses.languages[bob] = language
    dispute = disputed(paid(alice, bob), 3000, reason)
    await room.told(dispute)
    [notice] = await room.notices(bob, language)
    assert (notice["kind"], notice["title"]) == ("payment_disputed", title)
    assert (notice["text"], notice["amount"]) == (text, "30.00")
    assert await room.notices(alice) == []
    await room.mail_worker.send_due()
    [mail] = room.mails()
    assert (mail.recipients, mail.subject) == (("bob@example.com",), title)
    assert text in mail.text


@pytest.mark.parametrize(("outcome", "title"), [("won", "Dispute won"), ("lost", "Dispute lost")])
async def test_the_payee_hears_and_is_mailed_how_each_dispute_ended(
    room: Room, alice: UUID, bob: UUID, outcome: str, title: str
) -> None:
    payment = paid(alice, bob)
    first, second = disputed(payment, 3000, None), disputed(payment, 2000, None)
    await room.told(closed(first, outcome), closed(second, outcome))
    notices = await room.notices(bob)
    assert [(one["kind"], one["title"]) for one in notices] == [(f"dispute_{outcome}", title)] * 2
    assert {one["amount"] for one in notices} == {"30.00", "20.00"}
    await room.mail_worker.send_due()
    assert [mail.subject for mail in room.mails("bob@example.com")] == [title] * 2
    assert await room.notices(alice) == []


async def test_both_hear_of_a_refund_that_came_back(room: Room, alice: UUID, bob: UUID) -> None:
    await room.told(refund_failed(paid(alice, bob), 3000))
    [to_alice], [to_bob] = await room.notices(alice), await room.notices(bob, "ru")
    assert to_alice["text"] == "A refund of 30.00 RUB from bob could not be paid out to you."
    assert to_bob["text"] == (
        "Возврат 30.00 RUB пользователю alice не удалось выплатить; деньги снова ваши."
    )


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, [3, 2, 1]),
        ({"from": "2026-01-02"}, [3, 2]),
        ({"to": "2026-01-02"}, [2, 1]),
        ({"from": "2026-01-02", "to": "2026-01-02"}, [2]),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-03T00:00:00+01:00"}, [2]),
        ({"from": "2026-01-04"}, []),
        ({"from": "2026-01-02", "limit": 1}, [3]),
        ({"from": "2026-01-01", "unread": "false"}, []),
    ],
)
async def test_notices_are_listed_by_a_range_of_time(
    room: Room, alice: UUID, bob: UUID, query: dict[str, object], days: list[int]
) -> None:
    for day in (1, 2, 3):
        await room.told(paid(alice, bob))
        async with room.database.unit_of_work() as uow:
            at = datetime(2026, 1, day, 12, tzinfo=UTC)
            now = room.clock.now()
            await uow.execute("UPDATE notice SET created_at = $1 WHERE created_at = $2", at, now)
    answer = await room.ask(bob, "GET", "/v1/notifications", params=query)
    assert [int(one["created_at"][8:10]) for one in answer.json()["items"]] == days


@pytest.mark.parametrize(
    "query",
    [
        {"from": "1767225600"},
        {"from": "1767225600.5"},
        {"to": "2026-01-02T00:00:00"},
        {"to": "2026-01-02T00:00"},
        {"to": "2026-01-02 00:00:00Z"},
        {"to": "2026-13-01"},
        {"from": "yesterday"},
        {"created_from": "2026-01-01"},
        {"user_id": "0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01"},
    ],
)
async def test_a_range_that_is_no_range_and_a_filter_that_is_none_are_refused(
    room: Room, alice: UUID, query: dict[str, str]
) -> None:
    answer = await room.ask(alice, "GET", "/v1/notifications", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_range_that_does_not_go_forwards_is_refused(room: Room, alice: UUID) -> None:
    query = {"from": "2026-01-02", "to": "2026-01-01"}
    for path in ("/v1/notifications", "/v1/webhook-endpoints", "/v1/webhook-deliveries"):
        answer = await room.ask(alice, "GET", path, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid"), path


async def test_a_person_keeps_the_newest_notices_only(room: Room, alice: UUID, bob: UUID) -> None:
    events = [paid(alice, bob) for _ in range(5)]
    await room.told(*events)
    async with room.database.unit_of_work() as uow:
        assert await Notices(uow).users_with_more_than(5) == []
        assert set(await Notices(uow).users_with_more_than(4)) == {alice, bob}
        assert await Notices(uow).purge_oldest(bob, 4) == 1
    assert len(await room.notices(bob)) == 4
    assert len(await room.notices(alice)) == 5
