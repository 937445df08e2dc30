"""A service takes a payment by card: the page, the end, and money that comes too late."""

from uuid import UUID

import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.merchants import CARD, Shop, refunding, returning, taking
from tests.integration.payments.room import Room, opened

from contracts.payments import CardPageOpened, PaymentNotTaken, PaymentTaken
from contracts.wallet import HOUSE, SHOP, AccountRef, Transfer
from testkit.databases import Cluster

YOOKASSA = {
    "provider": "yookassa",
    "yookassa_shop_id": "shop",
    "yookassa_key": "key",
    "yookassa_receipts": True,
}


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


@pytest.fixture
def shop(room: Room) -> Shop:
    return Shop(room)


async def test_the_page_is_told_of_at_once_and_the_end_when_it_comes(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    command = taking(alice, 1500, **CARD)
    assert await shop.asks(command) == []
    await room.charge()
    asked = {"in_reply_to": command.command_id, "payment_id": command.payment_id}
    assert shop.answers == [CardPageOpened(**asked, url="https://cards.test/card_1")]
    await cards.tells("succeeded", command.payment_id)
    await room.settle()
    assert shop.answers[1:] == [PaymentTaken(**asked, method="card")]
    [transfer] = room.wallet.heard
    assert isinstance(transfer, Transfer)
    assert transfer.payer == AccountRef(owner_id=HOUSE, provider="sandbox")
    assert transfer.payee == AccountRef(owner_id=SHOP)
    assert (await room.seen(alice, command.payment_id))["method"] == "card"


async def test_the_provider_is_asked_as_soon_as_the_command_is_stored(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    desk = room.service.state.wiring.card_desk
    assert not await desk.wake_up.wait(0)
    await shop.asks(taking(alice, **CARD))
    assert await desk.wake_up.wait(0)


async def test_the_payer_reads_what_it_is_for(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, description="Order 7 of 21 November", **CARD)
    async with room.database.read() as connection:
        text = await connection.fetchval("SELECT description FROM charge WHERE id = $1", payment_id)
    assert text == "Order 7 of 21 November"


async def test_a_declined_card_is_not_taken(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    command = taking(alice, **CARD)
    await shop.asks(command)
    await room.charge()
    await cards.tells("failed", command.payment_id, reason="card_declined")
    await room.settle()
    assert shop.answers[1:] == [
        PaymentNotTaken(
            in_reply_to=command.command_id,
            payment_id=command.payment_id,
            method="card",
            code="card_declined",
        )
    ]
    assert room.wallet.heard == []


async def test_the_command_again_is_answered_by_the_page_and_by_the_end_it_has_had(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    command = taking(alice, **CARD)
    await shop.asks(command)
    assert await shop.asks(command) == []  # there is no page yet
    await room.charge()
    assert shop.codes(await shop.asks(command)) == ["CardPageOpened"]
    await cards.tells("succeeded", command.payment_id)
    await room.settle()
    assert shop.codes(await shop.asks(command)) == ["CardPageOpened", "PaymentTaken"]
    assert len(cards.created) == 1


async def test_what_the_provider_can_not_charge_is_refused_and_nothing_is_stored(
    cluster: Cluster, outside: respx.MockRouter
) -> None:
    async with opened(cluster, **YOOKASSA) as room:
        shop, alice = Shop(room), await room.arrives("alice")
        contact = {"receipt_email": "alice@example.org"}
        commands = [
            taking(alice, **CARD),
            taking(alice, **CARD, **contact, currency="USD"),
        ]
        answers = await shop.asks(*commands)
        assert shop.codes(answers) == ["receipt_contact_missing", "card_currency_not_accepted"]
        assert await room.count("payment") == await room.count("charge") == 0
        await shop.asks(taking(alice, **CARD, **contact))
        async with room.database.read() as connection:
            receipt = await connection.fetchval("SELECT receipt FROM charge")
        assert receipt["contact"] == {"email": "alice@example.org"}


async def test_who_has_too_many_pages_open_gets_no_other(
    cluster: Cluster, outside: respx.MockRouter
) -> None:
    async with opened(cluster, most_open_charges=2) as room:
        CardProvider(room, outside)
        shop, alice = Shop(room), await room.arrives("alice")
        answers = await shop.asks(*[taking(alice, **CARD) for _ in range(3)], taking(alice))
        assert sorted(shop.codes(answers)) == ["PaymentTaken", "too_many_open_charges"]
        assert await room.count("charge") == 2
        assert await room.count("letter") == 0


async def test_without_an_address_to_return_to_it_is_a_dead_letter(
    room: Room, shop: Shop, alice: UUID
) -> None:
    assert await shop.asks(taking(alice, method="card")) == []
    assert await room.count("letter") == 1


async def test_a_page_that_is_open_is_closed_by_a_return(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    answers = await shop.asks(returning(payment_id))
    assert shop.codes(answers) == ["undone", "PaymentReturned"]
    seen = await room.seen(alice, payment_id)
    assert (seen["status"], seen["cancellation_reason"]) == ("cancelled", "undone")
    assert seen["reason_label"] == "Taken back by the seller"
    await room.charge()
    assert cards.asked("/cancel") == 1


async def test_money_that_comes_after_a_return_goes_back_by_itself_once(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await shop.asks(returning(payment_id))
    cards.status = "succeeded"  # the payer was quicker than the cancellation
    await cards.tells("succeeded", payment_id)
    for _ in range(2):
        await room.charge()
    assert shop.codes(await shop.asks(returning(payment_id))) == ["PaymentReturned"]
    assert list(cards.refunded.values()) == ["10.00"]
    assert room.wallet.heard == []


async def test_a_paid_one_goes_back_to_the_card_and_is_answered_when_it_has(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    command = returning(payment_id)
    assert await shop.asks(command) == []
    assert await shop.asks(command) == []  # a refund is under way
    await room.charge()
    assert shop.codes(shop.answers) == ["CardPageOpened", "PaymentTaken", "PaymentReturned"]
    assert list(cards.refunded.values()) == ["10.00"]
    assert await room.status(alice, payment_id) == "refunded"


async def test_a_part_goes_back_to_the_card_and_then_the_rest(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    for command in (refunding(payment_id, 300), returning(payment_id)):
        assert await shop.asks(command) == []
        await room.charge()
    assert shop.codes(shop.answers[2:]) == ["RefundMade", "PaymentReturned"]
    assert list(cards.refunded.values()) == ["3.00", "7.00"]


async def test_what_the_provider_does_not_give_back_is_not_refunded(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    cards.no_refunds = True
    await shop.asks(refunding(payment_id, 300))
    await room.charge()
    assert shop.codes(shop.answers[2:]) == ["card_refund_refused"]
    assert (await room.seen(alice, payment_id))["refunded_amount"] == "0.00"


async def test_an_open_dispute_stands_in_the_way_and_a_lost_one_has_taken_all(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    await cards.disputes("funds_withdrawn", "10.00", payment_id)
    await room.settle()
    command = returning(payment_id)
    assert await shop.asks(command) == []
    await cards.disputes("closed", "10.00", payment_id, status="lost")
    await room.settle()
    assert shop.codes(await shop.asks(command)) == ["PaymentReturned"]
    assert cards.refunded == {}


async def test_after_a_won_dispute_it_is_returned(
    room: Room, shop: Shop, cards: CardProvider, alice: UUID
) -> None:
    payment_id = await shop.takes(alice, **CARD)
    await room.charge()
    await cards.tells("succeeded", payment_id)
    await room.settle()
    await cards.disputes("funds_withdrawn", "10.00", payment_id)
    await room.settle()
    command = returning(payment_id)
    assert await shop.asks(command) == []
    await cards.disputes("funds_reinstated", "10.00", payment_id, status="won")
    await cards.disputes("closed", "10.00", payment_id, status="won")
    await room.settle()
    assert await shop.asks(command) == []
    await room.charge()
    assert shop.codes(shop.answers[-1:]) == ["PaymentReturned"]
    assert list(cards.refunded.values()) == ["10.00"]
