"""Shapes what the API of products takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.config import JsonDict

from kit.ids import new_id
from kit.money import DEFAULT_CURRENCY, Money, decimal_text
from kit.web.fields import (
    IDS,
    RETURN_URL,
    AmountText,
    Changed,
    CurrencyCode,
    money_in,
    money_in_stored,
    refuse_field,
    return_url,
)
from kit.web.queries import SpanQuery
from kit.web.schemas import Model
from kit.web.texts import LINE, TEXT, plain_text, visible_line
from shop.domain.products import MOST_STOCK, Product, ProductFilter, Sort
from shop.domain.words import MOST_WORDS, words_of
from shop.schemas.texts import CatalogueName, Description, Slug, slug_for

_LONGEST_URL: Final = 2_000
_MOST_ATTRIBUTES: Final = 50
_EXAMPLE: dict[str, Any] = {
    "name": "Headphones K-72",
    "slug": "headphones-k-72",
    "description": "On the ear, with a cable of 1.2 m",
    "price": "2490.00",
    "currency": "RUB",
    "stock": 40,
    "category_id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "is_active": True,
    "attributes": {"colour": "black", "weight_g": 210},
    "picture_url": "https://shop.example/pictures/k-72.jpg",
}
_TIMES: dict[str, Any] = {
    "version": 1,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}

Stock = Annotated[
    int, Field(ge=0, le=MOST_STOCK, description="How many can be ordered.", examples=[40])
]


def _fact(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """Refuse what is no fact once, whichever of its types comes nearest."""
    try:
        return read(value)
    except ValidationError:
        raise refuse_field(
            "malformed",
            "Must be a text of up to 500 visible characters, a whole number, true or false.",
            "Должно быть текстом до 500 видимых знаков, целым числом, true или false.",
        ) from None


Fact = Annotated[
    Annotated[str, Field(max_length=500, json_schema_extra=TEXT), AfterValidator(plain_text)]
    | Annotated[int, Field(ge=-(2**53), le=2**53)]
    | bool,
    WrapValidator(_fact),
]
Attributes = Annotated[
    dict[
        Annotated[
            str,
            Field(min_length=1, max_length=50, json_schema_extra=LINE),
            AfterValidator(visible_line),
        ],
        Fact,
    ],
    Field(
        description="Facts by name: texts, whole numbers, true or false. Texts are searched.",
        max_length=_MOST_ATTRIBUTES,
        examples=[{"colour": "black"}],
    ),
]
PictureUrl = Annotated[
    str,
    Field(
        max_length=_LONGEST_URL,
        json_schema_extra=RETURN_URL,
        examples=["https://shop.example/pictures/k-72.jpg"],
    ),
    AfterValidator(return_url),
]


class ProductRequest(Model):
    """A product to be made; without a slug one is made of the name."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: CatalogueName
    slug: Slug | None = None
    description: Description | None = None
    price: AmountText
    currency: CurrencyCode = DEFAULT_CURRENCY
    stock: Stock = 0
    category_id: UUID | None = None
    is_active: bool = Field(default=True, description="Whether it is shown and sold.")
    attributes: Attributes = Field(default_factory=dict)
    picture_url: PictureUrl | None = None

    _price: Money = PrivateAttr()

    @model_validator(mode="after")
    def _read(self) -> Self:
        self._price = money_in(self.price, self.currency, field="price")
        slug_for(self.name, self.slug)
        return self

    def product(self, now: datetime) -> Product:
        """Return the new product."""
        return Product(
            id=new_id(),
            name=self.name,
            slug=slug_for(self.name, self.slug),
            description=self.description,
            price_minor=self._price.minor,
            currency=self.currency,
            stock=self.stock,
            category_id=self.category_id,
            is_active=self.is_active,
            attributes=self.attributes,
            picture_url=self.picture_url,
            version=1,
            created_at=now,
            updated_at=now,
        )


