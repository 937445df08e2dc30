"""Runs `python -m finance api|worker|all|migrate|openapi|messages`."""

from finance.app import NAME, build
from finance.settings import Settings
from kit.commands import main

if __name__ == "__main__":
    main(NAME, Settings, build)
