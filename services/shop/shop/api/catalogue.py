"""Serves the whole catalogue as CSV: export and import."""

from collections.abc import AsyncIterator
from typing import Final

from fastapi import Request
from starlette.responses import StreamingResponse

from kit.csv_text import encode_csv
from kit.db import Database, UnitOfWork
from kit.refusals import ValidationFailed
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.csv_bodies import CSV, csv_file, placed_in
from kit.web.faults import MAX_FAULTS
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.routes import Router
from kit.web.serving.bodies import JSON
from shop.api.viewer import OK, OPEN_CATALOGUE
from shop.refusals import SlugTaken, TooManyCategories
from shop.repository.catalogue import catalogue
from shop.schemas.catalogue_csv import (
    COLUMNS,
    DOCUMENTED,
    CatalogueImportRequest,
    CatalogueResult,
    CatalogueRows,
    catalogue_csv,
    cells,
    faults,
    read_rows,
)
from shop.service import catalogue as service
from shop.wiring import Wired

MAX_BYTES: Final = 12 * 1024 * 1024

router = Router(tags=["catalogue"], scope="products")


@router.get(
    "/v1/shop/catalogue.csv",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="export_catalogue",
    summary="Export all categories and products as a CSV file",
    description="Sent as it is read; the import takes it back.",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_catalogue(wired: Wired, audit: Auditing) -> StreamingResponse:
    """Begin the file; products are read as the client takes it."""
    await audit.listed("product", None)
    return csv_file(_file(wired.database), "catalogue.csv")


async def _file(database: Database) -> AsyncIterator[bytes]:
    """Write the catalogue as it is read; a failure on the way breaks the answer off."""
    yield encode_csv([COLUMNS])
    async for entries, slugs in catalogue(database):
        yield encode_csv(cells(one, slugs) for one in entries)


@router.post(
    "/v1/shop/catalogue",
    access="admin",
    open_by=OPEN_CATALOGUE,
    operation_id="import_catalogue",
    summary="Import categories and products from a CSV file",
    description="Takes up to 10,000 rows as CSV whose first line names the columns, or as a JSON "
    "list. Categories and products are found by their slugs, changed, or added; what no row names"
    " stays, as does what an empty cell leaves open. A `stock` that is given is set, whatever was"
    " sold since the file was written; leave it empty to keep it. If any row is wrong, nothing is"
    " stored, and each wrong one is named.",
    response_model=CatalogueResult,
    is_idempotent=True,
    max_body_bytes=MAX_BYTES,
    other_bodies={CSV: catalogue_csv().document, JSON: read_rows},
    refusals=(SlugTaken, TooManyCategories),
    openapi_extra={"requestBody": {"content": {CSV: DOCUMENTED}}},
)
async def import_catalogue(
    request: Request, caller: Caller, body: CatalogueRows, audit: Auditing
) -> Answer:
    """Store all rows, or none."""

    async def work(uow: UnitOfWork) -> Answer:
        decided = await service.import_catalogue(uow, [one.row for one in body])
        if decided.faults:
            raise ValidationFailed(errors=placed_in(request, faults(decided)[:MAX_FAULTS]))
        await audit.changed(uow, "product")
        return Answer(OK, CatalogueResult.of(decided))

    whole = CatalogueImportRequest.model_construct(rows=body)
    return await idempotently(request, caller, operation="import_catalogue", body=whole, work=work)
