"""Holds the verbs of shop; their callers open the unit of work and commit."""
