from uuid import UUID

from tests.integration.payments.room import Room

from contracts.payments import PaymentCreated


async def tell(room: Room, *listeners: UUID, are_all: bool) -> int:
    """Let notifications name listeners; returns the status of the answer."""
    headers = {"Authorization": f"Bearer {room.desk.mint.service('notifications')}"}
    body = {"user_ids": [str(one) for one in listeners], "are_all": are_all}
    answer = await room.http.post("/internal/listeners", json=body, headers=headers)
    return answer.status_code


async def told_of(room: Room) -> list[UUID]:
    """Return the new payments that others were told of, in order."""
    await room.settle()
    return [told.message.payment_id for told in room.published(PaymentCreated)]


async def test_a_new_payment_is_told_of_where_payer_or_payee_listens(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    assert await tell(room, carol, are_all=True) == 204
    unheard = await room.create(alice, bob)
    heard = [await room.create(alice, carol), await room.create(carol, bob)]
    assert await told_of(room) == heard
    await room.pay(alice, unheard)
    await room.settle()
    assert await room.status(alice, unheard) == "paid"

    assert await tell(room, carol, bob, are_all=False) == 204
    heard.append(await room.create(alice, bob))
    assert await told_of(room) == heard


async def test_what_nobody_else_is_told_of_still_wakes_streams_and_the_schedule(
    room: Room, alice: UUID, bob: UUID
) -> None:
    assert await tell(room, are_all=True) == 204
    await room.database.wake_up.wait(0)
    await room.create(alice, bob)
    assert await room.database.wake_up.wait(0)
    assert await told_of(room) == []


async def test_everybody_is_told_of_until_all_listeners_are_known(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    assert await tell(room, carol, are_all=False) == 204
    heard = [await room.create(alice, bob)]
    assert await told_of(room) == heard
    assert await tell(room, are_all=True) == 204
    await room.create(alice, bob)
    assert await told_of(room) == heard


async def test_no_more_listeners_are_named_at_once_than_a_statement_takes(
    room: Room, alice: UUID
) -> None:
    assert await tell(room, *[alice] * 1001, are_all=False) == 422
    assert await tell(room, *[alice] * 1000, are_all=False) == 204  # each counts once
