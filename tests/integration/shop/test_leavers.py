"""What becomes of the orders of users who were deleted."""

from uuid import UUID

import pytest
from tests.integration.shop.till import Till

from contracts.auth import UserChanged, UserStatus
from kit.ids import new_id


def changed(user_id: UUID, status: UserStatus = "deleted") -> UserChanged:
    return UserChanged(user_id=user_id, number=1, username=None, status=status, roles=("user",))


async def test_what_a_deleted_user_has_not_paid_is_cancelled_and_sold_again(till: Till) -> None:
    product, stranger = await till.product(), new_id()
    orders = [await till.order((product, 2)), await till.order((product, 1))]
    paid = (await till.bought((product, 1)))["id"]
    kept = await till.order((product, 1), caller=stranger)
    await till.told(changed(till.buyer), changed(till.buyer))
    for order_id in orders:
        seen = await till.seen(order_id)
        assert (seen["status"], seen["reason"]) == ("cancelled", "owner_deleted")
    assert (await till.seen(paid))["status"] == "paid"
    assert (await till.seen(kept, stranger))["status"] == "pending"
    assert await till.stock(product) == 8


@pytest.mark.parametrize("status", ["active", "disabled", "pending"])
async def test_whoever_may_come_back_keeps_their_orders(till: Till, status: UserStatus) -> None:
    order_id = await till.order((await till.product(), 1))
    await till.told(changed(till.buyer, status))
    assert (await till.seen(order_id))["status"] == "pending"


async def test_the_card_page_of_a_deleted_user_is_called_off(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    page = (await till.pay_by_card(order_id)).json()["payment"]["id"]
    await till.told(changed(till.buyer))
    await till.card(page)
    await till.settle()
    seen = await till.seen(order_id)
    assert (seen["status"], seen["payment"]["status"]) == ("cancelled", "not_paid")
    assert till.payments.kinds == ["TakePayment", "ReturnPayment"]
    assert await till.stock(product) == 10


async def test_what_is_being_paid_is_left_to_its_payment(till: Till) -> None:
    product = await till.product()
    taken, refused = [await till.order((product, 1)) for _ in range(2)]
    till.payments.refuses = lambda asked: "wallet_frozen" if asked.reference == refused else None
    for order_id in (taken, refused):
        await till.pay(order_id)
    await till.told(changed(till.buyer))
    assert (await till.seen(taken))["status"] == "paid"
    assert (await till.seen(refused))["status"] == "pending"
    assert await till.expire() == 1
    assert await till.stock(product) == 9
