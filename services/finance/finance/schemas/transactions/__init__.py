"""Shapes what the API of transactions takes and gives, and of what recurs."""
