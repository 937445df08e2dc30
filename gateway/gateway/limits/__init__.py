"""Limits how often, and how many at once, each caller asks."""
