"""Verifies the audit log at the command line."""

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

from auth.service.seals import AuditFault, verify
from auth.settings import Settings
from kit.commands import Extra
from kit.db import Database


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=["verify"], help="compare every row with its seal")


async def _verify(settings: Settings, _: argparse.Namespace) -> None:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        async with database.read() as connection:
            found = await verify(connection, datetime.now(UTC))
    finally:
        await database.close()
    if isinstance(found, AuditFault):
        raise SystemExit(f"row {found.position}: {found.what}")
    sys.stdout.write(
        f"{found.rows} rows, all agree; {found.unsealed} not sealed yet;"
        f" last seal {found.last.position} {found.last.hash.hex()}\n"
    )


AUDIT: Final[Extra] = (_arguments, _verify)
