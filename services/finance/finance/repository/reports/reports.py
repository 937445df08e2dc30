"""Adds up transactions for reports: by currency, category, account, and over time.

Whoever needs several figures of one state freezes a unit of work first.
"""

# ruff: noqa: S608 - texts are put together from constants; each value is a parameter

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from finance.domain.accounts import AccountKind
from finance.domain.categories import CategoryType
from finance.domain.dates.calendar import Granularity
from finance.domain.dates.periods import BookPeriod
from finance.domain.reports.reports import (
    BucketTotals,
    CashFlow,
    CategorySum,
    ReportCategory,
    Totals,
    WorthMoved,
)
from finance.domain.reports.scopes import ReportScope
from finance.repository.periods import day_in, within
from kit.db import Connection

_TOTALS: Final = """
    coalesce(sum(amount_minor) FILTER (WHERE type = 'income'), 0) AS income,
    coalesce(-sum(amount_minor) FILTER (WHERE type = 'expense'), 0) AS expense,
    count(*) AS transactions
"""
# In which category each is shown: in its own, or in the one at the top of its tree.
_OWN: Final = "SELECT id, id AS shown_id FROM category WHERE user_id = {user}"
_TOP: Final = """
SELECT id, id AS shown_id FROM category WHERE user_id = {user} AND parent_id IS NULL
UNION ALL SELECT lower.id, shown_id FROM category AS lower JOIN place ON lower.parent_id = place.id
"""
# A split transaction counts once in each category that it has a part in.
_BY_CATEGORY: Final = """
WITH RECURSIVE place AS ({place}), whole AS (
    SELECT currency, type, category_id, sum(amount_minor) AS minor, count(*) AS counted
    FROM transaction WHERE {conditions} AND type <> 'transfer' AND NOT is_split
    GROUP BY currency, type, category_id
), split_ones AS (
    SELECT id, currency, type FROM transaction
    WHERE {conditions} AND type <> 'transfer' AND is_split
), parts AS (
    SELECT whole.currency, type, shown_id, minor, counted
    FROM whole LEFT JOIN place ON place.id = category_id
    UNION ALL
    SELECT split_ones.currency, type, shown_id, sum(amount_minor), count(DISTINCT transaction_id)
    FROM split_ones JOIN split ON transaction_id = split_ones.id
        LEFT JOIN place ON place.id = category_id
    GROUP BY split_ones.currency, type, shown_id
)
SELECT currency, parts.type, shown_id, abs(sum(minor)) AS minor, sum(counted) AS counted,
    name, colour, parent_id
FROM parts LEFT JOIN category ON category.id = shown_id
GROUP BY currency, parts.type, shown_id, name, colour, parent_id
"""
_FLOWS: Final = """
SELECT account.id AS account_id, name, kind, currency,
    coalesce(income, 0) AS income_minor, coalesce(expense, 0) AS expense_minor,
    coalesce(moved_in, 0) AS transfers_in_minor, coalesce(moved_out, 0) AS transfers_out_minor,
    balance_minor - coalesce(later, 0) AS closing_minor
FROM account LEFT JOIN (
    SELECT account_id,
        sum(amount_minor) FILTER (WHERE {inside} AND type = 'income') AS income,
        -sum(amount_minor) FILTER (WHERE {inside} AND type = 'expense') AS expense,
        sum(amount_minor)
            FILTER (WHERE {inside} AND type = 'transfer' AND amount_minor > 0) AS moved_in,
        -sum(amount_minor)
            FILTER (WHERE {inside} AND type = 'transfer' AND amount_minor < 0) AS moved_out,
        sum(amount_minor) FILTER (WHERE NOT {inside}) AS later
    FROM transaction WHERE {since} GROUP BY account_id
) AS moved ON account_id = account.id
WHERE {accounts} ORDER BY created_at, account.id
"""


