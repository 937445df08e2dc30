"""Asks other services, never inside a unit of work."""
