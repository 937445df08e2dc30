"""Defines the tables of budgets, and of the notices that they gave rise to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from finance.tables.books import METADATA

_AT = DateTime(timezone=True)
_FIRST_OF_MONTH = "extract(day FROM month) = 1"

budget = Table(
    "budget",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("category_id", Uuid, ForeignKey("category.id", ondelete="CASCADE"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("is_carried", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    UniqueConstraint("category_id", "currency", "month"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    CheckConstraint(_FIRST_OF_MONTH, name="month_is_its_first_day"),
    CheckConstraint("amount_minor BETWEEN 0 AND 1000000000000000", name="amount_is_in_range"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_budget_user_id_month", "user_id", "month"),
)

# One row for each notice, so that none is sent twice, however often a threshold is crossed.
budget_alert = Table(
    "budget_alert",
    METADATA,
    Column("budget_id", Uuid, ForeignKey("budget.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("threshold", Integer, primary_key=True),
    CheckConstraint(_FIRST_OF_MONTH, name="month_is_its_first_day"),
)
