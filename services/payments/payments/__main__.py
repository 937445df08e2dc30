"""Runs ``python -m payments api|worker|all|migrate|…``."""

from kit.commands import main
from payments.app import build
from payments.settings import Settings

if __name__ == "__main__":
    main("payments", Settings, build)
