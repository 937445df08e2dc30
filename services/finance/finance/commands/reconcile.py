"""Proves at the command line that books and wallet agree."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import orjson

from finance.clients.wallet import WalletClient
from finance.domain.feed.reconciliation import Difference
from finance.service.feed.reconciliation import Reconciliation, reconcile
from finance.settings import Settings
from kit.commands import Extra
from kit.db import Database
from kit.jsonable import plain
from kit.outgoing import calling_as
from kit.refusals import Unavailable

_COLUMNS: Final = ("what", "expected", "found", "seq", "user_id", "account_id", "wallet_id")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON rather than a table")


async def _run(settings: Settings, parsed: argparse.Namespace) -> None:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        async with calling_as(settings.service(), settings.auth_url, settings.client_secret) as (
            client,
            token,
        ):
            wallet = WalletClient(client, token, settings.wallet_url)
            found = await reconcile(database, wallet)
    except Unavailable:
        raise SystemExit("Wallet does not answer.") from None
    finally:
        await database.close()
    sys.stdout.write(as_json(found) if parsed.json else as_table(found))
    if found.differences:
        raise SystemExit(1)


def as_json(found: Reconciliation) -> str:
    """Write a reconciliation as one line of JSON."""
    facts = asdict(found) | {"differences": [one._asdict() for one in found.differences]}
    return f"{orjson.dumps(facts, default=plain).decode()}\n"


def as_table(found: Reconciliation) -> str:
    """Write a reconciliation for people, with a row for each difference."""
    head = (
        f"{found.accounts} accounts, {found.wallets} wallets, {found.behind} of them behind,"
        f" {found.movements} movements"
    )
    if not found.differences:
        return f"{head}: all agree.\n"
    rows = [_COLUMNS, *_cells(found.differences)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([f"{head}; differences: {len(found.differences)}", *lines, ""])


def _cells(differences: Iterable[Difference]) -> Iterable[tuple[str, ...]]:
    for one in differences:
        facts = one._asdict()
        yield tuple("-" if facts[name] is None else str(facts[name]) for name in _COLUMNS)


RECONCILE: Final[Extra] = (_arguments, _run)
