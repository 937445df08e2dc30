"""Runs the command line: ``python -m deploy.generate [--check]``.

Writes what is derived from code; with ``--check`` writes nothing and fails where a file differs.
"""

import argparse
import sys
from collections.abc import Sequence

from deploy.generate.documents import broken_promises, documents

_HOW_TO_BREAK = """\
A message that may wait in a queue somewhere is only ever added to: make a new version of it
(`….v2`) beside the old one. If it never left this repository, delete its file in
libs/contracts/schemas and generate again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check all files; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    checks: bool = parser.parse_args(arguments).check
    if broken := broken_promises():
        print(*broken, _HOW_TO_BREAK, sep="\n", file=sys.stderr)
        return 1
    stale = [document for document in documents() if document.is_stale]
    for document in stale:
        if checks:
            print(f"out of date: {document.name}", file=sys.stderr)
        else:
            document.write()
            print(f"written: {document.name}")
    return 1 if checks and stale else 0


if __name__ == "__main__":
    sys.exit(main())
