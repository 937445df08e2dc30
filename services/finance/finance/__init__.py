"""Keeps people's books: accounts, categories, transactions, and reports of them."""
