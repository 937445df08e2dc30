"""Stores products; reads one, or a page in one of five orders.

Words are stemmed by PostgreSQL's configuration `russian`, which has both dictionaries: words in
ASCII are stemmed as English ones, all others as Russian ones. What begins like a stem, or like the
word itself (`simple`), is found.
"""

# ruff: noqa: S608 - texts are put together from the constants of this file; values are parameters

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from asyncpg import UniqueViolationError

from kit.db import Connection
from kit.ids import id_in
from kit.moments import microseconds_of, moment_at
from shop.domain.products import Product, ProductFilter, Sort
from shop.domain.words import name_key, words_of
from shop.refusals import SlugTaken
from shop.repository.categories import BELOW, CLOSED

# How many of the newest that fit are ranked. Ranking reads every one, so a word that all products
# have would else cost more with every product.
MOST_RANKED: Final = 1_000

_ROW: Final = """
    id, name, slug, description, price_minor, currency, stock, category_id, is_active, attributes,
    picture_url, version, created_at, updated_at
"""
_values = attrgetter(*_ROW.replace(",", " ").split())
_VECTOR: Final = """
    setweight(to_tsvector('russian', {name}) || to_tsvector('simple', {name}), 'A')
    || setweight(to_tsvector('russian', {rest}) || to_tsvector('simple', {rest}), 'B')
"""
_ADD: Final = f"""
INSERT INTO product ({_ROW}, name_key, search)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    {_VECTOR.format(name="$16::text", rest="$17::text")})
ON CONFLICT (slug) DO NOTHING RETURNING id
"""
_SAVE: Final = f"""
UPDATE product SET name = $2, slug = $3, description = $4, price_minor = $5, stock = $6,
    category_id = $7, is_active = $8, attributes = $9, picture_url = $10, version = $11,
    updated_at = $12, name_key = $13,
    search = {_VECTOR.format(name="$14::text", rest="$15::text")}
WHERE id = $1
"""
_PUT: Final = f"""
INSERT INTO product ({_ROW}, name_key, search)
SELECT {_ROW}, name_key, {_VECTOR.format(name="name_words", rest="other_words")}
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::int[],
    $8::uuid[], $9::boolean[], $10::jsonb[], $11::text[], $12::int[], $13::timestamptz[],
    $14::timestamptz[], $15::text[], $16::text[], $17::text[]
) AS given ({_ROW}, name_key, name_words, other_words)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
    price_minor = excluded.price_minor, stock = excluded.stock,
    category_id = excluded.category_id, is_active = excluded.is_active,
    attributes = excluded.attributes, picture_url = excluded.picture_url,
    version = excluded.version, updated_at = excluded.updated_at, name_key = excluded.name_key,
    search = excluded.search
"""
IS_SHOWN: Final = f"(is_active AND (category_id IS NULL OR category_id <> ALL({CLOSED})))"
_FIND: Final = f"""
SELECT {_ROW} FROM product WHERE (id = $1 OR slug = $2) AND (NOT $3 OR {IS_SHOWN})
ORDER BY (id = $1) IS TRUE DESC LIMIT 1
"""
_NAMED: Final = f"""
SELECT {_ROW} FROM product WHERE slug = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
_NEXT: Final = f"SELECT {_ROW} FROM product WHERE id > $1 ORDER BY id LIMIT $2"
_LOCK: Final = f"SELECT {_ROW} FROM product WHERE id = $1 FOR NO KEY UPDATE"

_PAST: Final = {  # what comes after a row whose key and id are `{key}` and `{id}`
    Sort.NEWEST: "(created_at, id) < ({key}, {id})",
    Sort.CHEAPEST: "(price_minor, id) > ({key}, {id})",
    Sort.DEAREST: "(price_minor, id) < ({key}, {id})",
    Sort.NAME: "(name_key, id) > ({key}, {id})",
    Sort.RELEVANCE: "(rank, id) < ({key}::int, {id})",
}
_ORDER: Final = {
    Sort.NEWEST: "created_at DESC, id DESC",
    Sort.CHEAPEST: "price_minor, id",
    Sort.DEAREST: "price_minor DESC, id DESC",
    Sort.NAME: "name_key, id",
    Sort.RELEVANCE: "rank DESC, id DESC",
}
# A search has two ways to its products: along the index of its order until enough fit, which is
# short where many do, and by the index of words, short where few do. PostgreSQL can't tell them,
# for it does not know how many have a word that begins like this; so some products are asked first.
# `coalesce` keeps the index of words out of the first way, OFFSET 0 that of the order out of the
# second.
ASKED: Final = 500  # of the newest, and of the oldest
MANY: Final = 50
_SEARCH: Final = f"""
WITH given AS MATERIALIZED (SELECT {{query}} AS query), asked AS MATERIALIZED (
    SELECT query,
        EXISTS (SELECT FROM (SELECT search FROM product ORDER BY created_at DESC, id DESC
            LIMIT {ASKED}) AS newest WHERE search @@ query OFFSET {MANY - 1})
        AND EXISTS (SELECT FROM (SELECT search FROM product ORDER BY created_at, id
            LIMIT {ASKED}) AS oldest WHERE search @@ query OFFSET {MANY - 1}) AS many_fit
    FROM given)
