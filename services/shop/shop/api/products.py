"""Serves products: list, show, add, change, deactivate, delete."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.edits import Edition, EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid, Forbidden
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import KeyPosition, page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from shop.api.viewer import CREATED, OK, OPEN_CATALOGUE, Viewing
from shop.domain.products import Product
from shop.refusals import (
    CategoryNotFound,
    ProductCategoryNotFound,
    ProductNotFound,
    SlugTaken,
    StockOutOfRange,
)
from shop.repository import Categories, Products
from shop.schemas.products import ProductAnswer, ProductChange, ProductRequest, ProductsQuery
from shop.schemas.texts import NamedProduct
from shop.service import products as service
from shop.wiring import Wired, Wiring

PATH: Final = "/v1/shop/products"
_EDIT: Final = (ProductNotFound, EditStale, IfMatchMalformed)

router = Router(tags=["products"], scope="products")


@router.get(
    PATH,
    access="public",
    operation_id="list_products",
    summary="List and search products",
    description="Products that are not active, or stand in a category that is not, are shown to"
    " admins only.",
    response_model=Page[ProductAnswer],
    refusals=(CursorInvalid, CategoryNotFound, Forbidden),
)
async def list_products(
    query: Annotated[ProductsQuery, Query()], viewer: Viewing, wired: Wired
) -> Page[ProductAnswer]:
    """Show a page of products; a named category is looked up before."""
    viewer.require(query.is_active)
    cursors = query.key_cursors(
        wired.settings.cursor_secret, list_name="list_products", subject=viewer.kind
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        category_id = None
        if query.category is not None:
            category = await Categories(connection).find(
                query.category, shown_only=not viewer.may_see_all
            )
            if category is None:
                raise CategoryNotFound
            category_id = category.id
        wanted = query.wanted(category_id, may_see_all=viewer.may_see_all)
        found = await Products(connection).page(wanted, after, query.limit + 1)
    return page_of(
        Page[ProductAnswer], found, _shown, limit=query.limit, cursors=cursors, place=_place
    )


def _shown(row: tuple[Product, int | str]) -> ProductAnswer:
    return ProductAnswer.of(row[0])


def _place(row: tuple[Product, int | str]) -> KeyPosition:
    return KeyPosition(row[1], row[0].id)


@router.get(
    f"{PATH}/{{product}}",
    access="public",
    operation_id="get_product",
    summary="Show one product, by its id or slug",
    response_model=ProductAnswer,
    answer_headers=(ETAG,),
    refusals=(ProductNotFound,),
)
async def get_product(product: NamedProduct, viewer: Viewing, wired: Wired) -> Answer:
    """Show a product."""
    async with wired.database.read() as connection:
        found = await Products(connection).find(product, shown_only=not viewer.may_see_all)
    if found is None:
        raise ProductNotFound
    return _answer(OK, found)


@router.post(
    PATH,
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="create_product",
    summary="Add a product",
    status_code=201,
    response_model=ProductAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(ProductCategoryNotFound, SlugTaken),
)
async def create_product(
    request: Request, caller: Caller, body: ProductRequest, audit: Auditing
) -> Answer:
    """Store a product."""

    async def work(uow: UnitOfWork) -> Answer:
        added = await service.add_product(uow, body.product(uow.clock.now()))
        await audit.changed(uow, "product", added.id)
        return _answer(CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_product", body=body, work=work)


@router.patch(
    f"{PATH}/{{product}}",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="change_product",
    summary="Change a product",
    description="With If-Match an edit of what another has edited meanwhile is refused. What was"
    " sold meanwhile counts only where the edit sets the stock; `stock_change` adds to it.",
    response_model=ProductAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, ProductCategoryNotFound, SlugTaken, StockOutOfRange),
)
async def change_product(
    product: NamedProduct, body: ProductChange, edition: IfMatch, wired: Wired, audit: Auditing
) -> Answer:
    """Change the fields that the request names."""
    found = await _found(wired, product)
    return await _change(wired, audit, found.id, body.changes(found.currency), edition)


@router.post(
    f"{PATH}/{{product}}/deactivate",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="deactivate_product",
    summary="Take a product off the shelf",
    description="Changes nothing where it is inactive already. `PATCH` makes it active again.",
    response_model=ProductAnswer,
    answer_headers=(ETAG,),
    refusals=_EDIT,
)
async def deactivate_product(
    product: NamedProduct, edition: IfMatch, wired: Wired, audit: Auditing
) -> Answer:
    """Make a product inactive: it is neither shown nor sold."""
    found = await _found(wired, product)
    return await _change(wired, audit, found.id, {"is_active": False}, edition)


@router.delete(
    f"{PATH}/{{product}}",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="delete_product",
    summary="Delete a product",
    refusals=_EDIT,
)
async def delete_product(
    product: NamedProduct, edition: IfMatch, wired: Wired, audit: Auditing
) -> None:
    """Delete a product for good."""
    found = await _found(wired, product)
    async with wired.database.unit_of_work() as uow:
        deleted = await service.delete_product(uow, found.id, edition)
        await audit.changed(uow, "product", deleted.id)


async def _change(
    wired: Wiring, audit: Auditing, product_id: UUID, changes: Mapping[str, Any], edition: Edition
) -> Answer:
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_product(uow, product_id, changes, edition)
        await audit.changed(uow, "product", changed.id)
    return _answer(OK, changed)


async def _found(wired: Wiring, named: str) -> Product:
    async with wired.database.read() as connection:
        found = await Products(connection).find(named, shown_only=False)
    if found is None:
        raise ProductNotFound
    return found


def _answer(status: int, product: Product, headers: Mapping[str, str] | None = None) -> Answer:
    shown = ProductAnswer.of(product)
    return Answer(status, shown, {**(headers or {}), **etag(product.version, product.stock)})
