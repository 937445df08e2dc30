"""Whatever is asked back of an order, and however that ends: never more than was paid."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.refusals import Refusal
from shop.domain.baskets import BasketLine
from shop.domain.orders import Order, OrderItem, OrderStatus
from shop.domain.refund_rules import Refundable, decide_refund

NOW = datetime(2026, 1, 31, tzinfo=UTC)
_ITEMS = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 5)), min_size=1, max_size=4).map(
    lambda drawn: tuple(OrderItem(UUID(int=n), "A", *one) for n, one in enumerate(drawn))
)
_LINES = st.one_of(
    st.none(),
    st.dictionaries(st.integers(0, 4), st.integers(1, 6), min_size=1).map(
        lambda drawn: [BasketLine(UUID(int=n), count) for n, count in drawn.items()]
    ),
)
# What happens: refunds are asked for here; an earlier one fails; payments makes one by itself.
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), _LINES),
        st.tuples(st.just("fail"), st.integers(0, 9)),
        st.tuples(st.just("elsewhere"), st.integers(1, 900)),
    ),
    max_size=15,
)


def paid(items: tuple[OrderItem, ...]) -> Order:
    return Order(
        id=UUID(int=1),
        owner_id=UUID(int=2),
        status=OrderStatus.PAID,
        currency="RUB",
        total_minor=sum(item.amount_minor for item in items),
        is_bought=False,
        created_at=NOW,
        expires_at=NOW,
        items=items,
    )


@dataclass
class Books:
    """A paid order, and the refunds of it that have not failed."""

    order: Order
    standing: list[Refundable]

    def count(self) -> None:
        """Count what stands in the order, as the repository does."""
        asked = {item.product_id: 0 for item in self.order.items}
        for one in self.standing:
            for item in one.items:
                asked[item.product_id] += item.quantity
        items = tuple(
            replace(item, refunded_quantity=asked[item.product_id]) for item in self.order.items
        )
        total = sum(one.amount_minor for one in self.standing)
        self.order = replace(self.order, items=items, refund_asked_minor=total)

    def step(self, kind: str, given: object) -> None:
        left = self.order.total_minor - self.order.refund_asked_minor
        match kind, given:
            case "fail", int(place) if self.standing:
                self.standing.pop(place % len(self.standing))
            case "elsewhere", int(minor) if minor <= left:
                self.standing.append(Refundable((), minor))
            case "ask", lines:
                self.standing.append(decide_refund(self.order, lines))  # type: ignore[arg-type]


@given(items=_ITEMS, steps=_STEPS)
def test_what_stands_never_exceeds_what_was_bought_and_paid(
    items: tuple[OrderItem, ...], steps: list[tuple[str, object]]
) -> None:
    order = paid(items)
    books = Books(order, [])
    for step in steps:
        try:
            books.step(*step)
        except Refusal:
            continue
        books.count()
        assert 0 <= books.order.refund_asked_minor <= order.total_minor
        assert all(0 <= one.refunded_quantity <= one.quantity for one in books.order.items)
        assert all(one.amount_minor > 0 for one in books.standing)


@given(items=_ITEMS, lines=_LINES)
def test_items_go_back_at_what_they_cost_and_all_of_them_for_all(
    items: tuple[OrderItem, ...], lines: list[BasketLine] | None
) -> None:
    order = paid(items)
    prices = {item.product_id: item.price_minor for item in items}
    ordered = {item.product_id: item.quantity for item in items}
    fits = all(ordered.get(line.product_id, 0) >= line.quantity for line in lines or ())
    try:
        back = decide_refund(order, lines)
    except Refusal:
        assert not fits
        return
    assert fits
    assert back.amount_minor == sum(prices[one.product_id] * one.quantity for one in back.items)
    if lines is None:
        assert back.amount_minor == order.total_minor
