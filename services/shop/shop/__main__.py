"""Runs `python -m shop api|worker|all|migrate|openapi|messages|catalogue`."""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from kit.commands import main
from shop.app import NAME, build
from shop.commands import COMMANDS
from shop.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build, commands=COMMANDS)
