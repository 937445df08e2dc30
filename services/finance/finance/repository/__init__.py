"""Stores people's books; the only SQL of the service.

Lock order, everywhere: how far the feed has read, then books, in the order of their owners' ids;
what is in a book is locked with it.
"""

from finance.repository.accounts import Accounts
from finance.repository.books import Books
from finance.repository.categories import FinanceCategories
from finance.repository.categorisation import SortedRows
from finance.repository.feed_position import FeedPositions
from finance.repository.file_jobs import FileJobs
from finance.repository.linked_accounts import LinkedAccounts
from finance.repository.movements import BookedMovements
from finance.repository.people import FinancePeople
from finance.repository.purchases import Purchases
from finance.repository.reconciliation import BookedSums
from finance.repository.recurrences import Recurrences
from finance.repository.rules import Rules
from finance.repository.transaction_lists import TransactionLists
from finance.repository.transactions import Transactions

__all__ = [
    "Accounts",
    "BookedMovements",
    "BookedSums",
    "Books",
    "FeedPositions",
    "FileJobs",
    "FinanceCategories",
    "FinancePeople",
    "LinkedAccounts",
    "Purchases",
    "Recurrences",
    "Rules",
    "SortedRows",
    "TransactionLists",
    "Transactions",
]
