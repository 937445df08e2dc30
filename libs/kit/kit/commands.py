"""Runs a service's command line: ``python -m <service> api|worker|all|migrate|…``."""

import argparse
import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import uvloop

from kit import logs, operations
from kit.jsonable import plain
from kit.runtime import ProcessMode, Service, serve
from kit.settings import DatabaseSettings, MigrationSettings, WebSettings, load

if TYPE_CHECKING:
    from alembic.config import Config

# These need only the schema's owner, so no other setting is read or can be wrong.
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
    if parsed.command in {mode.value for mode in ProcessMode}:
        logs.configure(name, settings)
        service = build(settings)
        work = serve(
            service,
            ProcessMode(parsed.command),
            host=settings.host,
            port=settings.port,
            sockets=settings.sockets,
        )
        uvloop.run(work)
    elif parsed.command == "openapi":
        _print(build(settings).web.openapi())
    elif parsed.command in further:
        logs.configure(name, settings, stream=sys.stderr)  # standard output is the answer
        asyncio.run(further[parsed.command][1](settings, parsed))
    elif not isinstance(settings, DatabaseSettings):
        raise SystemExit(f"{name} has no database")
    elif parsed.command == "messages":
        _print(asyncio.run(operations.messages(name, settings, parsed)))
    else:
        _print(asyncio.run(operations.sagas(build(settings), settings, parsed)))


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
    operations.add_messages(added.add_parser("messages", help="act on undelivered messages"))
    operations.add_sagas(added.add_parser("sagas", help="act on sagas that are stuck"))
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
    from alembic.util import CommandError

    config = alembic_config(name, settings)
    try:
        _migrate(name, settings, config, parsed)
    except CommandError as error:
        raise SystemExit(f"{parsed.command}: {error}") from None


def _migrate(
    name: str, settings: MigrationSettings, config: "Config", parsed: argparse.Namespace
) -> None:
    from kit.db import migrations

    match parsed.command:
        case "migrate":
            migrations.upgrade(config, parsed.to)
        case "downgrade":
            if not parsed.yes and migrations.empties_schema(config, parsed.to):
                _confirm(name)
            migrations.downgrade(config, parsed.to)
        case "revision":
            migrations.revise(config, parsed.message)
        case _:  # pending, the last of MIGRATIONS
            found = migrations.pending(settings.migration_url, config.attributes["metadata"])
            if found:
                raise SystemExit("\n".join(map(str, found)))


def _confirm(name: str) -> None:
    """Ask before everything is dropped; refuse where nobody can be asked."""
    warning = f"This drops every table of {name} and all that is in them."
    if not sys.stdin.isatty():
        raise SystemExit(f"{warning} Nothing was done; CONFIRM=1 (or --yes) does it.")
    if input(f"{warning} Type {name} to go on: ").strip() != name:
        raise SystemExit("Nothing was done.")


def _print(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, plain, orjson.OPT_INDENT_2) + b"\n")
