"""Holds the verbs of exports and imports."""
