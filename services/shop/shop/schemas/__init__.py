"""Shapes what the API of shop takes and gives."""
