"""Defines the tables of rules, purchases, and how far movements were read."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from finance.tables.books import METADATA

_AT = DateTime(timezone=True)

# A rule about an account goes with it, or to the account that takes over.
rule = Table(
    "rule",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("category_id", Uuid, ForeignKey("category.id"), nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("payee_id", Uuid),
    Column("service_id", Uuid),
    Column("product_category", Text),
    Column("kind", Text),
    Column("words", Text),
    Column("amount_min_minor", BigInteger),
    Column("amount_max_minor", BigInteger),
    Column("currency", Text),
    Column("account_id", Uuid, ForeignKey("account.id", ondelete="CASCADE")),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint("place BETWEEN 1 AND 1000000", name="place_is_in_range"),
    CheckConstraint(
        "(amount_min_minor IS NULL AND amount_max_minor IS NULL) OR currency IS NOT NULL",
        name="amounts_have_a_currency",
    ),
    CheckConstraint("amount_min_minor > 0 AND amount_max_minor > 0", name="amounts_are_positive"),
    CheckConstraint(
        "num_nonnulls(payee_id, service_id, product_category, kind, words, currency, account_id)"
        " > 0",
        name="there_is_a_condition",
    ),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_rule_user_id_place_id", "user_id", "place", "id"),
    Index("ix_rule_category_id", "category_id"),
    Index("ix_rule_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
)

# Kept as the shop tells of them, before or after the payment's movement.
purchase = Table(
    "purchase",
    METADATA,
    Column("payment_id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("items", JSONB, nullable=False),  # name, categories' slugs, minor units; of each item
    Column("created_at", _AT, nullable=False),
    Index("ix_purchase_user_id", "user_id"),
)

# One row: how far what all wallets have moved was read, how often that was stored, and wallets of
# which something could not be booked.
feed_position = Table(
    "feed_position",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("after", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("stuck", ARRAY(Uuid), nullable=False),
    CheckConstraint('"after" >= 0', name="after_counts_up"),
)
