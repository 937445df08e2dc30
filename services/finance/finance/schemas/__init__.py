"""Shapes what the API of finance takes and gives."""
