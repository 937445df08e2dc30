"""Runs `python -m finance api|worker|all|migrate|file-job|reconcile|…`."""

from finance.app import NAME, build
from finance.commands import COMMANDS
from finance.settings import Settings
from kit.commands import main

if __name__ == "__main__":
    main(NAME, Settings, build, commands=COMMANDS)
