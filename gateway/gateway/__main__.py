"""Runs the gateway's command line: ``python -m gateway all|api|openapi``."""

import argparse
import sys

import orjson
import uvloop

import kit.lean  # noqa: F401 - keeps out what others would import
from gateway.app import opened
from gateway.documents.own import OWN_DOCUMENT
from gateway.server import Application, allow_connections, server
from gateway.settings import Settings
from kit import logs
from kit.settings import load


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m gateway")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve")
    commands.add_parser("all", help="serve (the gateway has no other work)")
    commands.add_parser("openapi", help="print the OpenAPI document of the gateway's own")
    command = parser.parse_args().command
    if command == "openapi":
        sys.stdout.buffer.write(orjson.dumps(OWN_DOCUMENT, option=orjson.OPT_INDENT_2) + b"\n")
        return
    settings = load(Settings)
    logs.configure("gateway", settings)
    allow_connections()
    serving = server(Application(opened(settings)), settings)
    uvloop.run(serving.serve())
    if not serving.started:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
