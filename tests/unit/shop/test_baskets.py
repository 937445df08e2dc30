"""What becomes of a wish to order, in order of precedence; many from one shelf."""

from uuid import UUID

import pytest

from kit.money import MAX_MINOR
from kit.refusals import Refusal
from shop.domain.baskets import BasketLine, Offer, Shelf, decide_basket, held_by
from shop.domain.orders import OrderItem
from shop.refusals import CurrenciesMixed, OrderTooLarge, OutOfStock, ProductNotAvailable

PHONE, CASE, YACHT, IMPORT, NOTHING = (UUID(int=number) for number in range(1, 6))
OFFERS = (
    Offer(PHONE, "Phone", 10_000, "RUB", 5),
    Offer(CASE, "Case", 990, "RUB", 0),
    Offer(YACHT, "Yacht", MAX_MINOR, "RUB", 1),
    Offer(IMPORT, "Import", 500, "EUR", 1),
)


def lines(*wanted: tuple[UUID, int]) -> list[BasketLine]:
    return [
        BasketLine(product, quantity, f"/items/{place}")
        for place, (product, quantity) in enumerate(wanted)
    ]


def test_a_basket_has_items_in_their_order_and_a_total() -> None:
    basket = decide_basket(lines((PHONE, 2), (IMPORT, 1))[:1], Shelf(OFFERS))
    assert basket.items == (OrderItem(PHONE, "Phone", 10_000, 2),)
    assert (basket.currency, basket.total_minor) == ("RUB", 20_000)


@pytest.mark.parametrize(
    ("wanted", "refusal", "pointers"),
    [
        (((NOTHING, 9), (IMPORT, 9), (PHONE, 9)), ProductNotAvailable, ["/items/0/product_id"]),
        (((YACHT, 9), (IMPORT, 9)), CurrenciesMixed, []),
        (((YACHT, 1), (PHONE, 9)), OrderTooLarge, []),
        (((PHONE, 6), (CASE, 1)), OutOfStock, ["/items/0/quantity", "/items/1/quantity"]),
        (((PHONE, 5), (CASE, 1)), OutOfStock, ["/items/1/quantity"]),
    ],
)
def test_the_first_refusal_that_applies_is_told_and_nothing_is_taken(
    wanted: tuple[tuple[UUID, int], ...], refusal: type[Refusal], pointers: list[str]
) -> None:
    shelf = Shelf(OFFERS)
    with pytest.raises(refusal) as told:
        decide_basket(lines(*wanted), shelf)
    assert [fault.pointer for fault in told.value.errors] == pointers
    assert not shelf.taken


def test_what_one_has_taken_is_not_there_for_the_next() -> None:
    shelf = Shelf(OFFERS)
    decide_basket(lines((PHONE, 3)), shelf)
    with pytest.raises(OutOfStock) as told:
        decide_basket(lines((PHONE, 3)), shelf)
    assert told.value.errors[0].detail("en") == "“Phone”: 2 left."
    assert told.value.errors[0].detail("ru") == "«Phone»: осталось 2."
    decide_basket(lines((PHONE, 2)), shelf)
    assert shelf.taken == {PHONE: 5}


def test_the_largest_total_can_be_ordered() -> None:
    assert decide_basket(lines((YACHT, 1)), Shelf(OFFERS)).total_minor == MAX_MINOR


def test_orders_hold_nothing_where_there_are_none() -> None:
    assert not held_by([])
