"""Runs `python -m payments api|worker|all|migrate|openapi|messages|sagas`."""

import kit.web.lean  # noqa: F401 - keeps out what others would import
from kit.commands import main
from payments.app import NAME, build
from payments.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
