"""Runs `python -m auth` and its commands.

They are: api, worker, all, migrate, openapi, messages, create-admin, create-user, keys.
"""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from auth.app import NAME, build
from auth.commands import COMMANDS
from auth.settings import Settings
from kit.commands import main

if __name__ == "__main__":
    main(NAME, Settings, build, commands=COMMANDS)
