"""Payments as a file."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from starlette.responses import StreamingResponse

from kit.csv_text import written
from kit.db import Database
from kit.web.routes import Router
from payments.api.viewing import Viewing
from payments.domain.listing import Wanted
from payments.queries import ExportQuery
from payments.repository import Payments
from payments.schemas.export import COLUMNS, cells
from payments.wiring import Wired

CHUNK: Final = 500
_BOM: Final = "\ufeff".encode()

router = Router(tags=["payments"])


@router.get(
    "/v1/payments/export.csv",
    access="user",
    operation_id="export_payments",
    summary="The caller's payments as a CSV file",
    description="Newest first, all that fit the filters; sent as they are read.",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_payments(
    viewer: Viewing, query: Annotated[ExportQuery, Query()], wired: Wired
) -> StreamingResponse:
    """Begin the file; the rest is read as it is taken."""
    return StreamingResponse(
        _file(wired.database, viewer.user_id, query.wanted, _BOM if query.bom else b""),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": 'attachment; filename="payments.csv"'},
    )


async def _file(
    database: Database, user_id: UUID, wanted: Wanted, begins: bytes
) -> AsyncIterator[bytes]:
    """Write payments as they are read; a failure on the way breaks the answer off."""
    yield begins + written([COLUMNS])
    after = None
    while True:
        async with database.read() as connection:
            found = await Payments(connection).page(user_id, wanted, after, CHUNK)
        if found:
            yield written(cells(payment, user_id) for payment in found)
        if len(found) < CHUNK:
            return
        after = found[-1].created_at, found[-1].id
