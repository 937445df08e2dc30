"""Holds the rules of exports and imports."""
