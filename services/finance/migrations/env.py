"""Runs finance's migrations in the way that kit defines."""

from kit.db.migrations import run_env

run_env()
