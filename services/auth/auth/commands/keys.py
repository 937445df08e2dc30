"""Lists, rotates and encrypts the signing keys at the command line.

Running services find out by themselves; none is restarted. All are safe to repeat.
"""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from auth.crypto.vault import KeyVault, WrongKeySecretError
from auth.domain.keys import LEAD, KeyStatus, PublicKey
from auth.repository import Keys
from auth.service.factors import totp
from auth.service.keys import reencrypt, rotate
from auth.settings import Settings
from kit.commands import Extra
from kit.db import Database

AT_ONCE: Final = 1000  # apps


def _arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="show which key signs, and which are published")
    rotating = acts.add_parser("rotate", help="have another key sign, once it is known everywhere")
    rotating.add_argument(
        "--now", action="store_true", help="at once; its first tokens may be refused for a minute"
    )
    acts.add_parser(
        "reencrypt",
        help="encrypt all under AUTH_KEY_SECRET: these, and those of authenticator apps",
    )


async def _run(settings: Settings, parsed: argparse.Namespace) -> None:
    vault, now = KeyVault(*settings.key_secrets), datetime.now(UTC)
    async with _opened(settings) as database:
        match parsed.act:
            case "rotate":
                async with database.unit_of_work() as uow:
                    await rotate(uow, vault, now, at_once=parsed.now)
            case "reencrypt":
                try:
                    count = await _reencrypt(database, vault)
                except WrongKeySecretError as error:
                    raise SystemExit(str(error)) from None
                sys.stdout.write(f"{count} encrypted under AUTH_KEY_SECRET\n")
        async with database.read() as connection:
            stored = [public for public, _ in await Keys(connection).all()]
    sys.stdout.writelines(f"{_told(key)}\n" for key in stored)


async def _reencrypt(database: Database, vault: KeyVault) -> int:
    """Encrypt signing keys and the keys of users' apps anew; return how many."""
    async with database.unit_of_work() as uow:
        count = await reencrypt(uow, vault)
    last = UUID(int=0)
    while True:
        async with database.unit_of_work() as uow:
            done = await totp.reencrypt(uow, vault, last, AT_ONCE)
        if not done:
            return count
        count, last = count + len(done), done[-1]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        yield database
    finally:
        await database.close()


def _told(key: PublicKey) -> str:
    """Return a line about a key: its id, its state, and since or from when."""
    match key.status:
        case KeyStatus.NEXT:
            since = f"signs from {_minute(key.created_at + LEAD)}"
        case KeyStatus.ACTIVE:
            since = f"signs since {_minute(key.activated_at or key.created_at)}"
        case KeyStatus.RETIRED:
            since = f"signed until {_minute(key.retired_at or key.created_at)}"
    return f"{key.kid}  {key.status:<7}  {since}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


KEYS: Final[Extra] = (_arguments, _run)
