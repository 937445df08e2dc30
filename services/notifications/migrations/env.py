"""Alembic's entry point; kit does the work."""

from kit.db.migrations import run_env

run_env()
