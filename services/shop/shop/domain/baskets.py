"""Decides what becomes of a wish to order: items and a total, or a no.

Many orders are decided one after the other from one shelf, which knows what is left.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kit.money import MAX_MINOR, Money, decimal_text
from kit.refusals import FieldFault
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from shop.domain.orders import Order, OrderItem
from shop.refusals import CurrenciesMixed, OrderTooLarge, OutOfStock, ProductNotAvailable

MOST_LINES: Final = 100
MOST_OF_ONE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class BasketLine:
    """So many of a product; an order names each product once.

    ``pointer`` is where the request says so (RFC 6901).
    """

    product_id: UUID
    quantity: int
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as it is sold now, in minor units of its currency."""

    id: UUID
    name: str
    price_minor: int
    currency: str
    stock: int


class Shelf:
    """What is for sale while a batch of orders is decided, and what they have taken."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        """Put products on the shelf, each with its stock."""
        self._offers = {offer.id: offer for offer in offers}
        self.taken: Counter[UUID] = Counter()

    def offer(self, product_id: UUID) -> Offer | None:
        """Return a product, None where it is not for sale."""
        return self._offers.get(product_id)

    def left(self, offer: Offer) -> int:
        """Return how many of a product are left."""
        return offer.stock - self.taken[offer.id]

    def take(self, items: Iterable[OrderItem]) -> None:
        """Take what was ordered off the shelf."""
        for item in items:
            self.taken[item.product_id] += item.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """What an order will hold."""

    items: tuple[OrderItem, ...]
    currency: str
    total_minor: int


def decide_basket(
    lines: Sequence[BasketLine], shelf: Shelf, spares: WithoutStepUp = ANY_AMOUNT
) -> Basket:
    """Return what is ordered, taken off the shelf, or raise the first refusal.

    ``spares`` is what the buyer may spend without a step-up, where ordering is the word that pays.

    Raises:
        ProductNotAvailable: a product does not exist, or is not sold.
        CurrenciesMixed: their prices have several currencies.
        OrderTooLarge: together they cost more than can be paid.
        OutOfStock: there is less of a product.
        StepUpRequired: it costs more than is spared.
    """
    offers = _offers(lines, shelf)
    currencies = {offer.currency for offer in offers}
    if len(currencies) > 1:
        raise CurrenciesMixed
    [currency] = currencies
    items = tuple(
        OrderItem(offer.id, offer.name, offer.price_minor, line.quantity)
        for line, offer in zip(lines, offers, strict=True)
    )
    total = sum(item.amount_minor for item in items)
    if total > MAX_MINOR:
        raise OrderTooLarge(largest=decimal_text(MAX_MINOR, currency), currency=currency)
    _require_stock(lines, offers, shelf)
    spares.require(Money(total, currency))
    shelf.take(items)
    return Basket(items, currency, total)


def _offers(lines: Sequence[BasketLine], shelf: Shelf) -> list[Offer]:
    found = [(line, shelf.offer(line.product_id)) for line in lines]
    unknown = [line for line, offer in found if offer is None]
    if unknown:
        raise ProductNotAvailable(errors=map(_not_available, unknown))
    return [offer for _, offer in found if offer is not None]


def _require_stock(lines: Sequence[BasketLine], offers: Sequence[Offer], shelf: Shelf) -> None:
    faults = [
        _out_of_stock(line, offer, shelf.left(offer))
        for line, offer in zip(lines, offers, strict=True)
        if line.quantity > shelf.left(offer)
    ]
    if faults:
        raise OutOfStock(errors=faults)


def _not_available(line: BasketLine) -> FieldFault:
    return FieldFault(
        f"{line.pointer}/product_id",
        ProductNotAvailable.code,
        "There is no such product, or it is not sold now.",
        "Такого товара нет, или он сейчас не продаётся.",
    )


def _out_of_stock(line: BasketLine, offer: Offer, left: int) -> FieldFault:
    return FieldFault(
        f"{line.pointer}/quantity",
        OutOfStock.code,
        f"“{offer.name}”: {left} left.",
        f"«{offer.name}»: осталось {left}.",
    )


def held_by(orders: Iterable[Order]) -> Mapping[UUID, int]:
    """Return how many of each product orders hold together."""
    counted: Counter[UUID] = Counter()
    for order in orders:
        for item in order.items:
            counted[item.product_id] += item.quantity
    return counted
