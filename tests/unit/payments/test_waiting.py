import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from kit.ids import new_id
from kit.money import Money
from kit.waiters import Places, in_time
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import Payment, PaymentStatus
from payments.live.waiters import PaymentWaiters


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
    payment_waiters = PaymentWaiters()
    mine, other = payment(10), payment(11)
    with (
        payment_waiters.expect(mine.id) as one,
        payment_waiters.expect(mine.id) as two,
        payment_waiters.expect(other.id) as three,
    ):
        payment_waiters.wake([mine])
        assert await one == await two == mine
        assert not three.done()


async def test_news_is_waited_for_no_longer_than_asked_and_what_comes_later_hurts_nobody() -> None:
    payment_waiters = PaymentWaiters()
    mine = payment(10)
    with payment_waiters.expect(mine.id) as finish:
        payment_waiters.wake([mine])
        assert await in_time(finish, 0) == mine
    with payment_waiters.expect(mine.id) as finish:
        assert await in_time(finish, 0) is None
        payment_waiters.wake([mine])
    with payment_waiters.expect(mine.id) as finish:
        asyncio.get_running_loop().call_soon(payment_waiters.wake, [mine])
        assert await in_time(finish, 0) == mine  # it came just before the end


async def test_who_goes_while_waiting_has_nothing_told_to_them() -> None:
    payment_waiters = PaymentWaiters()
    mine = payment(10)
    with pytest.raises(TimeoutError), payment_waiters.expect(mine.id) as finish:
        async with asyncio.timeout(0):
            await in_time(finish, 60)
    payment_waiters.wake([mine])
    assert finish.cancelled()


async def test_being_told_twice_is_being_told_once() -> None:
    payment_waiters = PaymentWaiters()
    mine = payment(10)
    with payment_waiters.expect(mine.id) as finish:
        payment_waiters.wake([mine])
        payment_waiters.wake([mine])
        assert await finish == mine


async def test_who_has_left_is_forgotten_while_others_go_on_waiting() -> None:
    payment_waiters = PaymentWaiters()
    mine = payment(10)
    with payment_waiters.expect(mine.id) as stays:
        with pytest.raises(TimeoutError), payment_waiters.expect(mine.id) as leaves:
            async with asyncio.timeout(0):
                await leaves
        payment_waiters.wake([mine])
        assert await stays == mine
    payment_waiters.wake([mine])


async def test_who_waits_for_the_end_is_not_told_that_the_money_is_set_aside() -> None:
    payment_waiters = PaymentWaiters()
    set_aside = replace(
        payment(10, PaymentStatus.CREATED), reserved_at=datetime(2026, 1, 31, tzinfo=UTC)
    )
    paid = payment(10)
    with (
        payment_waiters.expect(paid.id) as end,
        payment_waiters.expect(paid.id, or_set_aside=True) as news,
    ):
        payment_waiters.wake([payment(10, PaymentStatus.CREATED)])
        assert not news.done()
        payment_waiters.wake([set_aside])
        assert await news == set_aside
        assert not end.done()
        payment_waiters.wake([paid])
        assert await end == paid
    with payment_waiters.expect(paid.id, or_set_aside=True) as news:
        payment_waiters.wake([payment(10, PaymentStatus.FAILED)])
        assert (await news).status is PaymentStatus.FAILED


def test_each_user_has_places_of_their_own_and_gives_them_back() -> None:
    places, alice, bob = Places(2), new_id(), new_id()
    with places.place(alice) as first, places.place(bob) as other:
        with places.place(alice) as second, places.place(alice) as third:
            assert (first, second, third, other) == (True, True, False, True)
        with places.place(alice) as again, places.place(alice) as too_many:
            assert (again, too_many) == (True, False)
    assert not places._taken
