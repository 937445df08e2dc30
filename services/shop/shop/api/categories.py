"""Serves categories: list, show, add, change, deactivate, delete."""

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
from shop.domain.categories import Category
from shop.refusals import (
    CategoryCycle,
    CategoryInUse,
    CategoryNotFound,
    CategoryTooDeep,
    ParentNotFound,
    SlugTaken,
    TooManyCategories,
)
from shop.repository import Categories
from shop.schemas.categories import (
    CategoriesQuery,
    CategoryAnswer,
    CategoryChange,
    CategoryRequest,
)
from shop.schemas.texts import NamedCategory
from shop.service import categories as service
from shop.wiring import Wired, Wiring

PATH: Final = "/v1/shop/categories"
_EDIT: Final = (CategoryNotFound, EditStale, IfMatchMalformed)

router = Router(tags=["categories"], scope="products")


@router.get(
    PATH,
    access="public",
    operation_id="list_categories",
    summary="List categories",
    description="In the order of their names. What is not active, and what is below it, is shown"
    " to admins only.",
    response_model=Page[CategoryAnswer],
    refusals=(CursorInvalid, Forbidden),
)
async def list_categories(
    query: Annotated[CategoriesQuery, Query()], viewer: Viewing, wired: Wired
) -> Page[CategoryAnswer]:
    """Show a page of categories, by one statement."""
    viewer.require(query.is_active)
    cursors = query.key_cursors(
        wired.settings.cursor_secret, list_name="list_categories", subject=viewer.kind
    )
    async with wired.database.read() as connection:
        found = await Categories(connection).page(
            query.parent_id,
            is_active=query.is_active,
            shown_only=not viewer.may_see_all,
            after=cursors.decode(query.cursor),
            limit=query.limit + 1,
        )
    return page_of(
        Page[CategoryAnswer], found, _shown, limit=query.limit, cursors=cursors, place=_place
    )


def _shown(row: tuple[Category, str]) -> CategoryAnswer:
    return CategoryAnswer.of(row[0])


def _place(row: tuple[Category, str]) -> KeyPosition:
    return KeyPosition(row[1], row[0].id)


@router.get(
    f"{PATH}/{{category}}",
    access="public",
    operation_id="get_category",
    summary="Show one category, by its id, slug or name",
    response_model=CategoryAnswer,
    answer_headers=(ETAG,),
    refusals=(CategoryNotFound,),
)
async def get_category(category: NamedCategory, viewer: Viewing, wired: Wired) -> Answer:
    """Show a category; of several of one name the oldest."""
    async with wired.database.read() as connection:
        found = await Categories(connection).find(category, shown_only=not viewer.may_see_all)
    if found is None:
        raise CategoryNotFound
    return _answer(OK, found)


@router.post(
    PATH,
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="create_category",
    summary="Add a category",
    status_code=201,
    response_model=CategoryAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(ParentNotFound, CategoryTooDeep, SlugTaken, TooManyCategories),
)
async def create_category(
    request: Request, caller: Caller, body: CategoryRequest, audit: Auditing
) -> Answer:
    """Store a category below its parent."""

    async def work(uow: UnitOfWork) -> Answer:
        added = await service.add_category(uow, body.category(uow.clock.now()))
        await audit.changed(uow, "category", added.id)
        return _answer(CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_category", body=body, work=work)


@router.patch(
    f"{PATH}/{{category}}",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="change_category",
    summary="Change a category",
    response_model=CategoryAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, ParentNotFound, CategoryCycle, CategoryTooDeep, SlugTaken),
)
async def change_category(
    category: NamedCategory,
    body: CategoryChange,
    edition: IfMatch,
    wired: Wired,
    audit: Auditing,
) -> Answer:
    """Change the fields that the request names."""
    return await _change(wired, audit, category, body.changes(), edition)


@router.post(
    f"{PATH}/{{category}}/deactivate",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="deactivate_category",
    summary="Hide a category with all that is in it",
    description="Changes nothing where it is inactive already. `PATCH` makes it active again.",
    response_model=CategoryAnswer,
    answer_headers=(ETAG,),
    refusals=_EDIT,
)
async def deactivate_category(
    category: NamedCategory, edition: IfMatch, wired: Wired, audit: Auditing
) -> Answer:
    """Make a category inactive; its products are neither shown nor sold."""
    return await _change(wired, audit, category, {"is_active": False}, edition)


@router.delete(
    f"{PATH}/{{category}}",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="delete_category",
    summary="Delete a category that holds nothing",
    refusals=(*_EDIT, CategoryInUse),
)
async def delete_category(
    category: NamedCategory, edition: IfMatch, wired: Wired, audit: Auditing
) -> None:
    """Delete a category without products and without categories below it."""
    category_id = await _id_of(wired, category)
    async with wired.database.unit_of_work() as uow:
        deleted = await service.delete_category(uow, category_id, edition)
        await audit.changed(uow, "category", deleted.id)


async def _change(
    wired: Wiring, audit: Auditing, named: str, changes: Mapping[str, Any], edition: Edition
) -> Answer:
    category_id = await _id_of(wired, named)
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_category(uow, category_id, changes, edition)
        await audit.changed(uow, "category", changed.id)
    return _answer(OK, changed)


async def _id_of(wired: Wiring, named: str) -> UUID:
    async with wired.database.read() as connection:
        found = await Categories(connection).find(named, shown_only=False)
    if found is None:
        raise CategoryNotFound
    return found.id


def _answer(status: int, category: Category, headers: Mapping[str, str] | None = None) -> Answer:
    shown = CategoryAnswer.of(category)
    return Answer(status, shown, {**(headers or {}), **etag(category.version)})
