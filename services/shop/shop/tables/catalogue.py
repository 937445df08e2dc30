"""Defines the tables of the catalogue."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from kit.db.metadata import metadata

METADATA = metadata()
_AT = DateTime(timezone=True)

category = Table(
    "category",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("parent_id", Uuid, ForeignKey("category.id")),
    Column("is_active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    UniqueConstraint("slug"),
    CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    CheckConstraint("parent_id <> id", name="nothing_is_its_own_parent"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_category_parent_id", "parent_id"),
    Index("ix_category_name_key_id", "name_key", "id"),
    Index("ix_category_closed", "id", postgresql_where=text("NOT is_active")),
)

product = Table(
    "product",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("description", Text),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("stock", Integer, nullable=False),
    Column("category_id", Uuid, ForeignKey("category.id")),
    Column("is_active", Boolean, nullable=False),
    Column("attributes", JSONB, nullable=False),
    Column("picture_url", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    Column("search", TSVECTOR, nullable=False),
    UniqueConstraint("slug"),
    CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_plain"),
    CheckConstraint("price_minor BETWEEN 1 AND 1000000000000000", name="price_is_in_range"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    CheckConstraint("stock BETWEEN 0 AND 1000000000", name="stock_is_in_range"),
    CheckConstraint("jsonb_typeof(attributes) = 'object'", name="attributes_have_names"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index("ix_product_created_at_id", "created_at", "id"),
    Index("ix_product_price_minor_id", "price_minor", "id"),
    Index("ix_product_name_key_id", "name_key", "id"),
    Index("ix_product_category_id_created_at_id", "category_id", "created_at", "id"),
    Index("ix_product_search", "search", postgresql_using="gin"),
)
