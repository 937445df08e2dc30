"""What is kept, for whom and how long: the loops that purge, as the service starts them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import Hooks
from tests.integration.notifications.room import Room, opened

from testkit.conditions import running, until
from testkit.databases import Cluster

URL = "http://127.0.0.1:9001/hooks"
MOST_MESSAGES, MOST_NOTICES, MOST_DELETED = 100_000, 10_000, 100
DAYS_KEPT = 7


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    kept = {"webhook_retention_days": DAYS_KEPT}
    async with opened(cluster, webhook_allow_loopback=True, **kept) as room:
        yield room


async def keeping_up(room: Room, loop: str, table: str, left: int) -> None:
    """Run one of the service's loops until a table has as many rows as should be left."""
    work = dict(room.service.background)[loop]

    async def is_tidy() -> bool:
        return await room.count(table) <= left

    async with running(work(room.service)):
        await until(is_tidy)


async def messages(room: Room, owner: UUID, count: int, first: datetime) -> None:
    """Store so many messages of one person, a second apart, from a time on."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO webhook_message (id, user_id, type, body, occurred_at, created_at)
            SELECT gen_random_uuid(), $1, 'payment.paid', '', at, at
            FROM generate_series(0, $2::int - 1) AS n, LATERAL (
                SELECT $3::timestamptz + n * interval '1 second' AS at) AS each
            """,
            owner,
            count,
            first,
        )


async def oldest(room: Room, table: str, owner: UUID) -> datetime:
    async with room.database.read() as connection:
        found: datetime = await connection.fetchval(
            f"SELECT min(created_at) FROM {table} WHERE user_id = $1",
            owner,
        )
    return found


async def test_beyond_a_hundred_thousand_messages_a_person_loses_the_oldest_alone(
    room: Room, alice: UUID, bob: UUID
) -> None:
    began = room.clock.now() - timedelta(days=3)
    await messages(room, alice, MOST_MESSAGES + 1_003, began)
    await messages(room, bob, 5, began - timedelta(days=1))
    await keeping_up(room, "webhooks.purge", "webhook_message", MOST_MESSAGES + 5)
    assert await room.count("webhook_message") == MOST_MESSAGES + 5
    assert await oldest(room, "webhook_message", alice) == began + timedelta(seconds=1_003)
    assert await oldest(room, "webhook_message", bob) == began - timedelta(days=1)


async def test_messages_stay_for_as_many_days_as_the_setting_says(room: Room, alice: UUID) -> None:
    bound = room.clock.now() - timedelta(days=DAYS_KEPT)
    await messages(room, alice, 2_003, bound - timedelta(seconds=2_001))
    await keeping_up(room, "webhooks.purge", "webhook_message", 2)
    assert await room.count("webhook_message") == 2
    assert await oldest(room, "webhook_message", alice) == bound


