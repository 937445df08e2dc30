"""Holds the rules of transactions, transfers and what recurs."""
