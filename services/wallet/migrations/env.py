"""Runs wallet's migrations; everything about how is kit's."""

from kit.db.migrations import run_env

run_env()
