"""Stores people's books; the only SQL of the service."""

from finance.repository.books import Books
from finance.repository.people import FinancePeople
from finance.repository.transactions import Transactions

__all__ = ["Books", "FinancePeople", "Transactions"]
