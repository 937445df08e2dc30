"""Runs `python -m notifications api|worker|all|migrate|openapi|messages`."""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from kit.commands import main
from notifications.app import NAME, build
from notifications.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
