"""Lets streams wait for changes without a database connection."""
