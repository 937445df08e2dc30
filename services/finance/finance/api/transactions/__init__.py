"""Serves transactions, transfers and what recurs."""
