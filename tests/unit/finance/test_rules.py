"""Which category a transaction gets by rules: the first that fits, and nothing guessed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from finance.domain.feed.purchases import Purchase, PurchaseItem
from finance.domain.feed.rules import (
    NO_CHOICE,
    CategoryRule,
    Choice,
    RuleFacts,
    choose,
    choose_for_purchase,
    fits,
    folded,
)
from finance.domain.transactions.transactions import MOST_SPLITS, Split

FOOD, TECH, ALICE, BOB, CASH, SERVICE = (UUID(int=number) for number in range(1, 7))
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def rule(category_id: UUID = FOOD, **conditions: Any) -> CategoryRule:
    given: dict[str, Any] = {"id": UUID(int=99), "place": 1, "type": "expense"} | conditions
    return CategoryRule(
        user_id=ALICE, category_id=category_id, created_at=NOW, updated_at=NOW, **given
    )


def facts(description: str | None = "Tea", name: str | None = None, **more: Any) -> RuleFacts:
    known: dict[str, Any] = {
        "type": "expense",
        "amount_minor": -500,
        "currency": "RUB",
        "account_id": CASH,
        "payee_id": BOB,
        "purpose": None,
        "kind": "payment",
    }
    return RuleFacts(**{**known, "text": folded(description, name), **more})


def bought(*items: tuple[str, Sequence[str], int]) -> Purchase:
    return Purchase(UUID(int=7), ALICE, UUID(int=8), [PurchaseItem(*item) for item in items])


@pytest.mark.parametrize(
    ("conditions", "yes", "no"),
    [
        ({"payee_id": BOB}, {}, {"payee_id": ALICE}),
        ({"payee_id": BOB}, {}, {"payee_id": None}),
        ({"account_id": CASH}, {}, {"account_id": BOB}),
        ({"kind": "refund"}, {"kind": "refund"}, {"kind": "payment"}),
        ({"kind": "refund"}, {"kind": "refund"}, {"kind": None}),
        ({"currency": "USD"}, {"currency": "USD"}, {"currency": "RUB"}),
        ({"service_id": SERVICE}, {"purpose": f"service:{SERVICE}"}, {"purpose": "service:x"}),
        ({"service_id": SERVICE}, {"purpose": f"service:{SERVICE}"}, {"purpose": None}),
        ({"product_category": "food"}, {"categories": ["tea", "food"]}, {"categories": ["tea"]}),
        ({"amount_min_minor": 500}, {"amount_minor": -500}, {"amount_minor": -499}),
        ({"amount_max_minor": 500}, {"amount_minor": -500}, {"amount_minor": -501}),
        ({"words": "tea"}, {"text": folded("Green TEA")}, {"text": folded("Coffee")}),
        ({"words": "cake tea"}, {"text": folded("Tea and cakes")}, {"text": folded("Tea")}),
        ({"words": "Кофе ёлка"}, {"text": folded("КОФЕ у елки, ёлка")}, {"text": folded("кофе")}),
        ({"words": "cafe"}, {"text": folded("Café")}, {"text": folded("caf")}),
        ({"words": "pavel"}, {"text": folded(None, "Pavel")}, {"text": folded(None, None)}),
        ({"kind": "payment"}, {}, {"type": "income"}),
    ],
)
def test_a_rule_fits_what_meets_its_condition_and_nothing_else(
    conditions: dict[str, Any], yes: dict[str, Any], no: dict[str, Any]
) -> None:
    assert fits(rule(**conditions), facts(**yes))
    assert not fits(rule(**conditions), facts(**no))


def test_all_conditions_must_be_met() -> None:
    both = rule(payee_id=BOB, words="tea")
    assert fits(both, facts())
    assert not fits(both, facts("Coffee"))
    assert not fits(both, facts(payee_id=ALICE))


def test_the_first_that_fits_is_taken_with_its_tags() -> None:
    rules = [
        rule(TECH, words="phone"),
        rule(FOOD, words="tea", tags=("warm",)),
        rule(TECH, payee_id=BOB),
    ]
    assert choose(rules, facts()) == Choice(FOOD, tags=("warm",))
    assert choose(rules, facts("Coffee")) == Choice(TECH)
    assert choose(rules, facts("Coffee", payee_id=None)) == NO_CHOICE
    assert choose([], facts()) == NO_CHOICE


RULES = [
    rule(FOOD, product_category="food", tags=("shop",)),
    rule(TECH, product_category="phones", tags=("shop", "new")),
]


def test_a_purchase_of_one_category_gets_it() -> None:
    purchase = bought(("Tea", ["tea", "food"], 300), ("Cake", ["food"], 200))
    assert choose_for_purchase(RULES, facts(), purchase) == Choice(FOOD, tags=("shop",))


def test_a_purchase_of_several_is_split_and_adds_up_to_what_was_paid() -> None:
    purchase = bought(("Tea", ["food"], 100), ("Phone", ["phones"], 300), ("Cake", ["food"], 100))
    choice = choose_for_purchase(RULES, facts(), purchase)
    assert choice == Choice(
        splits=(Split(FOOD, -200, "Tea, Cake"), Split(TECH, -300, "Phone")), tags=("shop", "new")
    )


@pytest.mark.parametrize(
    "purchase",
    [
        bought(("Tea", ["food"], 300), ("Sock", ["clothes"], 200)),  # one has no category
        bought(("Tea", ["food"], 300)),  # not what was paid
        bought(),
    ],
)
def test_nothing_is_guessed_of_a_purchase_and_it_is_sorted_as_a_whole(purchase: Purchase) -> None:
    assert choose_for_purchase(RULES, facts(), purchase) == NO_CHOICE
    whole = [*RULES, rule(TECH, payee_id=BOB, place=3)]
    sock = bought(("Tea", ["food"], 300))
    assert choose_for_purchase(whole, facts(), sock) == Choice(TECH)


def test_more_parts_than_a_transaction_may_have_are_not_made() -> None:
    count = MOST_SPLITS + 1
    rules = [rule(UUID(int=100 + one), product_category=f"c{one}") for one in range(count)]
    purchase = bought(*((f"{one}", [f"c{one}"], 1) for one in range(count)))
    assert choose_for_purchase(rules, facts(amount_minor=-count), purchase) == NO_CHOICE
    few = bought(*((f"{one}", [f"c{one}"], 1) for one in range(MOST_SPLITS)))
    choice = choose_for_purchase(rules, facts(amount_minor=-MOST_SPLITS), few)
    assert len(choice.splits) == MOST_SPLITS


def test_a_rule_replaced_by_what_it_says_already_keeps_its_version() -> None:
    before = rule(kind="payment")
    same = rule(kind="payment", id=UUID(int=98), place=7)
    assert before.replaced(same, keeps_place=True) is before
    moved = before.replaced(same, keeps_place=False)
    assert (moved.id, moved.place, moved.version) == (before.id, 7, before.version + 1)
