"""Serves reports, pictures of them, and budgets."""
