"""Calls to other services, never inside a unit of work, and what is made of the answers."""
