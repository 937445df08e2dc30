import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
import respx
from tests.integration.payments.room import Room

from contracts.auth import UserChanged, UserRegistered
from kit.ids import new_id
from kit.outgoing import RemoteCallInUnitOfWorkError, http_client


async def fail_at_commit(room: Room, table: str) -> None:
    """Make COMMIT itself fail wherever the table was written to."""
    await room.as_owner(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'COMMIT refused'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )


async def heal(room: Room) -> None:
    await room.as_owner("DROP FUNCTION IF EXISTS refuse() CASCADE")


async def test_a_creation_whose_commit_fails_is_a_5xx_and_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    body = {"payee": {"user_id": str(bob)}, "amount": "10.00"}
    headers = {"Idempotency-Key": "k"}
    await fail_at_commit(room, "payment")
    try:
        answer = await room.post(alice, "/v1/payments", json=body, headers=headers)
    finally:
        await heal(room)
    assert answer.status_code >= 500
    for table in ("payment", "outbox", "idempotency"):
        assert await room.count(table) == 0
    again = await room.post(alice, "/v1/payments", json=body, headers=headers)
    assert again.status_code == 201


@pytest.mark.parametrize("table", ["payment", "saga"])
async def test_a_pay_whose_commit_fails_is_a_5xx_and_nothing(
    room: Room, alice: UUID, bob: UUID, table: str
) -> None:
    payment_id = await room.create(alice, bob)
    await room.settle()
    await fail_at_commit(room, table)
    try:
        answer = await room.pay(alice, payment_id)
    finally:
        await heal(room)
    assert answer.status_code >= 500
    assert (await room.seen(alice, payment_id))["status"] == "created"
    for untouched in ("saga", "outbox"):
        assert await room.count(untouched) == 0
    assert (await room.pay(alice, payment_id)).status_code == 202


async def test_a_finish_whose_commit_fails_is_made_up_for(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id)
    await fail_at_commit(room, "payment")
    try:
        await room.settle()
    finally:
        await heal(room)
    assert (await room.seen(alice, payment_id))["status"] == "processing"
    assert await room.count("letter") == 1  # parked, to be tried again
    room.clock.advance(60)
    await room.retry()
    assert (await room.seen(alice, payment_id))["status"] == "paid"


