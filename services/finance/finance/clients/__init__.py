"""Calls what is outside of finance, never inside a unit of work."""
