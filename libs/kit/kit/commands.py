"""The command line of every service: ``python -m <service> api|worker|all|migrate|…``."""

import argparse
import asyncio
import getpass
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import uvloop

from kit import logs
from kit.jsonable import plain
from kit.runtime import Mode, Service, serve
from kit.settings import DatabaseSettings, MigrationSettings, WebSettings, load

if TYPE_CHECKING:
    from alembic.config import Config

SAGA_ACTIONS = ("retry", "skip", "undo", "force")
# These need the schema's owner and nothing else, so nothing else is read, or can be at fault.
MIGRATIONS = ("migrate", "downgrade", "revision", "pending")

Build = Callable[[Any], Service]
Extra = tuple[Callable[[argparse.ArgumentParser], None], Callable[[Any, argparse.Namespace], Any]]


def main(
    name: str,
    settings_class: type[WebSettings],
    build: Build,
    *,
    commands: dict[str, Extra] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Parse the command line and run one command.

    Args:
        name: The service.
        settings_class: Its settings.
        build: Its composition root.
        commands: Further commands by name: what adds their arguments, and an async function of
            the settings and the parsed arguments.
        arguments: The command line, ``sys.argv`` by default.
    """
    further = commands or {}
    parsed = _parser(name, further).parse_args(arguments)
    if parsed.command in MIGRATIONS and issubclass(settings_class, DatabaseSettings):
        _migrations(name, load(MigrationSettings.of(settings_class)), parsed)
        return
    settings = load(settings_class)
    if parsed.command in {mode.value for mode in Mode}:
        logs.configure(name, settings)
        service = build(settings)
        work = serve(service, Mode(parsed.command), host=settings.host, port=settings.port)
        uvloop.run(work)
    elif parsed.command == "openapi":
        _print(build(settings).web.openapi())
    elif parsed.command in further:
        asyncio.run(further[parsed.command][1](settings, parsed))
    elif not isinstance(settings, DatabaseSettings):
        raise SystemExit(f"{name} has no database")
    elif parsed.command == "messages":
        asyncio.run(_messages(name, settings, parsed))
    else:
        asyncio.run(_sagas(build(settings), settings, parsed))


def _parser(name: str, further: dict[str, Extra]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    added = parser.add_subparsers(dest="command", required=True)
    added.add_parser("api", help="serve the API")
    added.add_parser("worker", help="handle messages and background work")
    added.add_parser("all", help="both in one process")
    added.add_parser("openapi", help="print the OpenAPI document")
    upgrade = added.add_parser("migrate", help="apply migrations")
    upgrade.add_argument("--to", default="head")
    downgrade = added.add_parser("downgrade", help="take migrations back")
    downgrade.add_argument("--to", default="-1")
    downgrade.add_argument("--yes", action="store_true", help="also where nothing is left")
    revision = added.add_parser("revision", help="write a migration from the tables")
    revision.add_argument("-m", "--message", required=True)
    added.add_parser("pending", help="fail where tables and migrations differ")
    letters = added.add_parser("messages", help="look at and act on undelivered messages")
    letters.add_argument("action", choices=("list", "show", "replay", "discard"))
    letters.add_argument("id", nargs="?", type=UUID)
    letters.add_argument("--state", choices=("parked", "dead", "discarded"))
    sagas = added.add_parser("sagas", help="look at and act on sagas that are stuck")
    sagas.add_argument("action", choices=("list", "show", *SAGA_ACTIONS))
    sagas.add_argument("id", nargs="?", type=UUID)
    sagas.add_argument("--all", action="store_true", help="list all live ones")
    sagas.add_argument(
        "--learnt", type=orjson.loads, default={}, help="skip: what the step would have told (JSON)"
    )
    for command, (add_arguments, _) in further.items():
        add_arguments(added.add_parser(command))
    return parser


def alembic_config(name: str, settings: MigrationSettings) -> "Config":
    """Return Alembic's configuration of a service, found beside its package."""
    from kit.db import migrations

    package = importlib.import_module(name)
    folder = Path(str(package.__file__)).parent.parent / "migrations"
    tables = importlib.import_module(f"{name}.tables")
    return migrations.config(settings.migration_url, folder, tables.METADATA)


def _migrations(name: str, settings: MigrationSettings, parsed: argparse.Namespace) -> None:
    from kit.db import migrations

    config = alembic_config(name, settings)
    match parsed.command:
        case "migrate":
            migrations.upgrade(config, parsed.to)
        case "downgrade":
            if not parsed.yes and migrations.leads_to_nothing(config, parsed.to):
                _confirm(name)
            migrations.downgrade(config, parsed.to)
        case "revision":
            migrations.revise(config, parsed.message)
        case "pending":
            found = migrations.pending(settings.migration_url, config.attributes["metadata"])
            if found:
                raise SystemExit("\n".join(map(str, found)))


def _confirm(name: str) -> None:
    """Ask before everything is dropped; where nobody can be asked, it is not done."""
    warning = f"This drops every table of {name} and all that is in them."
    if not sys.stdin.isatty():
        raise SystemExit(f"{warning} Nothing was done; CONFIRM=1 (or --yes) does it.")
    if input(f"{warning} Type {name} to go on: ").strip() != name:
        raise SystemExit("Nothing was done.")


async def _messages(name: str, settings: DatabaseSettings, parsed: argparse.Namespace) -> None:
    from kit.db.database import Database
    from kit.messaging import letters

    if parsed.action != "list" and parsed.id is None:
        raise SystemExit(f"messages {parsed.action} needs the message's id")
    database = await Database.open(settings.database_url, name=name, pool_size=1)
    try:
        if parsed.action in ("list", "show"):
            async with database.read() as connection:
                if parsed.action == "list":
                    _print(await letters.listed(connection, parsed.state))
                else:
                    _print([_readable(row) for row in await letters.shown(connection, parsed.id)])
            return
        act: Callable[..., Awaitable[int]] = (
            letters.replay if parsed.action == "replay" else letters.discard
        )
        async with database.unit_of_work() as uow:
            changed = await act(uow, parsed.id, getpass.getuser())
        _print({"changed": changed})
    finally:
        await database.close()


async def _sagas(service: Service, settings: DatabaseSettings, parsed: argparse.Namespace) -> None:
    from kit.db.database import Database
    from kit.saga import Action, store

    if parsed.action != "list" and parsed.id is None:
        raise SystemExit(f"sagas {parsed.action} needs the saga's id")
    database = await Database.open(settings.database_url, name=service.name, pool_size=1)
    try:
        async with database.read() as connection:
            if parsed.action == "list":
                _print(await store.listed(connection, everything=parsed.all))
                return
            shown = await store.shown(connection, parsed.id)
        if shown is None:
            raise SystemExit(f"there is no saga {parsed.id}")
        if parsed.action != "show":
            engine = next(one for one in service.sagas if one.saga.name == shown["name"])
            async with database.unit_of_work() as uow:
                changed = await engine.operate(
                    uow,
                    parsed.id,
                    Action(parsed.action),
                    actor=getpass.getuser(),
                    learnt=parsed.learnt,
                )
            if not changed:
                raise SystemExit(f"{parsed.action} does nothing: the saga is {shown['phase']}")
            async with database.read() as connection:
                shown = await store.shown(connection, parsed.id)
        _print(shown)
    finally:
        await database.close()


def _readable(row: dict[str, object]) -> dict[str, object]:
    body = row["body"]
    return {**row, "body": body.decode(errors="replace") if isinstance(body, bytes) else body}


def _print(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, plain, orjson.OPT_INDENT_2) + b"\n")
