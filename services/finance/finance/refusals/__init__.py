"""Holds every refusal of finance: stable code, status, text in both languages.

Refusal
├── ZoneUnknown              422  zone_unknown
├── AccountNotFound          404  account_not_found
├── AccountNotYours          422  account_unknown
├── AccountInUse             409  account_in_use
├── AccountLinked            409  account_linked
├── AccountsSame             422  accounts_same
├── CurrenciesDiffer         422  currencies_differ
├── BalanceOutOfRange        422  balance_out_of_range
├── TooManyAccounts          409  too_many_accounts
├── FinanceCategoryNotFound  404  category_not_found
├── CategoryNotYours         422  category_unknown
├── CategoryTypeDiffers      422  category_type_differs
├── CategoriesSame           422  categories_same
├── FinanceCategoryExists    409  category_exists
├── FinanceCategoryInUse     409  category_in_use
├── FinanceParentNotFound    422  parent_not_found
├── FinanceCategoryCycle     422  category_cycle
├── FinanceCategoryTooDeep   422  category_too_deep
├── TooManyFinanceCategories 409  too_many_categories
├── TransactionNotFound      404  transaction_not_found
├── ListTooWide              422  list_too_wide
├── TransactionLinked        409  transaction_linked
├── TransferFixed            409  transfer_fixed
├── TypeNotSaid              422  type_not_said
├── SplitsDiffer             422  splits_differ
├── DateOutOfRange           422  date_out_of_range
├── ToAmountNeeded           422  to_amount_needed
├── ToAmountDiffers          422  to_amount_differs
├── RecurrenceNotFound       404  recurring_not_found
├── RecurrenceTooEarly       422  recurring_too_early
├── RecurrenceEndsEarly      422  recurring_ends_early
├── TooManyRecurrences       409  too_many_recurring
├── ExportNotFound           404  export_not_found
├── ImportNotFound           404  import_not_found
├── ImportBusy               409  import_busy
├── ImportNotReady           409  import_not_ready
├── ImportBooked             409  import_booked
├── ImportEmpty              422  import_empty
├── ImportIntoLinked         422  import_into_linked
├── ImportFormatUnknown      415  import_format_unknown
├── ImportNotText            415  import_not_text
├── TooManyFileJobs          429  too_many_file_jobs
├── TooManyExportStreams     429  too_many_streams
├── RangeTooLong             422  range_too_long
├── BudgetNotFound           404  budget_not_found
├── BudgetExists             409  budget_exists
├── TooManyBudgets           409  too_many_budgets
├── RuleNotFound             404  rule_not_found
├── RulePayeeUnknown         422  payee_unknown
└── TooManyRules             409  too_many_rules
"""

from finance.refusals.accounts import (
    AccountInUse,
    AccountLinked,
    AccountNotFound,
    AccountNotYours,
    AccountsSame,
    BalanceOutOfRange,
    CurrenciesDiffer,
    TooManyAccounts,
    ZoneUnknown,
)
from finance.refusals.budgets import BudgetExists, BudgetNotFound, TooManyBudgets
from finance.refusals.categories import (
    CategoriesSame,
    CategoryNotYours,
    CategoryTypeDiffers,
    FinanceCategoryCycle,
    FinanceCategoryExists,
    FinanceCategoryInUse,
    FinanceCategoryNotFound,
    FinanceCategoryTooDeep,
    FinanceParentNotFound,
    TooManyFinanceCategories,
)
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
from finance.refusals.reports import RangeTooLong
from finance.refusals.rules import RuleNotFound, RulePayeeUnknown, TooManyRules
from finance.refusals.transactions import (
    DateOutOfRange,
    ListTooWide,
    RecurrenceEndsEarly,
    RecurrenceNotFound,
    RecurrenceTooEarly,
    SplitsDiffer,
    ToAmountDiffers,
    ToAmountNeeded,
    TooManyRecurrences,
    TransactionLinked,
    TransactionNotFound,
    TransferFixed,
    TypeNotSaid,
)

__all__ = [
    "AccountInUse",
    "AccountLinked",
    "AccountNotFound",
    "AccountNotYours",
    "AccountsSame",
    "BalanceOutOfRange",
    "BudgetExists",
    "BudgetNotFound",
    "CategoriesSame",
    "CategoryNotYours",
    "CategoryTypeDiffers",
    "CurrenciesDiffer",
    "DateOutOfRange",
    "ExportNotFound",
    "FinanceCategoryCycle",
    "FinanceCategoryExists",
    "FinanceCategoryInUse",
    "FinanceCategoryNotFound",
    "FinanceCategoryTooDeep",
    "FinanceParentNotFound",
    "ImportBooked",
    "ImportBusy",
    "ImportEmpty",
    "ImportFormatUnknown",
    "ImportIntoLinked",
    "ImportNotFound",
    "ImportNotReady",
    "ImportNotText",
    "ListTooWide",
    "RangeTooLong",
    "RecurrenceEndsEarly",
    "RecurrenceNotFound",
    "RecurrenceTooEarly",
    "RuleNotFound",
    "RulePayeeUnknown",
    "SplitsDiffer",
    "ToAmountDiffers",
    "ToAmountNeeded",
    "TooManyAccounts",
    "TooManyBudgets",
    "TooManyExportStreams",
    "TooManyFileJobs",
    "TooManyFinanceCategories",
    "TooManyRecurrences",
    "TooManyRules",
    "TransactionLinked",
    "TransactionNotFound",
    "TransferFixed",
    "TypeNotSaid",
    "ZoneUnknown",
]
