"""Lets requests and streams wait for changes without a database connection."""
