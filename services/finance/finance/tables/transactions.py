"""Defines the tables of transactions, their splits, and what recurs.

Amounts are signed: what comes in is positive, what goes out negative.
"""

from sqlalchemy import (
    ARRAY,
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
    Uuid,
    text,
)

from finance.tables.books import METADATA

_AT = DateTime(timezone=True)
_NO_TAGS = text("'{}'::text[]")
_DAYS = "BETWEEN DATE '1900-01-01' AND DATE '2999-12-31'"
_MINOR = "BETWEEN -1000000000000000 AND 1000000000000000"  # as far as amounts are read
# As far as a wallet's balance goes: the payment of a debt may move all of it.
_WALLETS_MINOR = "BETWEEN -1000000000000000000 AND 1000000000000000000"

# Rows of the shop's purchases are found by the payment.
_OF_THE_SHOP = "counterparty_id = '00000000-0000-0000-0000-000000000001'::uuid"

transaction = Table(
    "transaction",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("account_id", Uuid, ForeignKey("account.id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("category_id", Uuid, ForeignKey("category.id")),
    Column("description", Text),
    Column("note", Text),
    Column("date", Date, nullable=False),
    Column("at", _AT),
    Column("tags", ARRAY(Text), nullable=False, server_default=_NO_TAGS),
    Column("is_split", Boolean, nullable=False, server_default=text("false")),
    Column("transfer_id", Uuid),
    Column("origin", Text, nullable=False),
    Column("movement_seq", BigInteger),
    Column("movement_kind", Text),
    Column("reference", Text),
    Column("counterparty_id", Uuid),
    Column("purpose", Text),
    Column("is_category_own", Boolean, nullable=False, server_default=text("false")),
    Column("import_key", Text),
    Column("recurring_id", Uuid),
    Column("due_date", Date),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint(
        "(type = 'income' AND amount_minor > 0) OR (type = 'expense' AND amount_minor < 0)"
        " OR (type = 'transfer' AND amount_minor <> 0)",
        name="sign_fits_the_type",
    ),
    CheckConstraint(f"amount_minor {_WALLETS_MINOR}", name="amount_is_in_range"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    CheckConstraint(f"date {_DAYS}", name="date_is_in_range"),
    CheckConstraint(
        "(type = 'transfer') = (transfer_id IS NOT NULL)", name="a_transfer_has_its_pair"
    ),
    CheckConstraint(
        "category_id IS NULL OR (type <> 'transfer' AND NOT is_split)",
        name="neither_transfers_nor_split_ones_have_a_category",
    ),
    CheckConstraint("NOT is_split OR type <> 'transfer'", name="a_transfer_is_not_split"),
    CheckConstraint(
        "origin IN ('manual', 'wallet', 'recurring', 'import')", name="origin_is_known"
    ),
    CheckConstraint("(origin = 'wallet') = (movement_seq IS NOT NULL)", name="a_movement_has_seq"),
    CheckConstraint(
        "(recurring_id IS NULL) = (due_date IS NULL)", name="a_recurring_one_has_its_day"
    ),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    # With what reports add up, so that they read this index alone.
    Index(
        "ix_transaction_user_id_date_id",
        "user_id",
        "date",
        "id",
        postgresql_include=["currency", "type", "amount_minor", "category_id", "is_split"],
    ),
    # Reports look for those that are split apart from all others.
    Index("ix_transaction_split", "user_id", "date", postgresql_where=text("is_split")),
    Index("ix_transaction_account_id_date_id", "account_id", "date", "id"),
    Index(
        "ix_transaction_category_id_date_id",
        "category_id",
        "date",
        "id",
        postgresql_where=text("category_id IS NOT NULL"),
    ),
    Index(
        "ix_transaction_transfer_id",
        "transfer_id",
        postgresql_where=text("transfer_id IS NOT NULL"),
    ),
    Index("ix_transaction_shop", "reference", postgresql_where=text(_OF_THE_SHOP)),
    Index(
        "uq_transaction_movement",
        "account_id",
        "movement_seq",
        unique=True,
        postgresql_where=text("movement_seq IS NOT NULL"),
    ),
    Index(
        "uq_transaction_import_key",
        "account_id",
        "import_key",
        unique=True,
        postgresql_where=text("import_key IS NOT NULL"),
    ),
    Index(
        "uq_transaction_due_date",
        "recurring_id",
        "due_date",
        unique=True,
        postgresql_where=text("recurring_id IS NOT NULL"),
    ),
)

# `user_id`, `date` and `currency` are the transaction's, so that reports read one index.
split = Table(
    "split",
    METADATA,
    Column(
        "transaction_id", Uuid, ForeignKey("transaction.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("position", Integer, primary_key=True),
    Column("category_id", Uuid, ForeignKey("category.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("description", Text),
    Column("user_id", Uuid, nullable=False),
    Column("date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    CheckConstraint(
        f"amount_minor {_WALLETS_MINOR} AND amount_minor <> 0", name="amount_is_in_range"
    ),
    CheckConstraint("position BETWEEN 1 AND 100", name="position_counts_from_one"),
    Index("ix_split_user_id_date", "user_id", "date"),
    Index("ix_split_category_id_date", "category_id", "date", "transaction_id"),
)

recurring = Table(
    "recurring",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("account_id", Uuid, ForeignKey("account.id"), nullable=False),
    Column("category_id", Uuid, ForeignKey("category.id")),
    Column("type", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("description", Text),
    Column("tags", ARRAY(Text), nullable=False, server_default=_NO_TAGS),
    Column("every", Text, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("anchor_day", Integer, nullable=False),
    Column("next_date", Date, nullable=False),
    Column("end_date", Date),
    Column("is_active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint(
        "(type = 'income' AND amount_minor > 0) OR (type = 'expense' AND amount_minor < 0)",
        name="sign_fits_the_type",
    ),
    CheckConstraint(f"amount_minor {_MINOR}", name="amount_is_in_range"),
    CheckConstraint("every IN ('day', 'week', 'month', 'year')", name="every_is_known"),
    CheckConstraint('"interval" BETWEEN 1 AND 100', name="interval_is_in_range"),
    CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_is_a_day"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_recurring_user_id_created_at_id", "user_id", "created_at", "id"),
    Index("ix_recurring_account_id", "account_id"),
    Index(
        "ix_recurring_category_id", "category_id", postgresql_where=text("category_id IS NOT NULL")
    ),
    Index("ix_recurring_next_date", "next_date", postgresql_where=text("is_active")),
)
