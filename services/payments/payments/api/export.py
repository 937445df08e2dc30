"""Serves payments as a CSV file."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import StreamingResponse

from kit.csv_text import encode_csv
from kit.db import Database
from kit.web.audit import Auditing
from kit.web.csv_bodies import csv_file
from kit.web.routes import Router
from payments.api.scope import scope_of
from payments.api.viewer import Viewer, Viewing
from payments.domain.filters import ListScope
from payments.refusals import WalletNotFound
from payments.repository import Lists
from payments.schemas.export import COLUMNS, cells
from payments.schemas.queries import ExportQuery
from payments.wiring import Wired

CHUNK: Final = 500
_BOM: Final = "\ufeff".encode()

router = Router(tags=["payments"], scope="payments")


@router.get(
    "/v1/payments/export.csv",
    access="user",
    operation_id="export_payments",
    summary="Export the caller's payments as a CSV file",
    description="Writes all payments that match the filters, which are those of the list, newest "
    "first. They are sent as they are read.",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    refusals=(WalletNotFound,),
)
async def export_payments(
    viewer: Viewing, query: Annotated[ExportQuery, Query()], wired: Wired, audit: Auditing
) -> StreamingResponse:
    """Begin the file; payments are read as the client takes it."""
    scope = await scope_of(viewer, query, wired, audit)
    return csv_file(_file(wired.database, viewer, scope, query), "payments.csv")


async def _file(
    database: Database, viewer: Viewer, scope: ListScope | None, query: ExportQuery
) -> AsyncIterator[bytes]:
    """Write payments as they are read; a failure on the way breaks the answer off."""
    yield (_BOM if query.bom else b"") + encode_csv([COLUMNS])
    after = None
    while scope is not None:
        async with database.read() as connection:
            found = await Lists(connection).page(scope, query.wanted, after, CHUNK)
        if found:
            yield encode_csv(cells(payment, viewer.as_whom(payment)) for payment in found)
        if len(found) < CHUNK:
            return
        after = found[-1].created_at, found[-1].id
