import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.money import Money
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import Payment, PaymentStatus
from payments.live.waiters import Finishes, Places


def payment(number: int, status: PaymentStatus = PaymentStatus.PAID) -> Payment:
    created = decide_creation(
        PaymentOrder(
            payer_id=UUID(int=1), payee=PayeeName(username="bob"), amount=Money(100, "RUB")
        ),
        Parties(None, Person(UUID(int=2), "bob", "active")),
        payment_id=UUID(int=number),
        now=datetime(2026, 1, 31, tzinfo=UTC),
        ttl=timedelta(hours=1),
    )
    return replace(created, status=status)


async def test_all_who_wait_for_a_payment_are_told_and_nobody_else() -> None:
    finishes = Finishes()
    mine, other = payment(10), payment(11)
    with (
        finishes.expect(mine.id) as one,
        finishes.expect(mine.id) as two,
        finishes.expect(other.id) as three,
    ):
        finishes.tell([mine])
        assert await one == await two == mine
        assert not three.done()


async def test_being_told_twice_is_being_told_once() -> None:
    finishes = Finishes()
    mine = payment(10)
    with finishes.expect(mine.id) as finish:
        finishes.tell([mine])
        finishes.tell([mine])
        assert await finish == mine


async def test_who_has_left_is_forgotten_while_others_go_on_waiting() -> None:
    finishes = Finishes()
    mine = payment(10)
    with finishes.expect(mine.id) as stays:
        with pytest.raises(TimeoutError), finishes.expect(mine.id) as leaves:
            async with asyncio.timeout(0):
                await leaves
        finishes.tell([mine])
        assert await stays == mine
    finishes.tell([mine])


async def test_who_waits_for_the_end_is_not_told_that_the_money_is_set_aside() -> None:
    finishes = Finishes()
    set_aside = replace(
        payment(10, PaymentStatus.CREATED), reserved_at=datetime(2026, 1, 31, tzinfo=UTC)
    )
    paid = payment(10)
    with (
        finishes.expect(paid.id) as end,
        finishes.expect(paid.id, or_set_aside=True) as news,
    ):
        finishes.tell([payment(10, PaymentStatus.CREATED)])
        assert not news.done()
        finishes.tell([set_aside])
        assert await news == set_aside
        assert not end.done()
        finishes.tell([paid])
        assert await end == paid
    with finishes.expect(paid.id, or_set_aside=True) as news:
        finishes.tell([payment(10, PaymentStatus.FAILED)])
        assert (await news).status is PaymentStatus.FAILED


def test_each_user_has_places_of_their_own_and_gives_them_back() -> None:
    places, alice, bob = Places(1), new_id(), new_id()
    with places.place(alice) as first, places.place(alice) as second, places.place(bob) as other:
        assert (first, second, other) == (True, False, True)
    with places.place(alice) as again:
        assert again
    assert not places._taken