class ProductChange(Model):
    """The fields to change; fields not named stay. The currency never changes.

    Orders keep the price that they were made with.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"price": "2290.00", "stock_change": 10}],
            "not": {"required": ["stock", "stock_change"]},
        }
    )

    name: Changed[CatalogueName] = None
    slug: Changed[Slug] = None
    description: Description | None = None
    price: Changed[AmountText] = None
    stock: Changed[Stock] = None
    stock_change: Changed[Annotated[int, Field(ge=-MOST_STOCK, le=MOST_STOCK)]] = Field(
        None,
        description="Added to the stock, whatever is sold meanwhile; not together with `stock`.",
    )
    category_id: UUID | None = None
    is_active: Changed[bool] = None
    attributes: Changed[Attributes] = None
    picture_url: PictureUrl | None = None

    @model_validator(mode="after")
    def _one_stock(self) -> Self:
        if self.stock is not None and self.stock_change is not None:
            raise refuse_field(
                "at_most_one",
                "Give the stock or its change, not both.",
                "Укажите остаток или его изменение, но не оба.",
                field="stock_change",
            )
        return self

    def changes(self, currency: str) -> dict[str, Any]:
        """Return the product's fields to change, with a price in its currency.

        Raises:
            ValidationFailed: the price is not an amount of that currency.
        """
        changes = self.model_dump(exclude_unset=True)
        if "price" in changes:
            price = money_in_stored(changes.pop("price"), currency, field="price")
            changes["price_minor"] = price.minor
        return changes


class ProductAnswer(Model):
    """A product of the shop."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "0197a1e1-2c3d-7e4f-9051-6b7c8d9e0f10", **_EXAMPLE, **_TIMES},
            ]
        }
    )

    id: UUID
    name: str
    slug: str
    description: str | None
    price: str
    currency: str
    stock: int = Field(description="How many can be ordered now; orders have reserved the others.")
    category_id: UUID | None
    is_active: bool
    attributes: dict[str, str | int | bool]
    picture_url: str | None
    version: int = Field(description="Grows with each edit; orders do not count.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, product: Product) -> "ProductAnswer":
        """Return the product as everybody sees it."""
        return cls(  # quicker than `model_construct`, and checked
            id=product.id,
            name=product.name,
            slug=product.slug,
            description=product.description,
            price=decimal_text(product.price_minor, product.currency),
            currency=product.currency,
            stock=product.stock,
            category_id=product.category_id,
            is_active=product.is_active,
            attributes=dict(product.attributes),
            picture_url=product.picture_url,
            version=product.version,
            created_at=product.created_at,
            updated_at=product.updated_at,
        )


# What JSON Schema can say of a search: it knows which characters of ASCII are letters or digits.
_SOME_WORD: Final[JsonDict] = {"pattern": r"[^\u0000-/:-@\[-`{-\u007f]"}


class ProductsQuery(SpanQuery):
    """Filters, order and page of products, also by when they were added."""

    id: str | None = Field(None, pattern=IDS, description="Products' ids, separated by commas.")
    category: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Id, slug or name of a category: products in it, or in one below it.",
        examples=["headphones"],
    )
    search: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        json_schema_extra=_SOME_WORD,
        description="Words that the product has, in any form, in Russian or English; the beginning"
        " of a word will do.",
    )
    currency: CurrencyCode | None = None
    price_min: AmountText | None = None
    price_max: AmountText | None = Field(
        None, description="In `currency`, as `price_min`; RUB where none is named."
    )
    in_stock: bool | None = Field(None, description="Only what can, or cannot, be ordered now.")
    is_active: bool | None = Field(
        None, description="For admins: only what is shown, or not. Others see what is shown."
    )
    sort: Literal["newest", "price", "-price", "name", "relevance"] | None = Field(
        None,
        description="By default `newest`; with a search `relevance`, which ranks the newest 1,000"
        " products that fit.",
    )

    _prices: tuple[int | None, int | None] = PrivateAttr((None, None))

    @model_validator(mode="after")
    def _read(self) -> Self:
        self._prices = self._price("price_min"), self._price("price_max")
        words = words_of(self.search or "")
        if self.search is not None and not 1 <= len(words) <= MOST_WORDS:
            raise refuse_field(
                "malformed",
                f"Must hold 1 to {MOST_WORDS} words of letters or digits.",
                f"Нужно от 1 до {MOST_WORDS} слов из букв или цифр.",
                field="search",
            )
        if self.sort == Sort.RELEVANCE.value and self.search is None:
            raise refuse_field(
                "malformed",
                "Only a search has a relevance.",
                "Релевантность есть только у поиска.",
                field="sort",
            )
        return self

    def _price(self, name: str) -> int | None:
        given: str | None = getattr(self, name)
        if given is None or not given.strip("0."):  # nothing costs less than nothing
            return None
        return money_in(given, self.currency or DEFAULT_CURRENCY, field=name).minor

    def wanted(self, category_id: UUID | None, *, may_see_all: bool) -> ProductFilter:
        """Return the filter as the repository takes it.

        ``category_id`` is of the named category; only some may see what is not shown.
        """
        low, high = self._prices
        has_price = self.price_min is not None or self.price_max is not None
        words = tuple(words_of(self.search)) if self.search is not None else None
        return ProductFilter(
            ids=None if self.id is None else [UUID(text) for text in self.id.split(",")],
            category_id=category_id,
            words=words,
            currency=self.currency or (DEFAULT_CURRENCY if has_price else None),
            price_min=low,
            price_max=0 if self.price_max is not None and high is None else high,
            in_stock=self.in_stock,
            is_active=self.is_active if may_see_all else True,
            span=self.span,
            sort=Sort(self.sort or ("newest" if words is None else "relevance")),
        )
