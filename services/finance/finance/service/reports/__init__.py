"""Holds the verbs of reports and budgets."""
