"""Reads the command line of the runner, `python -m deploy.stack COMMAND`.

The Makefile calls it; what a command does is in `commands` and `suite`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from deploy.stack import commands, suite
from deploy.stack.errors import StackError
from deploy.stack.log import red
from deploy.stack.services import SERVICES
from deploy.stack.signals import INTERRUPTED, interruptible


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    interruptible()
    given = _parser().parse_args(arguments)
    try:
        return _dispatch(given)
    except StackError as error:
        sys.stderr.write(red(str(error)) + "\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _dispatch(given: argparse.Namespace) -> int:
    actions: dict[str, Callable[[], int]] = {
        "run": lambda: commands.run(detach=given.detach),
        "stop": commands.stop,
        "reset": commands.reset,
        "status": commands.status,
        "logs": commands.logs,
        "test": lambda: suite.run(
            commands.ROOT, given.target, given.options, is_measured=given.coverage
        ),
        "dev": lambda: commands.develop(given.service),
        "init-db": lambda: _in_service(given, "migrate"),
        "upgrade": lambda: _in_service(given, "migrate"),
        "downgrade": lambda: _in_service(
            given, "downgrade", "--to", given.to, *(["--yes"] if given.yes else [])
        ),
        "operate": lambda: commands.operate(given.service, [given.what, *given.words]),
        "revision": lambda: _in_service(given, "revision", "--message", given.message),
    }
    return actions[given.command]()


def _in_service(given: argparse.Namespace, *words: str) -> int:
    services = [given.service] if given.service else commands.with_database()
    return commands.in_service(services, words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.stack", description=__doc__)
    added = parser.add_subparsers(dest="command", required=True)
    run = added.add_parser("run", help="start everything and show its log")
    run.add_argument("--detach", action="store_true", help="return when everything is ready")
    added.add_parser("stop", help="end what `run` started")
    added.add_parser("reset", help="end it and drop its data")
    added.add_parser("status", help="say what runs")
    added.add_parser("logs", help="show the log")
    test = added.add_parser("test", help="run tests on infrastructure of their own")
    test.add_argument("target", nargs="?", default="tests")
    test.add_argument("--coverage", action="store_true", help="say what they do not reach")
    test.add_argument("options", nargs="*", help="further arguments of pytest, after --")
    names = [service.name for service in SERVICES]
    develop = added.add_parser("dev", help="one service with reload")
    develop.add_argument("service", choices=names)
    operate = added.add_parser("operate", help="look at and act on letters, sagas, books")
    operate.add_argument("what", choices=("messages", "sagas", "reconcile"))
    operate.add_argument("service", choices=commands.with_database())
    operate.add_argument("words", nargs="*", help="the command's own arguments, after --")
    for name in ("init-db", "upgrade", "downgrade", "revision"):
        _add_migration(added.add_parser(name), name)
    return parser


def _add_migration(parser: argparse.ArgumentParser, name: str) -> None:
    one_only = name in {"downgrade", "revision"}
    parser.add_argument("--service", choices=commands.with_database(), required=one_only)
    if name == "downgrade":
        parser.add_argument("--to", default="-1")
        parser.add_argument("--yes", action="store_true", help="do not ask")
    if name == "revision":
        parser.add_argument("--message", required=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