"""
_QUERY: Final = "(SELECT query FROM asked)"
_MANY_FIT: Final = "(SELECT many_fit FROM asked)"
_FOUND: Final = f"""
((SELECT * FROM product
    WHERE {{conditions}} AND coalesce(search @@ {_QUERY}, false) AND {_MANY_FIT}
    ORDER BY {{order}} LIMIT {{limit}})
UNION ALL (SELECT * FROM (SELECT * FROM product
    WHERE {{conditions}} AND search @@ {_QUERY} AND NOT {_MANY_FIT} OFFSET 0) AS few
    ORDER BY {{order}} LIMIT {{limit}})) AS found
"""
_RANKED: Final = f"""
(SELECT *, (ts_rank(search, {_QUERY}) * 1000000)::int AS rank FROM {{found}}) AS ranked
"""


class Products:
    """Stored products; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Product) -> None:
        """Store a new product.

        Raises:
            SlugTaken: another one has its slug.
        """
        stored = await self._connection.fetchval(
            _ADD, *_values(new), name_key(new.name), *_searched(new)
        )
        if stored is None:
            raise SlugTaken

    async def put(self, products: Sequence[Product]) -> None:
        """Store new products, and locked others as they are now.

        Raises:
            SlugTaken: another one has a new one's slug.
        """
        if not products:
            return
        rows = [(*_values(one), name_key(one.name), *_searched(one)) for one in products]
        try:
            await self._connection.execute(_PUT, *zip(*rows, strict=True))
        except UniqueViolationError:
            raise SlugTaken from None

    async def named(self, slugs: Collection[str]) -> list[Product]:
        """Return those of the named products that exist, locked in the order of their ids."""
        rows = await self._connection.fetch(_NAMED, list(slugs))
        return [Product(**row) for row in rows]

    async def count(self) -> int:
        """Return how many there are."""
        return int(await self._connection.fetchval("SELECT count(*) FROM product"))

    async def following(self, product_id: UUID, limit: int) -> list[Product]:
        """Return the next products after an id, in the order of ids."""
        rows = await self._connection.fetch(_NEXT, product_id, limit)
        return [Product(**row) for row in rows]

    async def find(self, named: str, *, shown_only: bool) -> Product | None:
        """Return a product by its id or its slug.

        ``shown_only`` leaves out what is inactive, or stands in an inactive category.
        """
        row = await self._connection.fetchrow(_FIND, id_in(named), named, shown_only)
        return None if row is None else Product(**row)

    async def lock(self, product_id: UUID) -> Product | None:
        """Return a product, locked until the unit of work ends."""
        row = await self._connection.fetchrow(_LOCK, product_id)
        return None if row is None else Product(**row)

    async def save(self, changed: Product) -> None:
        """Store a locked product as it is now.

        Raises:
            SlugTaken: another one has its slug.
        """
        try:
            await self._connection.execute(
                _SAVE,
                changed.id,
                changed.name,
                changed.slug,
                changed.description,
                changed.price_minor,
                changed.stock,
                changed.category_id,
                changed.is_active,
                changed.attributes,
                changed.picture_url,
                changed.version,
                changed.updated_at,
                name_key(changed.name),
                *_searched(changed),
            )
        except UniqueViolationError:
            raise SlugTaken from None

    async def delete(self, product_id: UUID) -> None:
        """Delete a locked product."""
        await self._connection.execute("DELETE FROM product WHERE id = $1", product_id)

    async def page(
        self, wanted: ProductFilter, after: tuple[int | str, UUID] | None, limit: int
    ) -> list[tuple[Product, int | str]]:
        """Return a page of products, each with its sort key, by one statement.

        Args:
            wanted: Which ones, in which order.
            after: Sort key and id of the product that the page before ended with.
            limit: How many at most.
        """
        values: list[Any] = []

        def value(given: Any) -> str:
            values.append(given)
            return f"${len(values)}"

        statement = _page(wanted, after, limit, value)
        rows = await self._connection.fetch(statement, *values)
        return [_with_key(row, wanted.sort) for row in rows]


