"""Holds every refusal of finance: stable code, status, text in both languages.

Refusal
├── AccountNotFound    404  account_not_found
├── AccountNotYours    422  account_unknown
├── FinanceCategoryNotFound  404  category_not_found
└── CategoryNotYours   422  category_unknown
"""

from finance.refusals.accounts import AccountNotFound, AccountNotYours
from finance.refusals.categories import CategoryNotYours, FinanceCategoryNotFound

__all__ = [
    "AccountNotFound",
    "AccountNotYours",
    "CategoryNotYours",
    "FinanceCategoryNotFound",
]