async def test_with_the_broker_away_paying_is_accepted_and_settles_when_it_is_back(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.pump.broker.is_down = True
    payment_id = await room.create(alice, bob)
    assert (await room.pay(alice, payment_id)).status_code == 202
    assert (await room.seen(alice, payment_id))["status"] == "processing"
    room.pump.broker.is_down = False
    await room.settle()
    assert (await room.seen(alice, payment_id))["status"] == "paid"


async def test_nobody_is_called_while_a_unit_of_work_is_open(
    room: Room, outside: respx.MockRouter
) -> None:
    called = outside.get("http://elsewhere.test/")
    async with http_client() as client:
        with pytest.raises(RemoteCallInUnitOfWorkError):
            async with room.database.unit_of_work():
                await client.get("http://elsewhere.test/")
        assert not called.called
        await client.get("http://elsewhere.test/")


class TestIdempotencyKey:
    """One effect and one answer for requests that are sent again."""

    async def test_the_same_request_gets_the_same_answer(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        first = await self.create(room, alice, bob)
        again = await self.create(room, alice, bob)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert again.headers["location"] == first.headers["location"]
        assert await room.count("payment") == 1

    async def test_another_body_is_refused_naming_the_field(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        await self.create(room, alice, bob)
        other = await self.create(room, alice, bob, amount="11.00")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert [fault["pointer"] for fault in other.json()["errors"]] == ["/amount"]
        assert await room.count("payment") == 1

    async def test_twenty_at_once_make_one_payment(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        answers = await asyncio.gather(*(self.create(room, alice, bob) for _ in range(20)))
        counted = Counter(answer.status_code for answer in answers)
        assert set(counted) <= {201, 409}
        made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        assert len(made) == await room.count("payment") == 1
        assert all("retry-after" in a.headers for a in answers if a.status_code == 409)

    async def test_another_users_same_key_is_another_key(
        self, room: Room, alice: UUID, bob: UUID, carol: UUID
    ) -> None:
        first = await self.create(room, alice, carol)
        other = await self.create(room, bob, carol)
        assert first.json()["id"] != other.json()["id"]

    async def test_a_refused_request_does_not_use_the_key_up(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        assert (await self.create(room, alice, bob, amount="x")).status_code == 422
        assert (await self.create(room, alice, alice)).status_code == 422
        assert (await self.create(room, alice, bob)).status_code == 201

    async def test_paying_and_cancelling_take_a_key_too(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        headers = {"Idempotency-Key": "p"}
        paid, cancelled = await room.create(alice, bob), await room.create(alice, bob)
        first = await room.pay(alice, paid, headers=headers)
        await room.settle()
        again = await room.pay(alice, paid, headers=headers)
        assert (again.status_code, again.json()) == (202, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        waited = await room.pay(alice, paid, headers={**headers, "Prefer": "wait=5"})
        assert (waited.status_code, waited.json()["status"]) == (200, "paid")
        other = await room.pay(alice, cancelled, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        for _ in range(2):
            answer = await room.cancel(alice, cancelled, headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")

    @staticmethod
    async def create(room: Room, payer: UUID, payee: UUID, amount: str = "10.00") -> Any:
        return await room.post(
            payer,
            "/v1/payments",
            json={"payee": {"user_id": str(payee)}, "amount": amount},
            headers={"Idempotency-Key": "key-1"},
        )


class TestReadModels:
    """What is known of people is the newest that was told, in whatever order it came."""

    @staticmethod
    def changed(user_id: UUID, username: str | None, status: Any = "active") -> UserChanged:
        return UserChanged(
            user_id=user_id, number=1, username=username, status=status, roles=("user",)
        )

    async def username(self, room: Room, user_id: UUID) -> str | None:
        async with room.database.read() as connection:
            found: str | None = await connection.fetchval(
                "SELECT username FROM party WHERE user_id = $1", user_id
            )
        return found

    async def test_an_older_event_changes_nothing(self, room: Room) -> None:
        user_id = new_id()
        await room.told(self.changed(user_id, "third"), sequence=3)
        await room.told(self.changed(user_id, "second"), sequence=2)
        registered = UserRegistered(user_id=user_id, number=1, username="first", status="pending")
        await room.told(registered, sequence=1)
        assert await self.username(room, user_id) == "third"
        await room.told(self.changed(user_id, "fourth"), sequence=4)
        assert await self.username(room, user_id) == "fourth"

    async def test_of_one_batch_the_newest_counts(self, room: Room) -> None:
        user_id = new_id()
        for name, sequence in (("b", 2), ("c", 3), ("a", 1)):
            room.arrive(self.changed(user_id, name), sequence)
        await room.settle()
        assert await self.username(room, user_id) == "c"

    async def test_a_wallet_told_of_twice_is_kept_once(self, room: Room, alice: UUID) -> None:
        account_id = await room.opens(alice)
        await room.opens(alice)
        async with room.database.read() as connection:
            rows = await connection.fetch(
                "SELECT * FROM wallet_owner WHERE account_id = $1", account_id
            )
        assert [(row["owner_id"], row["currency"]) for row in rows] == [(alice, "RUB")]

    async def test_of_a_deleted_user_no_name_is_left_and_no_name_on_a_card(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await room.create(alice, bob, card_holder="ALICE LIDDELL", card_last4="4242")
        await room.told(self.changed(alice, None, "deleted"), sequence=2)
        seen = await room.seen(alice, payment_id)
        assert (seen["card_holder"], seen["payer"]["username"]) == (None, None)
        assert seen["amount"] == "10.00"