def _page(
    wanted: ProductFilter,
    after: tuple[int | str, UUID] | None,
    limit: int,
    value: Callable[[Any], str],
) -> str:
    """Return the statement of a page; ``value`` makes a parameter of a value."""
    conditions = _conditions(wanted, value)
    past = [] if after is None else [_past(wanted.sort, after, value)]
    order, most = _ORDER[wanted.sort], value(limit)
    if wanted.words is None:
        return (
            f"SELECT {_ROW} FROM product {_where(conditions + past)} ORDER BY {order} LIMIT {most}"
        )
    search = _SEARCH.format(query=" && ".join(_found(value(f"{word}:*")) for word in wanted.words))
    if wanted.sort is Sort.RELEVANCE:
        found = _fitting(conditions, _ORDER[Sort.NEWEST], str(MOST_RANKED))
        source = f"{_RANKED.format(found=found)} {_where(past)}"
        return f"{search} SELECT {_ROW}, rank FROM {source} ORDER BY {order} LIMIT {most}"
    found = _fitting(conditions + past, order, most)
    return f"{search} SELECT {_ROW} FROM {found} ORDER BY {order} LIMIT {most}"


def _fitting(conditions: Sequence[str], order: str, limit: str) -> str:
    """Return the source of those that a search finds, the first ones of an order."""
    return _FOUND.format(conditions=" AND ".join(conditions) or "true", order=order, limit=limit)


def _conditions(wanted: ProductFilter, value: Callable[[Any], str]) -> list[str]:
    found = []
    if wanted.is_active is not None:
        found.append(IS_SHOWN if wanted.is_active else f"NOT {IS_SHOWN}")
    if wanted.ids is not None:
        found.append(f"id = ANY({value(wanted.ids)})")
    if wanted.category_id is not None:
        found.append(f"category_id = ANY({BELOW.replace('$1', value(wanted.category_id))})")
    if wanted.currency is not None:
        found.append(f"currency = {value(wanted.currency)}")
    if wanted.price_min is not None:
        found.append(f"price_minor >= {value(wanted.price_min)}")
    if wanted.price_max is not None:
        found.append(f"price_minor <= {value(wanted.price_max)}")
    if wanted.span.begin is not None:
        found.append(f"created_at >= {value(wanted.span.begin)}")
    if wanted.span.end is not None:
        found.append(f"created_at < {value(wanted.span.end)}")
    if wanted.in_stock is not None:
        found.append("stock > 0" if wanted.in_stock else "stock = 0")
    return found


def _found(word: str) -> str:
    return f"(to_tsquery('russian', {word}) || to_tsquery('simple', {word}))"


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _past(sort: Sort, after: tuple[int | str, UUID], value: Callable[[Any], str]) -> str:
    key: Any = after[0]
    if sort is Sort.NEWEST:
        key = moment_at(key)
    return _PAST[sort].format(key=value(key), id=value(after[1]))


def _with_key(row: Any, sort: Sort) -> tuple[Product, int | str]:
    values = dict(row)
    rank = values.pop("rank", 0)
    found = Product(**values)
    match sort:
        case Sort.NEWEST:
            return found, microseconds_of(found.created_at)
        case Sort.NAME:
            return found, name_key(found.name)
        case Sort.RELEVANCE:
            return found, rank
    return found, found.price_minor


def _searched(product: Product) -> tuple[str, str]:
    """Return the words of a name, and those of the rest that is searched."""
    facts = (product.description or "", *map(str, product.attributes.values()))
    return " ".join(words_of(product.name)), " ".join(words_of(" ".join(facts)))
