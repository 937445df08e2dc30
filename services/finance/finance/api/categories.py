"""Serves categories: list, show, add, change, delete."""

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.owners import CREATED, OK, MoveTo, Owning
from finance.domain.categories import FinanceCategory
from finance.domain.names import sort_key
from finance.refusals import (
    CategoriesSame,
    CategoryNotYours,
    CategoryTypeDiffers,
    FinanceCategoryCycle,
    FinanceCategoryExists,
    FinanceCategoryInUse,
    FinanceCategoryNotFound,
    FinanceCategoryTooDeep,
    FinanceParentNotFound,
    TooManyFinanceCategories,
)
from finance.repository import FinanceCategories
from finance.schemas.categories import (
    FinanceCategoriesQuery,
    FinanceCategoryAnswer,
    FinanceCategoryChange,
    FinanceCategoryRequest,
)
from finance.service import categories as service
from finance.wiring import Wired
from kit.db import UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import KeyPosition, page_of
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/categories"
_ONE: Final = f"{PATH}/{{category_id}}"
_EDIT: Final = (FinanceCategoryNotFound, EditStale, IfMatchMalformed)
_PLACE: Final = (
    FinanceParentNotFound,
    CategoryTypeDiffers,
    FinanceCategoryTooDeep,
    FinanceCategoryExists,
)

router = Router(tags=["categories"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_finance_categories",
    summary="List one's categories",
    description="In the order of their names.",
    response_model=Page[FinanceCategoryAnswer],
    refusals=(CursorInvalid,),
)
async def list_finance_categories(
    owner: Owning, caller: Caller, query: Annotated[FinanceCategoriesQuery, Query()], wired: Wired
) -> Page[FinanceCategoryAnswer]:
    """Show a page of the caller's categories."""
    cursors = query.key_cursors(
        wired.settings.cursor_secret, list_name="list_finance_categories", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await FinanceCategories(connection).page(
            owner.user_id, type=query.type, span=query.span, after=after, limit=query.limit + 1
        )
    return page_of(
        Page[FinanceCategoryAnswer],
        found,
        FinanceCategoryAnswer.of,
        limit=query.limit,
        cursors=cursors,
        place=_place,
    )


def _place(category: FinanceCategory) -> KeyPosition:
    return KeyPosition(sort_key(category.name), category.id)


@router.get(
    _ONE,
    access="owner",
    operation_id="get_finance_category",
    summary="Show one category",
    response_model=FinanceCategoryAnswer,
    answer_headers=(ETAG,),
    refusals=(FinanceCategoryNotFound,),
)
async def get_finance_category(category_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show a category to its owner."""
    async with wired.database.read() as connection:
        found = await FinanceCategories(connection).of(owner.user_id, (category_id,))
    if not found:
        raise FinanceCategoryNotFound
    return _answer(OK, found[category_id])


@router.post(
    PATH,
    access="user",
    operation_id="create_finance_category",
    summary="Add a category",
    status_code=201,
    response_model=FinanceCategoryAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(*_PLACE, TooManyFinanceCategories),
)
async def create_finance_category(
    request: Request, caller: Caller, owner: Owning, body: FinanceCategoryRequest
) -> Answer:
    """Store a category below its parent."""

    async def work(uow: UnitOfWork) -> Answer:
        new = body.category(owner, uow.clock.now())
        added = await service.add_category(uow, owner, new)
        return _answer(CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(
        request, caller, operation="create_finance_category", body=body, work=work
    )


@router.patch(
    _ONE,
    access="owner",
    operation_id="change_finance_category",
    summary="Change a category",
    response_model=FinanceCategoryAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, *_PLACE, FinanceCategoryCycle, FinanceCategoryInUse),
)
async def change_finance_category(
    category_id: UUID, owner: Owning, body: FinanceCategoryChange, edition: IfMatch, wired: Wired
) -> Answer:
    """Change the fields that the request names."""
    async with wired.database.unit_of_work() as uow:
        changed = await service.change_category(uow, owner, category_id, body.changes(), edition)
    return _answer(OK, changed)


@router.delete(
    _ONE,
    access="owner",
    operation_id="delete_finance_category",
    summary="Delete a category",
    description="One that something has goes only with `move_to`: another category of the same"
    " type takes its place, and the categories in it go up to its parent.",
    refusals=(
        *_EDIT,
        FinanceCategoryInUse,
        CategoryNotYours,
        CategoriesSame,
        CategoryTypeDiffers,
    ),
)
async def delete_finance_category(
    category_id: UUID, owner: Owning, edition: IfMatch, wired: Wired, move_to: MoveTo = None
) -> None:
    """Delete a category that nothing has, or put another in its place."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_category(uow, owner, category_id, edition, move_to)


def _answer(
    status: int, category: FinanceCategory, headers: Mapping[str, str] | None = None
) -> Answer:
    shown = FinanceCategoryAnswer.of(category)
    return Answer(status, shown, {**(headers or {}), **etag(category.version)})
