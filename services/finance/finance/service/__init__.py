"""Holds the verbs of finance; their callers open the unit of work and commit."""
