"""Shapes what the API of reports and budgets takes and gives."""
