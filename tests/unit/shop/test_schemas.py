"""What requests, queries and rows of the shop take, and what they make of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from kit.refusals import ValidationFailed
from kit.web.faults import faults_of
from shop.domain.imports import CatalogueImport, RowFault
from shop.domain.products import Product, Sort
from shop.schemas.catalogue_csv import (
    CatalogueResult,
    CatalogueRowRequest,
    catalogue_csv,
    cells,
    faults,
    read_rows,
)
from shop.schemas.categories import CategoryAnswer, CategoryChange, CategoryRequest
from shop.schemas.products import ProductAnswer, ProductChange, ProductRequest, ProductsQuery

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ID = "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f"
PHONE = {"name": "Phone", "price": "1.50"}


def refused(model: type[BaseModel], given: Any, *, strict: bool = False) -> list[tuple[str, str]]:
    """Return where a model refuses what it is given, and by which codes; empty: it takes it."""
    try:
        model.model_validate(given, strict=strict)
    except ValidationError as error:
        return [(one.pointer, one.code) for one in faults_of(error, document=given)]
    return []


def made(**more: Any) -> Product:
    return ProductRequest.model_validate(PHONE | more).product(NOW)


def test_a_product_has_defaults_for_what_its_request_does_not_say() -> None:
    one = made()
    assert (one.slug, one.price_minor, one.currency) == ("phone", 150, "RUB")
    assert (one.stock, one.category_id, one.is_active, one.version) == (0, None, True, 1)
    assert (one.description, one.attributes, one.picture_url) == (None, {}, None)
    assert one.created_at == one.updated_at == NOW


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, []),
        ({"name": "x" * 200}, []),
        ({"name": "x" * 201}, [("/name", "too_long")]),
        ({"name": "a\u200cb"}, []),  # a joiner, as Persian has it
        ({"name": "a\u200bb"}, [("/name", "malformed")]),
        ({"name": "a\u00adb"}, [("/name", "malformed")]),
        ({"name": "\u3000"}, [("/name", "malformed")]),
        ({"name": "a\u2028b"}, [("/name", "malformed")]),
        ({"name": "???"}, [("/slug", "required")]),
        ({"name": "???", "slug": "ask"}, []),
        ({"slug": "a" * 80}, []),
        ({"slug": "a" * 81}, [("/slug", "too_long")]),
        *(({"slug": slug}, [("/slug", "malformed")]) for slug in ("", "A", "a--b", "-a", "a_b")),
        *(({"slug": slug}, [("/slug", "malformed")]) for slug in ("ф", "a\n", "١", "a/b")),
        ({"description": "two\r\nlines\tand tabs"}, []),
        ({"description": "bell\a"}, [("/description", "malformed")]),
        ({"description": "x" * 5_001}, [("/description", "too_long")]),
        ({"stock": 10**9}, []),
        ({"stock": 10**9 + 1}, [("/stock", "too_large")]),
        ({"stock": -1}, [("/stock", "too_small")]),
        ({"price": "0.00"}, [("/price", "amount_invalid")]),
        ({"price": "1.5", "currency": "JPY"}, [("/price", "amount_invalid")]),
        ({"currency": "XTS"}, [("/currency", "currency_unknown")]),
        ({"category_id": "phones"}, [("/category_id", "malformed")]),
        ({"picture_url": "javascript:alert(1)"}, [("/picture_url", "return_url_invalid")]),
        ({"picture_url": "https://u:p@shop.example/"}, [("/picture_url", "return_url_invalid")]),
        ({"attributes": {f"a{n}": n for n in range(50)}}, []),
        ({"attributes": {f"a{n}": n for n in range(51)}}, [("/attributes", "too_long")]),
        ({"id": ID}, [("/id", "unknown_field")]),
    ],
)
def test_what_a_product_may_be(more: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert refused(ProductRequest, PHONE | more) == found


@pytest.mark.parametrize(
    "fact", [None, 1.5, [], {}, 2**53 + 1, -(2**53) - 1, "x" * 501, "\x07", "\ue000"]
)
def test_a_fact_is_a_text_a_whole_number_or_a_truth(fact: Any) -> None:
    given = PHONE | {"attributes": {"a": fact}}
    assert refused(ProductRequest, given, strict=True) == [("/attributes/a", "malformed")]


@pytest.mark.parametrize("name", ["", "x" * 51, "a\nb", " ", "\u202ea", "\u0000"])
def test_a_fact_has_a_name_that_can_be_seen(name: str) -> None:
    assert refused(ProductRequest, PHONE | {"attributes": {name: 1}}) != []


def test_facts_keep_their_types() -> None:
    facts = {"t": True, "f": False, "one": 1, "zero": 0, "text": "1", "empty": ""}
    kept = made(attributes=facts).attributes
    assert [(name, type(fact)) for name, fact in kept.items()] == [
        (name, type(fact)) for name, fact in facts.items()
    ]


def test_a_change_names_only_what_it_was_given() -> None:
    given = {"description": None, "category_id": None, "price": "2.00"}
    change = ProductChange.model_validate(given)
    assert change.changes("RUB") == {"description": None, "category_id": None, "price_minor": 200}
    assert ProductChange.model_validate({}).changes("RUB") == {}
    assert CategoryChange.model_validate({"parent_id": None}).changes() == {"parent_id": None}


@pytest.mark.parametrize(("currency", "minor"), [("RUB", 200), ("JPY", 2), ("KWD", 2_000)])
def test_a_new_price_is_of_the_products_currency(currency: str, minor: int) -> None:
    change = ProductChange.model_validate({"price": "2"})
    assert change.changes(currency) == {"price_minor": minor}


def test_a_new_price_that_its_currency_has_not_is_named() -> None:
    change = ProductChange.model_validate({"price": "2.50"})
    with pytest.raises(ValidationFailed) as failed:
        change.changes("JPY")
    assert [one.pointer for one in failed.value.errors] == ["/price"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, (None, None, None, Sort.NEWEST)),
        ({"search": "Ёлка 3.5"}, (None, None, None, Sort.RELEVANCE)),
        ({"search": "a", "sort": "-price"}, (None, None, None, Sort.DEAREST)),
        ({"price_min": "1"}, ("RUB", 100, None, Sort.NEWEST)),
        ({"price_max": "1", "currency": "JPY"}, ("JPY", None, 1, Sort.NEWEST)),
        ({"price_min": "0", "currency": "KWD"}, ("KWD", None, None, Sort.NEWEST)),
        ({"price_max": "0.00"}, ("RUB", None, 0, Sort.NEWEST)),
        ({"currency": "JPY"}, ("JPY", None, None, Sort.NEWEST)),
    ],
)
def test_a_query_becomes_a_filter(query: dict[str, str], expected: tuple[Any, ...]) -> None:
    wanted = ProductsQuery.model_validate(query).wanted(None, may_see_all=False)
    assert (wanted.currency, wanted.price_min, wanted.price_max, wanted.sort) == expected
    assert wanted.is_active is True


@pytest.mark.parametrize("asked", [None, True, False])
def test_only_who_may_see_all_asks_for_what_is_hidden(asked: bool | None) -> None:  # noqa: FBT001
    query = ProductsQuery.model_validate({} if asked is None else {"is_active": asked})
    assert query.wanted(None, may_see_all=True).is_active is asked
    assert query.wanted(None, may_see_all=False).is_active is True


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": " ".join("abcdefghijkl")}, []),
        ({"search": " ".join("abcdefghijklm")}, [("/search", "malformed")]),
        ({"search": "a.b.c.d.e.f.g.h.i.j.k.l.m"}, [("/search", "malformed")]),
        ({"search": "ﷺ"}, []),
        ({"search": "--"}, [("/search", "malformed")]),
        ({"search": "x" * 201}, [("/search", "too_long")]),
        ({"sort": "relevance"}, [("/sort", "malformed")]),
        ({"price_min": "1.5", "currency": "JPY"}, [("/price_min", "amount_invalid")]),
        ({"price_max": "10000000000000.01"}, [("/price_max", "amount_invalid")]),
        ({"category": ""}, [("/category", "too_short")]),
        ({"limit": 101}, [("/limit", "too_large")]),
    ],
)
def test_what_a_query_may_be(query: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert refused(ProductsQuery, query) == found


ROW = {"kind": "product", "slug": "a", "name": "A", "price": "1.50"}
TREE = {"kind": "category", "slug": "a", "name": "A"}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (ROW, []),
        (TREE, []),
        (TREE | {"category": "b", "is_active": False}, []),
        (TREE | {"price": None, "stock": None, "attributes": None}, []),
        (TREE | {"stock": 0}, [("/stock", "unknown_field")]),
        (TREE | {"attributes": {}}, [("/attributes", "unknown_field")]),
        (ROW | {"price": None}, [("/price", "required")]),
        (ROW | {"price": "0"}, [("/price", "amount_invalid")]),
        (ROW | {"price": "1.5", "currency": "JPY"}, [("/price", "amount_invalid")]),
        (ROW | {"category": "Not A Slug"}, [("/category", "malformed")]),
        (ROW | {"slug": None}, [("/slug", "wrong_type")]),
        (ROW | {"kind": "box"}, [("/kind", "not_allowed")]),
    ],
)
def test_what_a_row_may_be(row: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert refused(CatalogueRowRequest, row) == found


def test_a_row_says_only_what_was_given() -> None:
    row = CatalogueRowRequest.model_validate(ROW | {"stock": 0, "description": None}).row
    assert (row.kind, row.slug, row.category) == ("product", "a", None)
    assert row.facts == {"name": "A", "stock": 0, "price_minor": 150, "currency": "RUB"}
    assert CatalogueRowRequest.model_validate(TREE | {"category": "b"}).row.category == "b"


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("stock", "007", 7),
        ("stock", "1" * 21, "1" * 21),
        ("stock", "-1", "-1"),
        ("stock", "٣", "٣"),
        ("is_active", "True", True),
        ("is_active", "FALSE", False),
        ("is_active", "1", "1"),
        ("attributes", '"{""a"":1}"', {"a": 1}),
        ("attributes", "{}", {}),
        ("attributes", '"{""a"":1,""a"":2}"', '{"a":1,"a":2}'),
        ("attributes", "[" * 2_000, "[" * 2_000),
        ("name", "'=1", "=1"),
        ("name", "'tis", "'tis"),
    ],
)
def test_a_cell_is_read_as_its_column_has_it(column: str, cell: str, value: Any) -> None:
    document, _ = catalogue_csv().document(f"{column}\n{cell}\n".encode())
    assert document == [{column: value}]


def test_a_fault_of_a_fact_is_named_by_line_and_column() -> None:
    decided = CatalogueImport((), (), 0, 0, [RowFault(1, "category", "unknown_category")])
    _, placed = catalogue_csv().document(b"kind,slug,name\n\na,b,c\n\n\nd,e,f\n")
    [found] = [placed(fault) for fault in faults(decided)]
    assert (found.pointer, found.code) == ("/line/6/category", "unknown_category")
    assert found.detail("en") == "Line 6, column category: There is no such category."
    assert found.detail("ru") == "Строка 6, столбец category: Такой категории нет."


def test_rows_in_json_are_read_one_by_one_and_one_more_than_may_be() -> None:
    document, _ = read_rows(b"[" + b",".join([b'{"a":"1,2,3"}'] * 10_002) + b"]")
    assert len(document) == 10_001


def test_a_result_counts_what_was_stored() -> None:
    one, other = made(), made(slug="b")
    told = CatalogueResult.of(CatalogueImport((), (one, other), 1, 3, ()))
    assert (told.created, told.changed, told.unchanged) == (1, 1, 3)


def test_a_row_of_a_product_has_every_column() -> None:
    one = made(name="=1+1", description="a\n-b", currency="KWD", attributes={"a": True})
    assert list(cells(one, {})) == [
        "product",
        "1-1",
        "'=1+1",
        "'a\n'-b",
        "",
        "1.500",
        "KWD",
        "0",
        "true",
        '{"a":true}',
        "",
    ]


def test_answers_show_what_is_stored() -> None:
    one = made(currency="JPY", price="150", attributes={"a": "b"})
    shown = ProductAnswer.of(one).model_dump()
    assert shown["price"] == "150"
    stored = {name: getattr(one, name) for name in shown if name != "price"}
    assert {name: value for name, value in shown.items() if name != "price"} == stored
    category = CategoryRequest.model_validate({"name": "Наушники"}).category(NOW)
    assert CategoryAnswer.of(category).model_dump() == {
        "id": category.id,
        "name": "Наушники",
        "slug": "naushniki",
        "parent_id": None,
        "is_active": True,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
