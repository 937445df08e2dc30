"""Exports and imports the catalogue as CSV, at the command line."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Final

from pydantic import TypeAdapter, ValidationError
from tqdm import tqdm

from kit.commands import Extra
from kit.csv_text import encode_csv
from kit.db import Database
from kit.refusals import FieldFault, Refusal
from kit.web.faults import faults_of
from shop.domain.imports import CatalogueRow
from shop.repository import Categories, Products
from shop.repository.catalogue import catalogue
from shop.schemas.catalogue_csv import (
    COLUMNS,
    CatalogueRowRequest,
    catalogue_csv,
    cells,
    faults,
)
from shop.service.catalogue import import_catalogue
from shop.settings import Settings

MOST_ROWS: Final = 1_000_000
_ROWS: Final = TypeAdapter(list[CatalogueRowRequest])


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    for action, words in (("import", "store a file's rows, all or none"), ("export", "write one")):
        added = actions.add_parser(action, help=words)
        added.add_argument("file", help="a CSV file; - is standard input or output")


async def _run(settings: Settings, parsed: argparse.Namespace) -> None:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        if parsed.action == "import":
            await _import(database, parsed.file)
        else:
            await _export(database, parsed.file)
    except OSError as error:
        if error.filename is None:
            raise
        raise SystemExit(f"{error.filename}: {error.strerror}") from None
    finally:
        await database.close()


async def _import(database: Database, name: str) -> None:
    try:
        document, placed = catalogue_csv(MOST_ROWS).document(_read(name))
    except Refusal as refusal:
        raise SystemExit(_told(refusal.errors)) from None
    if len(document) > MOST_ROWS:
        raise SystemExit(f"A file has at most {MOST_ROWS} rows. Nothing was stored.")
    try:
        rows: list[CatalogueRow] = [one.row for one in _ROWS.validate_python(document, strict=True)]
    except ValidationError as error:
        found = faults_of(error, document=document, most=None)
        raise SystemExit(_told([placed(fault) for fault in found])) from None
    try:
        with tqdm(total=len(rows), unit=" rows", disable=None) as bar:
            async with database.unit_of_work() as uow:
                decided = await import_catalogue(uow, rows, progress=bar.update)
    except Refusal as refusal:
        raise SystemExit(refusal.detail()) from None
    if decided.faults:
        raise SystemExit(_told([placed(fault) for fault in faults(decided)]))
    stored = len(decided.categories) + len(decided.products)
    sys.stdout.write(
        f"{decided.created} added, {stored - decided.created} changed,"
        f" {decided.unchanged} as they were\n"
    )


async def _export(database: Database, name: str) -> None:
    async with database.read() as connection:
        total = await Categories(connection).count() + await Products(connection).count()
    with _opened(name) as file, tqdm(total=total, unit=" rows", disable=None) as bar:
        file.write(encode_csv([COLUMNS]))
        async for entries, slugs in catalogue(database):
            file.write(encode_csv(cells(one, slugs) for one in entries))
            bar.update(len(entries))


# The command does one thing at a time, so files may block it.
def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _opened(name: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdout.buffer) if name == "-" else Path(name).open("wb")


def _told(found: Sequence[FieldFault]) -> str:
    return "\n".join([*(fault.detail("en") for fault in found), "Nothing was stored."])


COMMANDS: Final[dict[str, Extra]] = {"catalogue": (_arguments, _run)}