async def test_beyond_ten_thousand_notices_a_person_loses_the_oldest_alone(
    room: Room, alice: UUID, bob: UUID
) -> None:
    began = room.clock.now() - timedelta(days=30)
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO notice (id, user_id, kind, subject_id, facts, created_at)
            SELECT gen_random_uuid(), who, 'payment_paid', gen_random_uuid(), '{}',
                $3::timestamptz + n * interval '1 second'
            FROM (VALUES ($1::uuid, $4::int), ($2::uuid, 4)) AS person (who, count),
                generate_series(0, count - 1) AS n
            """,
            alice,
            bob,
            began,
            MOST_NOTICES + 7,
        )
    await keeping_up(room, "webhooks.purge", "notice", MOST_NOTICES + 4)
    assert await room.count("notice") == MOST_NOTICES + 4
    assert await oldest(room, "notice", alice) == began + timedelta(seconds=7)
    assert await oldest(room, "notice", bob) == began


async def test_of_endpoints_deleted_long_ago_the_log_goes_before_its_time(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    room = hooks.room
    for owner, count in ((alice, MOST_DELETED + 3), (bob, 1)):
        for _ in range(count):
            endpoint = await hooks.make(owner, URL)
            await hooks.ask(owner, "POST", endpoint, "/test")
            await hooks.ask(owner, "DELETE", endpoint)
            room.clock.advance(1)
    await keeping_up(room, "webhooks.purge", "webhook_endpoint", MOST_DELETED + 1)
    async with room.database.read() as connection:
        rows = await connection.fetch(
            "SELECT user_id, count(*), min(deleted_at) AS first FROM webhook_endpoint"
            " JOIN webhook_delivery ON endpoint_id = webhook_endpoint.id GROUP BY user_id"
        )
    left = {row["user_id"]: (row["count"], row["first"]) for row in rows}
    ended = room.clock.now()
    assert left[alice] == (MOST_DELETED, ended - timedelta(seconds=MOST_DELETED + 1))
    assert left[bob] == (1, ended - timedelta(seconds=1))


async def test_what_waits_for_an_endpoint_that_is_off_is_skipped_unless_it_is_being_sent(
    hooks: Hooks, alice: UUID
) -> None:
    room = hooks.room
    endpoint = await hooks.make(alice, URL)
    for _ in range(3):
        await hooks.ask(alice, "POST", endpoint, "/test")
    now = room.clock.now()
    async with room.database.unit_of_work() as uow:  # as an interrupted worker leaves them
        await uow.execute(
            "UPDATE webhook_endpoint SET is_active = false, off_reason = 'gone', off_at = $1", now
        )
        await uow.execute(
            """
            UPDATE webhook_delivery SET leased_until = lease.until
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM webhook_delivery) AS one
            JOIN (VALUES (1, $1::timestamptz), (2, $2::timestamptz)) AS lease (place, until)
                USING (place)
            WHERE webhook_delivery.id = one.id
            """,
            now,
            now + timedelta(seconds=1),
        )
    work = dict(room.service.background)["webhooks.purge"]

    async def statuses() -> list[str]:
        return [one["status"] for one in await hooks.log(alice, endpoint)]

    async def are_skipped() -> bool:
        return "skipped" in await statuses()

    async with running(work(room.service)):
        await until(are_skipped)
    assert sorted(await statuses()) == ["pending", "skipped", "skipped"]


async def test_mails_and_faults_of_addresses_are_forgotten_after_thirty_days(
    room: Room, alice: UUID, bob: UUID
) -> None:
    now = room.clock.now()
    bound = now - timedelta(days=30)
    early, late = bound - timedelta(seconds=1), now + timedelta(days=1)
    async with room.database.unit_of_work() as uow:
        for number, ended in enumerate((early, bound, now, None)):
            await uow.execute(
                "INSERT INTO mail (id, user_id, kind, dedupe_key, facts, status, created_at,"
                " next_at, finished_at) VALUES (gen_random_uuid(), $1, 'payment_paid', $2, '{}',"
                " $3, $4, $5, $6)",
                alice,
                f"mail {number}",
                "waiting" if ended is None else "sent",
                early - timedelta(days=1),
                late if ended is None else None,
                ended,
            )
        for number, (last, muted) in enumerate(
            [(early, None), (early, early), (bound, None), (early, late), (now, None)]
        ):
            await uow.execute(
                "INSERT INTO address_fault VALUES ($1, $2, '5.1.1', 3, $3, $3, $4)",
                bytes([number]) * 32,
                bob,
                last,
                muted,
            )
    await keeping_up(room, "mail_purge", "address_fault", 3)
    async with room.database.read() as connection:
        mails = await connection.fetch("SELECT dedupe_key FROM mail ORDER BY dedupe_key")
        faults = await connection.fetch("SELECT address_hash FROM address_fault ORDER BY 1")
    assert [row[0] for row in mails] == ["mail 1", "mail 2", "mail 3"]
    assert [row[0][0] for row in faults] == [2, 3, 4]
