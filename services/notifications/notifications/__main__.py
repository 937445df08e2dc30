"""Runs `python -m notifications api|worker|all|migrate|openapi|messages`."""

from kit.commands import main
from notifications.app import NAME, build
from notifications.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
