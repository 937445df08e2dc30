"""Runs `python -m payments api|worker|all|migrate|openapi|messages|sagas`."""

from kit.commands import main
from payments.app import NAME, build
from payments.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, build)
