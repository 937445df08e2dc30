"""Holds every refusal of finance: stable code, status, text in both languages.

Refusal
├── AccountNotFound    404  account_not_found
├── AccountNotYours    422  account_unknown
├── FinanceCategoryNotFound  404  category_not_found
├── CategoryNotYours   422  category_unknown
├── ExportNotFound     404  export_not_found
├── ImportNotFound     404  import_not_found
├── ImportBusy         409  import_busy
├── ImportNotReady     409  import_not_ready
├── ImportBooked       409  import_booked
├── ImportEmpty        422  import_empty
├── ImportIntoLinked   422  import_into_linked
├── ImportFormatUnknown  415  import_format_unknown
├── ImportNotText      415  import_not_text
└── TooManyRequests
    ├── TooManyFileJobs  429  too_many_file_jobs
    └── TooManyExportStreams  429  too_many_streams
"""

from finance.refusals.accounts import AccountNotFound, AccountNotYours
from finance.refusals.categories import CategoryNotYours, FinanceCategoryNotFound
from finance.refusals.files import (
    ExportNotFound,
    ImportBooked,
    ImportBusy,
    ImportEmpty,
    ImportFormatUnknown,
    ImportIntoLinked,
    ImportNotFound,
    ImportNotReady,
    ImportNotText,
    TooManyExportStreams,
    TooManyFileJobs,
)

__all__ = [
    "AccountNotFound",
    "AccountNotYours",
    "CategoryNotYours",
    "ExportNotFound",
    "FinanceCategoryNotFound",
    "ImportBooked",
    "ImportBusy",
    "ImportEmpty",
    "ImportFormatUnknown",
    "ImportIntoLinked",
    "ImportNotFound",
    "ImportNotReady",
    "ImportNotText",
    "TooManyExportStreams",
    "TooManyFileJobs",
]
