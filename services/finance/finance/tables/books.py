"""Defines the tables of people, their books, accounts and categories."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from kit.db.metadata import metadata

METADATA = metadata()
_AT = DateTime(timezone=True)

person = Table(
    "person",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("username", Text),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("username IS NULL OR status <> 'deleted'", name="deleted_is_forgotten"),
    Index("ix_person_username", text("lower(username)")),
)

book = Table(
    "book",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("time_zone", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", _AT, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    postgresql_with={"fillfactor": 70},  # each movement changes it and its account
)

account = Table(
    "account",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("opening_minor", BigInteger, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("wallet_id", Uuid),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    UniqueConstraint("wallet_id"),
    CheckConstraint("kind IN ('cash', 'bank', 'card', 'savings', 'wallet')", name="kind_is_known"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    CheckConstraint(
        "opening_minor BETWEEN -1000000000000000 AND 1000000000000000", name="opening_is_in_range"
    ),
    CheckConstraint(
        "wallet_id IS NULL OR (opening_minor = 0 AND kind = 'wallet')",
        name="a_linked_account_opens_empty",
    ),
    CheckConstraint("seq >= 0", name="seq_counts_movements"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_account_user_id_created_at_id", "user_id", "created_at", "id"),
    postgresql_with={"fillfactor": 70},
)

category = Table(
    "category",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("book.user_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("colour", Text),
    Column("parent_id", Uuid, ForeignKey("category.id")),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    UniqueConstraint("user_id", "type", "name_key"),
    CheckConstraint("type IN ('income', 'expense')", name="type_is_known"),
    CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour_is_hexadecimal"),
    CheckConstraint("parent_id <> id", name="nothing_is_its_own_parent"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_category_parent_id", "parent_id"),
)
