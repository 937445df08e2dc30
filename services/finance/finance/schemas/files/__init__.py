"""Shapes what the API of exports and imports takes and gives."""
