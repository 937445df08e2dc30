"""Shapes what the API of rules takes and gives."""
