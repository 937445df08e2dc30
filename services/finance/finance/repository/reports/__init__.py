"""Reads the figures of reports; stores budgets."""
