"""Lets requests wait for changes without a database connection."""
