"""Runs `python -m finance api|worker|all|migrate|file-job|reconcile|…`."""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from finance.app import NAME, build
from finance.commands import COMMANDS
from finance.settings import Settings
from kit.commands import main

if __name__ == "__main__":
    main(NAME, Settings, build, commands=COMMANDS)
