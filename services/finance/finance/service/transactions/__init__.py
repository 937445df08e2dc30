"""Holds the verbs of transactions, transfers and what recurs."""
