"""Runs `python -m wallet api|worker|all|migrate|openapi|messages`."""

from kit.commands import main
from wallet.app import NAME, build
from wallet.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
