"""Stores people's books; the only SQL of the service."""

from finance.repository.books import Books
from finance.repository.feed_position import FeedPositions
from finance.repository.linked_accounts import LinkedAccounts
from finance.repository.movements import BookedMovements
from finance.repository.people import FinancePeople
from finance.repository.purchases import Purchases
from finance.repository.reconciliation import BookedSums
from finance.repository.rules import Rules
from finance.repository.sorting import SortedRows
from finance.repository.transactions import Transactions

__all__ = [
    "BookedMovements",
    "BookedSums",
    "Books",
    "FeedPositions",
    "FinancePeople",
    "LinkedAccounts",
    "Purchases",
    "Rules",
    "SortedRows",
    "Transactions",
]
