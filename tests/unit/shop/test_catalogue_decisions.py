"""What may be changed in the catalogue, and what an import makes of it: by pure functions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from shop.domain import categories, products
from shop.domain.categories import Category, Place, decide_place
from shop.domain.imports import CatalogueRow, decide_import
from shop.domain.products import Product
from shop.refusals import (
    CategoryCycle,
    CategoryNotFound,
    CategoryTooDeep,
    ParentNotFound,
    ProductNotFound,
    StockOutOfRange,
)

THEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def category(slug: str = "top", **changes: Any) -> Category:
    facts: dict[str, Any] = {
        "id": new_id(),
        "name": slug.title(),
        "slug": slug,
        "parent_id": None,
        "is_active": True,
        "version": 3,
        "created_at": THEN,
        "updated_at": THEN,
    }
    return Category(**(facts | changes))


def product(slug: str = "phone", **changes: Any) -> Product:
    facts: dict[str, Any] = {
        "id": new_id(),
        "name": slug.title(),
        "slug": slug,
        "description": None,
        "price_minor": 100,
        "currency": "RUB",
        "stock": 5,
        "category_id": None,
        "is_active": True,
        "attributes": {},
        "picture_url": None,
        "version": 3,
        "created_at": THEN,
        "updated_at": THEN,
    }
    return Product(**(facts | changes))


def test_at_the_top_anything_may_stand() -> None:
    one = category()
    assert decide_place(one, Place((), 7)) is one


def test_a_category_stands_below_what_exists_and_not_in_itself_and_not_too_deep() -> None:
    parent = new_id()
    one = category(parent_id=parent)
    assert decide_place(one, Place((parent,), 6)) is one
    for place, refusal in (
        (Place(), ParentNotFound),
        (Place((parent, one.id)), CategoryCycle),
        (Place((parent,), 7), CategoryTooDeep),
        (Place(tuple(new_id() for _ in range(8))), CategoryTooDeep),
    ):
        with pytest.raises(refusal):
            decide_place(one, place)


def test_a_changed_category_has_a_new_version_and_an_unchanged_one_is_the_same() -> None:
    one = category()
    assert categories.decide_change(one, {"name": one.name}, Place(), NOW) is one
    changed = categories.decide_change(one, {"name": "New"}, Place(), NOW)
    assert (changed.name, changed.version, changed.updated_at) == ("New", 4, NOW)
    with pytest.raises(CategoryNotFound):
        categories.decide_change(None, {}, Place(), NOW)
    with pytest.raises(ParentNotFound):
        categories.decide_change(one, {"parent_id": new_id()}, Place(), NOW)


def test_a_changed_product_has_a_new_version_and_an_unchanged_one_is_the_same() -> None:
    one = product()
    assert products.decide_change(one, {"price_minor": 100, "stock_change": 0}, NOW) is one
    changed = products.decide_change(one, {"price_minor": 7, "stock_change": -5}, NOW)
    assert (changed.price_minor, changed.stock, changed.version, changed.updated_at) == (
        7,
        0,
        4,
        NOW,
    )
    with pytest.raises(ProductNotFound):
        products.decide_change(None, {}, NOW)


def test_of_facts_true_is_not_one() -> None:
    one = product(attributes={"new": True, "n": 0})
    assert products.decide_change(one, {"attributes": {"n": 0, "new": True}}, NOW) is one
    changed = products.decide_change(one, {"attributes": {"new": 1, "n": 0}}, NOW)
    assert (changed.version, type(changed.attributes["new"])) == (4, int)
    given = [row("product", "phone", name=one.name, attributes={"new": True, "n": False})]
    decided = decide_import(given, {}, {"phone": one}, NOW)
    assert ([edited.version for edited in decided.products], decided.unchanged) == ([4], 0)


@pytest.mark.parametrize("changes", [{"stock_change": -6}, {"stock": -1}, {"stock": 10**9 + 1}])
def test_a_stock_stays_in_its_range(changes: dict[str, int]) -> None:
    with pytest.raises(StockOutOfRange):
        products.decide_change(product(), changes, NOW)


def row(kind: str, slug: str, above: str | None = None, **facts: Any) -> CatalogueRow:
    given: dict[str, Any] = {"name": slug.title(), **facts}
    if kind == "product":
        given = {"price_minor": 100, "currency": "RUB", **given}
    return CatalogueRow(kind, slug, above, given)  # type: ignore[arg-type]


def test_new_rows_get_what_they_do_not_say() -> None:
    decided = decide_import([row("category", "a"), row("product", "p", "a")], {}, {}, NOW)
    [made] = decided.categories
    [sold] = decided.products
    assert (made.parent_id, made.is_active, made.version) == (None, True, 1)
    assert (sold.category_id, sold.stock, sold.is_active) == (made.id, 0, True)
    assert (decided.created, decided.unchanged) == (2, 0)


def test_known_rows_keep_what_they_do_not_say() -> None:
    top, phone = category(), product(category_id=new_id())
    rows = [row("category", "top", name="New"), row("product", "phone", stock=9)]
    decided = decide_import(rows, {"top": top}, {"phone": phone}, NOW)
    assert decided.categories[0].id == top.id
    assert (decided.products[0].category_id, decided.products[0].stock) == (phone.category_id, 9)
    assert (decided.created, decided.unchanged) == (0, 0)
    again = decide_import(rows, {"top": decided.categories[0]}, {"phone": decided.products[0]}, NOW)
    assert (again.categories, again.products, again.unchanged) == ([], [], 2)


def test_a_category_and_a_product_may_share_a_slug() -> None:
    decided = decide_import([row("category", "a"), row("product", "a")], {}, {}, NOW)
    assert decided.faults == ()


TREES = st.lists(
    st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from(["", *"abcdefghijkl"])),
    unique_by=lambda one: one[0],
)


@given(rows=TREES, before=TREES)
def test_whatever_is_stored_is_a_tree_of_eight_levels_in_an_order_to_store(
    rows: list[tuple[str, str]], before: list[tuple[str, str]]
) -> None:
    stored: dict[str, Category] = {}
    for slug, above in before:
        parent = stored.get(above)
        stored[slug] = category(slug, parent_id=None if parent is None else parent.id)
    asked = [row("category", slug, above or None) for slug, above in rows]
    decided = decide_import(asked, stored, {}, NOW)
    if decided.faults:
        assert (decided.categories, decided.products) == ((), ())
        return
    known = {one.id for one in stored.values()}
    for one in decided.categories:
        assert one.parent_id is None or one.parent_id in known
        known.add(one.id)
    parents = {one.id: one.parent_id for one in stored.values()}
    parents |= {one.id: one.parent_id for one in decided.categories}
    for one in parents:
        line, above = [one], parents[one]
        while above is not None:
            assert above not in line
            line.append(above)
            above = parents[above]
        assert len(line) <= categories.DEEPEST


def faults_of(rows: list[tuple[str, str | None]], **before: Category) -> list[tuple[int, str]]:
    asked = [row("category", slug, above) for slug, above in rows]
    return [(one.row, one.reason) for one in decide_import(asked, before, {}, NOW).faults]


def test_of_a_circle_its_own_rows_are_wrong_and_none_that_hangs_below_it() -> None:
    rows = [("below", "a"), ("a", "b"), ("lower", "below"), ("b", "a"), ("alone", "alone")]
    assert faults_of(rows) == [(1, "cycle"), (3, "cycle"), (4, "cycle")]


def test_a_row_may_close_a_circle_through_what_is_stored() -> None:
    top = category("top")
    middle = category("middle", parent_id=top.id)
    low = category("low", parent_id=middle.id)
    assert faults_of([("top", "low")], top=top, middle=middle, low=low) == [(0, "cycle")]


def test_the_nearest_row_above_is_wrong_where_a_stored_category_would_stand_too_deep() -> None:
    stored: dict[str, Category] = {}
    above = None
    for level in range(6):
        stored[f"s-{level}"] = category(f"s-{level}", parent_id=above)
        above = stored[f"s-{level}"].id
    rows: list[tuple[str, str | None]] = [("x", None), ("y", "x"), ("s-0", "y")]
    assert faults_of(rows, **stored) == []
    assert faults_of([*rows, ("s-3", "s-2")], **stored) == []
    deeper = [("w", None), ("x", "w"), ("y", "x"), ("s-0", "y")]
    assert faults_of(deeper, **stored) == [(3, "too_deep")]
    assert faults_of([*deeper, ("s-3", "s-2")], **stored) == [(4, "too_deep")]


def test_a_file_that_is_one_long_line_is_decided_at_once() -> None:
    # Walked up to the top from each of its rows, such a file took days.
    line = [(f"c-{n}", f"c-{n - 1}" if n else None) for n in range(10_000)]
    assert faults_of(line) == [(n, "too_deep") for n in range(8, 10_000)]
    circle = [*line[1:], ("c-0", "c-9999")]
    assert faults_of(circle) == [(n, "cycle") for n in range(10_000)]