class _Values:
    """The parameters of a statement, put in one by one; equal ones once."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def __call__(self, value: Any) -> str:
        if value not in self.all:
            self.all.append(value)
        return f"${self.all.index(value) + 1}"


class Reports:
    """Figures of one book; read by any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def has_account(self, user_id: UUID, account_id: UUID) -> bool:
        """Tell whether an account is in somebody's book."""
        found = "SELECT EXISTS (SELECT FROM account WHERE id = $1 AND user_id = $2)"
        return bool(await self._connection.fetchval(found, account_id, user_id))

    async def totals(self, scope: ReportScope) -> list[Totals]:
        """Return the totals of a scope, one for each currency, in their order."""
        values = _Values()
        rows = await self._connection.fetch(
            f"SELECT currency, {_TOTALS} FROM transaction"
            f" WHERE {_conditions(scope, values)} AND type <> 'transfer'"
            " GROUP BY currency ORDER BY currency",
            *values.all,
        )
        return [_totals(row) for row in rows]

    async def by_bucket(self, scope: ReportScope, by: Granularity) -> list[BucketTotals]:
        """Return the totals of each day, week or month in which there is anything."""
        values = _Values()
        rows = await self._connection.fetch(
            f"SELECT currency, {_start(scope.period, by, values)} AS start, {_TOTALS}"
            f" FROM transaction WHERE {_conditions(scope, values)} AND type <> 'transfer'"
            " GROUP BY 1, 2",
            *values.all,
        )
        return [BucketTotals(row["start"], _totals(row)) for row in rows]

    async def by_category(
        self, scope: ReportScope, kind: str | None, *, at_top: bool
    ) -> list[CategorySum]:
        """Return what each category has of a scope.

        Args:
            scope: Of what.
            kind: Only ``income`` or only ``expense``; None: both.
            at_top: Whether categories count in the topmost one above them.
        """
        values = _Values()
        conditions = _conditions(scope, values)
        if kind is not None:
            conditions += f" AND type = {values(kind)}"
        rows = await self._connection.fetch(
            _BY_CATEGORY.format(
                place=(_TOP if at_top else _OWN).format(user=values(scope.user_id)),
                conditions=conditions,
            ),
            *values.all,
        )
        return [_category_sum(row) for row in rows]

    async def flows(self, scope: ReportScope) -> list[CashFlow]:
        """Return the cash flow of each account, the oldest account first.

        What an account held is reckoned back from its balance, which has all that ever moved.
        """
        values = _Values()
        rows = await self._connection.fetch(
            _FLOWS.format(
                inside=_until(scope.period, values),
                since=_conditions(_open(scope), values),
                accounts=_accounts(scope, values),
            ),
            *values.all,
        )
        return [_cash_flow(row) for row in rows]

    async def worth_now(self, scope: ReportScope) -> dict[str, int]:
        """Return what the accounts hold, by currency."""
        values = _Values()
        rows = await self._connection.fetch(
            "SELECT currency, sum(balance_minor) AS minor FROM account"
            f" WHERE {_accounts(scope, values)} GROUP BY currency",
            *values.all,
        )
        return {row["currency"]: int(row["minor"]) for row in rows}

    async def worth_moved(self, scope: ReportScope, by: Granularity) -> list[WorthMoved]:
        """Return by how much worth changed in each bucket, and after the scope."""
        values = _Values()
        start = _start(scope.period, by, values)
        rows = await self._connection.fetch(
            f"SELECT currency, CASE WHEN {_until(scope.period, values)} THEN {start} END AS start,"
            f" sum(amount_minor) AS minor FROM transaction"
            f" WHERE {_conditions(_open(scope), values)} GROUP BY 1, 2",
            *values.all,
        )
        return [WorthMoved(row["currency"], row["start"], int(row["minor"])) for row in rows]


def _conditions(scope: ReportScope, value: _Values) -> str:
    """Return the conditions of a scope's transactions."""
    conditions = [f"user_id = {value(scope.user_id)}", *within(scope.period, value)]
    if scope.currency is not None:
        conditions.append(f"currency = {value(scope.currency)}")
    if scope.account_id is not None:
        conditions.append(f"account_id = {value(scope.account_id)}")
    return " AND ".join(conditions)


def _accounts(scope: ReportScope, value: _Values) -> str:
    conditions = [f"user_id = {value(scope.user_id)}"]
    if scope.currency is not None:
        conditions.append(f"currency = {value(scope.currency)}")
    if scope.account_id is not None:
        conditions.append(f"id = {value(scope.account_id)}")
    return " AND ".join(conditions)


def _open(scope: ReportScope) -> ReportScope:
    """Return the scope without its end."""
    return replace(scope, period=replace(scope.period, end=None))


def _until(period: BookPeriod, value: _Values) -> str:
    """Return the condition that a transaction is not after a period."""
    return f"({' AND '.join(within(replace(period, begin=None), value))})"


def _start(period: BookPeriod, by: Granularity, value: _Values) -> str:
    """Return the expression of the first day of a transaction's day, week or month."""
    day = day_in(period, value)
    return f"date_trunc({value(by.value)}::text, ({day})::timestamp)::date"


def _totals(row: Any) -> Totals:
    return Totals(row["currency"], int(row["income"]), int(row["expense"]), row["transactions"])


def _cash_flow(row: Any) -> CashFlow:
    values: dict[str, Any] = {
        name: int(value) if name.endswith("_minor") else value for name, value in row.items()
    }
    values["kind"] = AccountKind(values["kind"])
    return CashFlow(**values)


def _category_sum(row: Any) -> CategorySum:
    category = None
    if row["shown_id"] is not None:
        category = ReportCategory(
            row["shown_id"], row["name"], CategoryType(row["type"]), row["colour"], row["parent_id"]
        )
    return CategorySum(
        row["currency"], row["type"], category, int(row["minor"]), int(row["counted"])
    )
