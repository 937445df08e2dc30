"""Stores transactions, their parts, and what recurs."""
