"""Runs `python -m sandbox api|all|openapi`."""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from kit.commands import main
from sandbox.app import NAME, build
from sandbox.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
