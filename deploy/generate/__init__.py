"""Writes every file that is derived from code, and tells which are out of date. Runs no server."""
