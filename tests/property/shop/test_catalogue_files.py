"""A catalogue as a file: whatever it holds, it goes in again as it came out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from kit.csv_text import encode_csv
from kit.ids import new_id
from shop.domain.categories import Category
from shop.domain.imports import CatalogueImport, CatalogueRow, decide_import
from shop.domain.products import Product
from shop.schemas.catalogue_csv import COLUMNS, CatalogueRowRequest, catalogue_csv, cells
from shop.schemas.products import ProductRequest

THEN, NOW = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
ROWS = TypeAdapter(list[CatalogueRowRequest])

# What spreadsheets and CSV mind is drawn more often than the rest.
HARD = st.sampled_from(list("=+-@'\"`,;|\u00a0＝，\u2019aяé🙂 "))
SEEN = st.characters(exclude_categories=["C", "Zl", "Zp"])
NAMES = st.text(st.one_of(HARD, SEEN), min_size=1, max_size=12).filter(lambda one: one.strip())
LINES = st.text(st.one_of(HARD, SEEN, st.sampled_from("\t\r\n")), min_size=1, max_size=16)
FACTS = st.dictionaries(
    NAMES, st.one_of(LINES, st.just(""), st.integers(-(2**53), 2**53), st.booleans()), max_size=4
)
PRICES = st.sampled_from(
    [("RUB", 1), ("RUB", 10**15), ("JPY", 150), ("JPY", 10**15), ("KWD", 1), ("KWD", 12345)]
)


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[list[Category], list[Product]]:
    """Draw a tree of up to six categories, and up to six products in them or in none."""
    categories: list[Category] = []
    for number in range(draw(st.integers(0, 6))):
        above = draw(st.sampled_from([None, *(one.id for one in categories)]))
        categories.append(
            Category(
                id=new_id(),
                name=draw(NAMES),
                slug=f"s-{number}",
                parent_id=above,
                is_active=draw(st.booleans()),
                version=draw(st.integers(1, 9)),
                created_at=THEN,
                updated_at=THEN,
            )
        )
    products = []
    for number in range(draw(st.integers(0, 6))):
        currency, minor = draw(PRICES)
        products.append(
            Product(
                id=new_id(),
                name=draw(NAMES),
                slug=f"s-{number}",
                description=draw(st.none() | LINES),
                price_minor=minor,
                currency=currency,
                stock=draw(st.sampled_from([0, 1, 10**9])),
                category_id=draw(st.sampled_from([None, *(one.id for one in categories)])),
                is_active=draw(st.booleans()),
                attributes=draw(FACTS),
                picture_url=draw(st.sampled_from([None, "https://shop.example/?a=1,2;'x'"])),
                version=draw(st.integers(1, 9)),
                created_at=THEN,
                updated_at=THEN,
            )
        )
    return categories, products


def written(entries: Sequence[Category | Product], slugs: dict[UUID, str]) -> bytes:
    return encode_csv([COLUMNS, *(list(cells(one, slugs)) for one in entries)])


def read(body: bytes) -> list[CatalogueRow]:
    document, _ = catalogue_csv().document(body)
    return [one.row for one in ROWS.validate_python(document, strict=True)]


def by_slug(found: Sequence[Any]) -> dict[str, Any]:
    return {one.slug: one for one in found}


def plain(decided: CatalogueImport) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is stored, each with the slug of where it stands, and without what is new."""
    slugs = {one.id: one.slug for one in decided.categories} | {None: None}
    nothing = {"id": UUID(int=0), "version": 0, "created_at": NOW, "updated_at": NOW}
    categories = {
        one.slug: (slugs[one.parent_id], replace(one, parent_id=None, **nothing))
        for one in decided.categories
    }
    products = {
        one.slug: (slugs[one.category_id], replace(one, category_id=None, **nothing))
        for one in decided.products
    }
    return categories, products


@settings(max_examples=200)
@given(found=catalogues(), order=st.randoms(use_true_random=False))
def test_what_was_taken_out_changes_nothing_here_and_makes_the_same_elsewhere(
    found: tuple[list[Category], list[Product]], order: Any
) -> None:
    categories, products = found
    entries: list[Category | Product] = [*categories, *products]
    order.shuffle(entries)
    rows = read(written(entries, {one.id: one.slug for one in categories}))
    here = decide_import(rows, by_slug(categories), by_slug(products), NOW)
    assert (here.faults, here.categories, here.products) == ((), [], [])
    assert (here.created, here.unchanged) == (0, len(entries))
    elsewhere = decide_import(rows, {}, {}, NOW)
    assert (elsewhere.faults, elsewhere.created) == ((), len(entries))
    kept = CatalogueImport(categories, products, 0, 0, ())
    assert plain(elsewhere) == plain(kept)
    types = [[type(fact) for fact in one.attributes.values()] for one in products]
    made = by_slug(elsewhere.products)
    assert types == [
        [type(made[one.slug].attributes[name]) for name in one.attributes] for one in products
    ]


@given(found=catalogues(), data=st.data())
def test_an_import_changes_exactly_the_rows_that_say_something_new(
    found: tuple[list[Category], list[Product]], data: st.DataObject
) -> None:
    categories, products = found
    entries: list[Category | Product] = [*categories, *products]
    edited = data.draw(st.sets(st.sampled_from(range(len(entries)))) if entries else st.just(set()))
    meant = [
        replace(one, name=f"{one.name}!") if place in edited else one
        for place, one in enumerate(entries)
    ]
    rows = read(written(meant, {one.id: one.slug for one in categories}))
    decided = decide_import(rows, by_slug(categories), by_slug(products), NOW)
    changed = [*decided.categories, *decided.products]
    assert {one.id for one in changed} == {entries[place].id for place in edited}
    before = {one.id: one for one in entries}
    for one in changed:
        assert one == replace(
            before[one.id],
            name=f"{before[one.id].name}!",
            version=before[one.id].version + 1,
            updated_at=NOW,
        )


@given(name=NAMES, description=st.none() | LINES, attributes=FACTS)
def test_a_row_takes_what_a_request_takes(
    name: str, description: str | None, attributes: dict[str, Any]
) -> None:
    given = {"name": name, "slug": "a", "price": "1.00", "attributes": attributes}
    made = ProductRequest.model_validate({**given, "description": description}).product(NOW)
    [row] = read(written([made], {}))
    [stored] = decide_import([row], {}, {}, NOW).products
    assert stored == replace(made, id=stored.id)
