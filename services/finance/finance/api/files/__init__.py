"""Serves exports and imports."""
