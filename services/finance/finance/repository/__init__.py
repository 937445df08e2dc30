"""Stores people's books; the only SQL of the service.

Lock order, everywhere: books, in the order of their owners' ids; what is in a book is locked with
it.
"""

from finance.repository.accounts import Accounts
from finance.repository.books import Books
from finance.repository.budgets import Budgets
from finance.repository.categories import FinanceCategories
from finance.repository.file_jobs import FileJobs
from finance.repository.people import FinancePeople
from finance.repository.recurrences import Recurrences
from finance.repository.reports import Reports
from finance.repository.transaction_lists import TransactionLists
from finance.repository.transactions import Transactions

__all__ = [
    "Accounts",
    "Books",
    "Budgets",
    "FileJobs",
    "FinanceCategories",
    "FinancePeople",
    "Recurrences",
    "Reports",
    "TransactionLists",
    "Transactions",
]
