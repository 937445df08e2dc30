"""Stores people's books; the only SQL of the service.

Lock order, everywhere: how far the feed has read, then books, in the order of their owners' ids;
what is in a book is locked with it.
"""

from finance.repository.accounts import Accounts
from finance.repository.books import Books
from finance.repository.categories import FinanceCategories
from finance.repository.feed.categorisation import SortedRows
from finance.repository.feed.linked_accounts import LinkedAccounts
from finance.repository.feed.movements import BookedMovements
from finance.repository.feed.position import FeedPositions
from finance.repository.feed.purchases import Purchases
from finance.repository.feed.reconciliation import BookedSums
from finance.repository.feed.rules import Rules
from finance.repository.files.file_jobs import FileJobs
from finance.repository.people import FinancePeople
from finance.repository.reports.budgets import Budgets
from finance.repository.reports.reports import Reports
from finance.repository.transactions.lists import TransactionLists
from finance.repository.transactions.recurrences import Recurrences
from finance.repository.transactions.transactions import Transactions

__all__ = [
    "Accounts",
    "BookedMovements",
    "BookedSums",
    "Books",
    "Budgets",
    "FeedPositions",
    "FileJobs",
    "FinanceCategories",
    "FinancePeople",
    "LinkedAccounts",
    "Purchases",
    "Recurrences",
    "Reports",
    "Rules",
    "SortedRows",
    "TransactionLists",
    "Transactions",
]
