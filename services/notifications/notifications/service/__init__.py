"""Holds the verbs: load, decide, save, emit. They never commit; their caller does."""
