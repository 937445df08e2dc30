"""Lists of products: every filter and order gives what a plain model says, page by page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from kit.db import Database
from kit.span import Span
from shop.domain.categories import Category
from shop.domain.products import Product, ProductFilter, Sort
from shop.domain.words import words_of
from shop.repository import Categories, Products
from testkit.databases import Cluster

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
CURRENCIES = ("RUB", "JPY", "KWD")
# Words with a digit in front are stemmed by neither dictionary, so the model needs no stems.
WORDS = ("7a", "7a1", "7a12", "7b", "7b3", "42x", "42", "4я2", "9ёж")
SEARCHES = ("7", "7a", "7a1", "42", "4", "4я", "9еж", "9ЁЖ", "7b3", "8")
NAMES = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class Shelf:
    """A random catalogue, in the database and as plain lists."""

    database: Database
    categories: Sequence[Category]
    products: Sequence[Product]

    def line(self, category_id: UUID | None) -> list[Category]:
        """Return a category and those above it."""
        by_id = {one.id: one for one in self.categories}
        found = []
        while category_id is not None:
            found.append(by_id[category_id])
            category_id = found[-1].parent_id
        return found

    def expected(self, wanted: ProductFilter) -> list[Product]:
        """Return what a list must hold, in its order; a relevance is in no order here."""
        found = [one for one in self.products if self.fits(one, wanted)]
        keys: dict[Sort, Any] = {
            Sort.NEWEST: lambda one: (one.created_at, one.id),
            Sort.CHEAPEST: lambda one: (one.price_minor, one.id),
            Sort.DEAREST: lambda one: (one.price_minor, one.id),
            Sort.NAME: lambda one: (one.name, one.id),
            Sort.RELEVANCE: lambda one: one.id,
        }
        is_downwards = wanted.sort in {Sort.NEWEST, Sort.DEAREST}
        return sorted(found, key=keys[wanted.sort], reverse=is_downwards)

    def fits(self, one: Product, wanted: ProductFilter) -> bool:
        line = self.line(one.category_id)
        is_shown = one.is_active and all(above.is_active for above in line)
        texts = [one.name, one.description or "", *map(str, one.attributes.values())]
        words = words_of(" ".join(texts))
        span = wanted.span
        return all(
            (
                wanted.is_active in (None, is_shown),
                wanted.category_id in (None, *(above.id for above in line)),
                wanted.currency in (None, one.currency),
                wanted.price_min is None or one.price_minor >= wanted.price_min,
                wanted.price_max is None or one.price_minor <= wanted.price_max,
                wanted.in_stock in (None, one.stock > 0),
                span.begin is None or one.created_at >= span.begin,
                span.end is None or one.created_at < span.end,
                all(any(w.startswith(sought) for w in words) for sought in wanted.words or ()),
            )
        )


def tree(random: Random) -> list[Category]:
    made: list[Category] = []
    for number in range(12):
        above = random.choice([None, *made[-6:]])
        made.append(
            Category(
                id=UUID(int=random.getrandbits(128)),
                name=f"Category {number}",
                slug=f"c-{number}",
                parent_id=None if above is None else above.id,
                is_active=random.random() < 0.8,
                version=1,
                created_at=START,
                updated_at=START,
            )
        )
    return made


def goods(random: Random, categories: Sequence[Category]) -> list[Product]:
    def text(most: int) -> str:
        return " ".join(random.choices(WORDS, k=random.randint(0, most)))

    return [
        Product(
            id=UUID(int=random.getrandbits(128)),
            name=random.choice(NAMES),
            slug=f"p-{number}",
            description=text(3) or None,
            price_minor=random.choice([1, 100, 150, 10**15]),
            currency=random.choice(CURRENCIES),
            stock=random.choice([0, 0, 1, 10**9]),
            category_id=random.choice([None, *(one.id for one in categories)]),
            is_active=random.random() < 0.8,
            attributes={"a": text(2), "n": random.randint(0, 99), "b": True},
            picture_url=None,
            version=1,
            created_at=START + timedelta(hours=random.randint(0, 5)),
            updated_at=START,
        )
        for number in range(80)
    ]


def question(random: Random, categories: Sequence[Category]) -> ProductFilter:
    """Return a random filter; each condition is given about every third time."""

    def perhaps(*values: Any) -> Any:
        return random.choice([None] * (2 * len(values)) + list(values))

    words = tuple(random.sample([words_of(one)[0] for one in SEARCHES], random.randint(1, 2)))
    sought = words if random.random() < 0.5 else None
    hours = sorted(random.sample(range(7), 2))
    return ProductFilter(
        category_id=perhaps(*(one.id for one in categories)),
        words=sought,
        currency=perhaps(*CURRENCIES),
        price_min=perhaps(1, 100, 101, 10**15),
        price_max=perhaps(0, 100, 149, 10**15),
        in_stock=perhaps(True, False),
        is_active=random.choice([True, True, False, None]),
        span=Span(
            perhaps(START + timedelta(hours=hours[0])), perhaps(START + timedelta(hours=hours[1]))
        ),
        sort=random.choice([one for one in Sort if sought or one is not Sort.RELEVANCE]),
    )


async def listed(database: Database, wanted: ProductFilter, limit: int) -> list[Product]:
    """Return a whole list, read page by page."""
    found: list[Product] = []
    after = None
    while True:
        async with database.read() as connection:
            page = await Products(connection).page(wanted, after, limit)
        found += [one for one, _ in page]
        if len(page) < limit:
            return found
        after = page[-1][1], page[-1][0].id


@pytest.fixture(params=range(4))
async def shelf(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[Shelf]:
    random = Random(request.param)
    categories = tree(random)
    products = goods(random, categories)
    async with cluster.database("shop") as database:
        async with database.unit_of_work() as uow:
            await Categories(uow).put(categories)
            await Products(uow).put(products)
        yield Shelf(database, categories, products)


@pytest.mark.parametrize("seed", range(3))
async def test_a_list_holds_what_fits_in_its_order_whatever_its_pages(
    shelf: Shelf, seed: int
) -> None:
    random = Random(seed)
    sizes = set()
    for _ in range(60):
        wanted = question(random, shelf.categories)
        expected = shelf.expected(wanted)
        sizes.add(len(expected))
        whole = await listed(shelf.database, wanted, 1_000)
        paged = await listed(shelf.database, wanted, random.choice([1, 2, 3, 7, 20]))
        assert paged == whole, wanted
        if wanted.sort is Sort.RELEVANCE:
            whole = sorted(whole, key=lambda one: one.id)
        assert [one.slug for one in whole] == [one.slug for one in expected], wanted
    assert len(sizes) > 5  # the questions were not all answered by nothing


async def test_each_product_is_found_by_each_of_its_words_and_by_all_of_them(
    shelf: Shelf,
) -> None:
    for one in shelf.products[:30]:
        words = words_of(" ".join([one.name, one.description or "", one.attributes["a"]]))
        for sought in ([word] for word in words):
            wanted = ProductFilter(words=tuple(sought), is_active=None)
            assert one in await listed(shelf.database, wanted, 1_000), (one, sought)
        wanted = ProductFilter(words=tuple(words), is_active=None)
        assert one in await listed(shelf.database, wanted, 1_000), (one, words)


async def test_categories_are_listed_by_name_with_all_that_is_shown(shelf: Shelf) -> None:
    random = Random(0)
    for _ in range(40):
        parent = random.choice([None, None, *shelf.categories])
        is_active, shown_only = random.choice([None, True, False]), random.random() < 0.5
        limit = random.choice([1, 2, 5, 100])
        found: list[Category] = []
        after = None
        while True:
            async with shelf.database.read() as connection:
                page = await Categories(connection).page(
                    parent and parent.id,
                    is_active=is_active,
                    shown_only=shown_only,
                    after=after,
                    limit=limit,
                )
            found += [one for one, _ in page]
            if len(page) < limit:
                break
            after = page[-1][1], page[-1][0].id
        expected = [
            one
            for one in shelf.categories
            if (parent is None or one.parent_id == parent.id)
            and is_active in (None, one.is_active)
            and (not shown_only or all(above.is_active for above in shelf.line(one.id)))
        ]
        assert sorted(one.slug for one in found) == sorted(one.slug for one in expected)
        assert [one.name for one in found] == sorted(one.name for one in expected)
