"""Holds the rules of reports and budgets."""
