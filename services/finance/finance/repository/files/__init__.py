"""Stores exports and imports; reads the rows of a file."""
