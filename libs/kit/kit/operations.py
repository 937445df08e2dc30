"""Lets operators list, show and act on letters and sagas at the command line.

Each function returns what is printed as JSON; what is for people alone goes to standard error.
"""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from kit.settings import DatabaseSettings, duration

if TYPE_CHECKING:
    from kit.db.database import Database
    from kit.runtime import Service

SAGA_ACTIONS = ("retry", "skip", "undo", "force")

_LOOKS: Final = ("list", "count")


def add_messages(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `messages`; without any it lists the letters that wait."""
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=(*_LOOKS, "show", "replay", "discard"),
        help="list them; count them by type and error; show one whole; try it again; set it aside",
    )
    parser.add_argument("id", nargs="?", type=UUID)
    parser.add_argument(
        "--state",
        choices=("parked", "dead", "discarded"),
        help="discarded ones are listed by this alone",
    )
    parser.add_argument("--type", help="a part of the message's type")
    parser.add_argument("--error", help="a part of the error or the reason")
    parser.add_argument(
        "--older", type=_age, metavar="AGE", help="from before so long: 90s, 5m, 2d"
    )
    parser.add_argument(
        "--anyway", action="store_true", help="replay: also what could not be decoded"
    )


def add_sagas(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sagas`; without any it lists those that need attention."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=("list", "show", *SAGA_ACTIONS)
    )
    parser.add_argument("id", nargs="?", type=UUID)
    parser.add_argument("--all", action="store_true", help="list all live ones")
    parser.add_argument(
        "--learnt", type=orjson.loads, default={}, help="skip: what the step would have told (JSON)"
    )


def _age(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write an age such as 90s, 30m, 24h or 7d") from None


async def messages(name: str, settings: DatabaseSettings, parsed: argparse.Namespace) -> Any:
    """List, show or act on letters."""
    if parsed.action not in _LOOKS and parsed.id is None:
        raise SystemExit(f"messages {parsed.action} needs the message's id")
    async with _opened(name, settings) as database:
        if parsed.action in _LOOKS:
            return await _letters(database, parsed)
        return await _one_letter(database, parsed)


@asynccontextmanager
async def _opened(name: str, settings: DatabaseSettings) -> AsyncIterator["Database"]:
    """Open a service's database; wake the running service once something has changed."""
    from kit.db.database import Database
    from kit.messaging.relay import wake_from_elsewhere
    from kit.messaging.settings import BrokerSettings

    database = await Database.open(settings.database_url, name=name, pool_size=1)
    if isinstance(settings, BrokerSettings):
        database.command_partitions = settings.command_partitions
    try:
        yield database
        if await database.wake_up.wait(0):
            await wake_from_elsewhere(database)
    finally:
        await database.close()


async def _letters(database: "Database", parsed: argparse.Namespace) -> Any:
    from kit.messaging import dead_letters

    before = datetime.now(UTC) - parsed.older if parsed.older is not None else None
    wanted = dead_letters.DeadLetterFilter(parsed.state, parsed.type, parsed.error, before)
    async with database.read() as connection:
        if parsed.action == "count":
            return await dead_letters.counted(connection, wanted)
        found = await dead_letters.listed(connection, parsed.state, wanted)
    if len(found) == dead_letters.LISTED:
        _tell(f"These are the first {dead_letters.LISTED}; `messages count` shows what there is.")
    return found


async def _one_letter(database: "Database", parsed: argparse.Namespace) -> Any:
    from kit.messaging import dead_letters

    async with database.read() as connection:
        before = await dead_letters.shown(connection, parsed.id)
    if not before:
        raise SystemExit(f"there is no letter {parsed.id}")
    if parsed.action == "show":
        return [_readable(row) for row in before]
    async with database.unit_of_work() as uow:
        if parsed.action == "replay":
            changed = await dead_letters.replay(
                uow, parsed.id, getpass.getuser(), anyway=parsed.anyway
            )
        else:
            changed = await dead_letters.discard(uow, parsed.id, getpass.getuser())
    async with database.read() as connection:
        after = {row["consumer"]: row for row in await dead_letters.shown(connection, parsed.id)}
    for row in before:
        _tell(_outcome(parsed, row, after.get(row["consumer"])))
    return {"changed": changed}


def _outcome(
    parsed: argparse.Namespace, before: dict[str, object], after: dict[str, object] | None
) -> str:
    """Return what an action did to the letter of one queue, in words."""
    from kit.messaging.dead_letters import UNDECODABLE

    what = f"{before['consumer']}, {before['type'] or 'no type'}"
    if parsed.action == "discard":
        again = "was discarded before" if before["state"] == "discarded" else "set aside"
        return f"{what}: {again}; `replay` brings it back"
    if before["reason"] == UNDECODABLE and not parsed.anyway:
        return (
            f"{what}: left {before['state']}, as no retry helps what can't be decoded"
            f" ({before['error']}); `discard` it, or once its decoder is mended `replay --anyway`"
        )
    if after is None:
        return f"{what}: was {before['state']}, is handled now"
    return (
        f"{what}: was {before['state']} after {before['attempts']} tries, is parked and due now;"
        f" a running service tries it within a second (`messages show {parsed.id}` tells)"
    )


def _readable(row: dict[str, object]) -> dict[str, object]:
    body = row["body"]
    return {**row, "body": body.decode(errors="replace") if isinstance(body, bytes) else body}


async def sagas(service: "Service", settings: DatabaseSettings, parsed: argparse.Namespace) -> Any:
    """List, show or act on sagas."""
    if not service.sagas:
        raise SystemExit(f"{service.name} has no sagas")
    if parsed.action != "list" and parsed.id is None:
        raise SystemExit(f"sagas {parsed.action} needs the saga's id")
    async with _opened(service.name, settings) as database:
        return await _saga(service, database, parsed)


async def _saga(service: "Service", database: "Database", parsed: argparse.Namespace) -> Any:
    from kit.saga import Action, store

    async with database.read() as connection:
        if parsed.action == "list":
            return await store.listed(connection, everything=parsed.all)
        shown = await store.shown(connection, parsed.id)
    if shown is None:
        raise SystemExit(f"there is no saga {parsed.id}")
    if parsed.action == "show":
        return shown
    engine = next(one for one in service.sagas if one.saga.name == shown["name"])
    async with database.unit_of_work() as uow:
        changed = await engine.operate(
            uow, parsed.id, Action(parsed.action), actor=getpass.getuser(), learnt=parsed.learnt
        )
    if not changed:
        raise SystemExit(f"{parsed.action} does nothing: the saga is {shown['phase']}")
    async with database.read() as connection:
        return await store.shown(connection, parsed.id)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
