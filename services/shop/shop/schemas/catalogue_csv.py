"""Names the columns of the catalogue as CSV, and turns rows into text and back."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from kit.csv_text import text_cell, text_of
from kit.money import DEFAULT_CURRENCY, Money, decimal_text
from kit.refusals import BodyTooComplex, BodyUnreadable, FieldFault
from kit.web.csv_bodies import Column, CsvRows
from kit.web.fields import AmountText, CurrencyCode, money_in, refuse_field
from kit.web.items import read_items
from kit.web.schemas import Model
from kit.web.serving.bodies import ForeignBody, as_it_is, parse_json
from shop.domain.categories import Category
from shop.domain.imports import CatalogueImport, CatalogueRow, RowReason
from shop.domain.products import Product
from shop.schemas.products import Attributes, PictureUrl, Stock
from shop.schemas.texts import CatalogueName, Description, Slug

MOST_ROWS: Final = 10_000  # of a request; a file on the command line may have more
_LONGEST_CELL: Final = 45_000  # fifty attributes at their longest fit, all of quotes
_LONGEST_NUMBER: Final = 20
_LONGEST_ROW: Final = 256 * 1024  # bytes of a row in JSON


def _number(cell: str) -> Any:
    is_number = cell.isascii() and cell.isdigit() and len(cell) <= _LONGEST_NUMBER
    return int(cell) if is_number else cell


def _truth(cell: str) -> Any:
    return {"true": True, "false": False}.get(cell.lower(), cell)  # spreadsheets write TRUE


def _object(cell: str) -> Any:
    try:
        return parse_json(text_of(cell).encode())
    except (BodyUnreadable, BodyTooComplex):
        return cell


_READERS: Final = {"stock": _number, "is_active": _truth, "attributes": _object}
COLUMNS: Final = (
    "kind",
    "slug",
    "name",
    "description",
    "category",
    "price",
    "currency",
    "stock",
    "is_active",
    "attributes",
    "picture_url",
)
_OF_PRODUCTS: Final = {*COLUMNS} - {"kind", "slug", "name", "category", "is_active"}
_EXAMPLE: Final[list[Any]] = [
    {"kind": "category", "slug": "headphones", "name": "Headphones"},
    {
        "kind": "product",
        "slug": "k-72",
        "name": "Headphones K-72",
        "category": "headphones",
        "price": "2490.00",
        "stock": 40,
    },
]
DOCUMENTED: Final = {
    "schema": {"type": "string"},
    "example": "kind,slug,name,category,price,stock\n"
    "category,headphones,Headphones,,,\n"
    "product,k-72,Headphones K-72,headphones,2490.00,40\n",
}


def catalogue_csv(most_rows: int = MOST_ROWS) -> CsvRows:
    """Return the reader of a catalogue of at most so many rows."""
    columns = {name: Column((name,), _READERS.get(name, text_of)) for name in COLUMNS}
    return CsvRows(columns, most_rows=most_rows, longest_cell=_LONGEST_CELL)


def read_rows(body: bytes) -> ForeignBody:
    """Return the rows of a JSON body, read one by one.

    Raises:
        BodyUnreadable, BodyTooComplex, BodyTooLarge, ValidationFailed: see `kit.web.items`.
    """
    return ForeignBody(read_items(body, most=MOST_ROWS, longest=_LONGEST_ROW), as_it_is)


class CatalogueRowRequest(Model):
    """A category or product by its slug; an empty cell or null keeps what is there."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLE})

    kind: Literal["category", "product"]
    slug: Slug
    name: CatalogueName
    category: Slug | None = Field(None, description="The slug of the category that it stands in.")
    description: Description | None = None
    price: AmountText | None = None
    currency: CurrencyCode | None = None
    stock: Stock | None = None
    is_active: bool | None = None
    attributes: Attributes | None = None
    picture_url: PictureUrl | None = None

    _price: Money | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "CatalogueRowRequest":
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        if self.kind == "category":
            for name in sorted(given & _OF_PRODUCTS):
                raise refuse_field(
                    "unknown_field",
                    "Only products have it.",
                    "Это есть только у товаров.",
                    field=name,
                )
            return self
        if self.price is None:
            raise refuse_field("required", "Required.", "Обязательное поле.", field="price")
        self._price = money_in(self.price, self.currency or DEFAULT_CURRENCY, field="price")
        return self

    @property
    def row(self) -> CatalogueRow:
        """The row as the domain takes it."""
        said = self.model_dump(exclude_none=True, exclude={"kind", "slug", "category", "price"})
        if self._price is not None:
            said |= {"price_minor": self._price.minor, "currency": self._price.currency}
        return CatalogueRow(self.kind, self.slug, self.category, said)


class CatalogueResult(Model):
    """What an import has made of the catalogue."""

    created: int = Field(description="New categories and products.")
    changed: int
    unchanged: int = Field(description="Rows that said what was so already.")

    @classmethod
    def of(cls, decided: CatalogueImport) -> "CatalogueResult":
        """Return what was stored."""
        stored = len(decided.categories) + len(decided.products)
        return cls.model_construct(
            created=decided.created,
            changed=stored - decided.created,
            unchanged=decided.unchanged,
        )


CatalogueRows = Annotated[
    list[CatalogueRowRequest], Field(min_length=1, max_length=MOST_ROWS, examples=[_EXAMPLE])
]


class CatalogueImportRequest(Model):
    """A whole import: what an Idempotency-Key stands for."""

    rows: CatalogueRows


_REASONS: Final[Mapping[RowReason, tuple[str, str]]] = {
    "repeated": ("Another row has this slug.", "Этот слаг уже есть в другой строке."),
    "unknown_category": ("There is no such category.", "Такой категории нет."),
    "cycle": ("It would stand in itself.", "Она стояла бы в самой себе."),
    "too_deep": ("Categories have at most 8 levels.", "У категорий не больше 8 уровней."),
    "other_currency": ("A product keeps its currency.", "Валюта товара не меняется."),
}


def faults(decided: CatalogueImport) -> list[FieldFault]:
    """Return what is wrong with the rows, each at its place in the list of rows."""
    return [
        FieldFault(f"/{fault.row}/{fault.column}", fault.reason, *_REASONS[fault.reason])
        for fault in decided.faults
    ]


def cells(entry: Category | Product, slugs: Mapping[UUID, str]) -> Iterator[str]:
    """Yield the cells of an entry's row; ``slugs`` are those of categories."""
    facts: dict[str, str] = {
        "slug": entry.slug,
        "name": text_cell(entry.name),
        "is_active": "true" if entry.is_active else "false",
    }
    if isinstance(entry, Category):
        facts["kind"] = "category"
        category_id = entry.parent_id
    else:
        category_id = entry.category_id
        facts |= {
            "kind": "product",
            "description": text_cell(entry.description),
            "price": decimal_text(entry.price_minor, entry.currency),
            "currency": entry.currency,
            "stock": str(entry.stock),
            "attributes": text_cell(orjson.dumps(entry.attributes).decode()),
            "picture_url": text_cell(entry.picture_url),
        }
    facts["category"] = "" if category_id is None else slugs[category_id]
    return (facts.get(name, "") for name in COLUMNS)
