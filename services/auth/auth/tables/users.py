"""Defines the tables of users and of what changes about them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kit.db.metadata import metadata

METADATA = metadata()

user_account = Table(
    "user_account",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("username", Text),
    Column("username_key", Text, unique=True, comment="NFKC casefold of username"),
    Column("username_skeleton", Text, unique=True, comment="what looks the same (Unicode TS 39)"),
    Column("email", Text),
    Column("email_key", Text, unique=True, comment="NFKC casefold of email"),
    Column("full_name", Text),
    Column("search_key", Text, nullable=False, comment="all names, NFKC casefold, one a line"),
    Column("password_hash", Text),
    Column("status", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("token_version", Integer, nullable=False, server_default=text("1")),
    Column("token_version_at", DateTime(timezone=True), comment="when it last grew"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("activated_at", DateTime(timezone=True)),
    Column("language", Text, nullable=False, server_default="ru"),
    Column("factors", ARRAY(Text), nullable=False, server_default="{}"),
    Column(
        "confirm_above",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="minor units by currency",
    ),
    CheckConstraint(
        "jsonb_typeof(confirm_above) = 'object' AND NOT jsonb_path_exists(confirm_above, '$.* ?"
        ' (@.type() != "number" || @ < 1 || @ > 1000000000000000 || @.floor() != @)\')',
        name="confirm_above_is_amounts",
    ),
    CheckConstraint("confirm_above = '{}' OR status <> 'deleted'", name="deleted_confirms_nothing"),
    CheckConstraint("factors <@ ARRAY['passkey', 'totp']", name="known_factors"),
    CheckConstraint("language IN ('en', 'ru')", name="language"),
    CheckConstraint("status IN ('pending', 'active', 'disabled', 'deleted')", name="status"),
    CheckConstraint("(username IS NULL) = (username_key IS NULL)", name="username_has_its_key"),
    CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_has_its_key"),
    CheckConstraint("char_length(username) BETWEEN 3 AND 64", name="username_length"),
    CheckConstraint("position('@' in username_key) = 0", name="username_is_no_email"),
    CheckConstraint("position('@' in email_key) > 1", name="email_is_no_username"),
    CheckConstraint(
        "num_nonnulls(username, email) > 0 OR status = 'deleted'", name="somebody_has_a_name"
    ),
    CheckConstraint(
        "num_nonnulls(username, email, full_name, password_hash) = 0 OR status <> 'deleted'",
        name="deleted_is_forgotten",
    ),
    CheckConstraint(
        "password_hash IS NOT NULL OR status = 'deleted'", name="somebody_has_a_password"
    ),
    CheckConstraint("activated_at IS NOT NULL OR status <> 'active'", name="active_since"),
    CheckConstraint(
        "roles <@ ARRAY['user', 'admin'] AND roles @> ARRAY['user']", name="known_roles"
    ),
    CheckConstraint("token_version > 0 AND version > 0", name="versions_count_from_one"),
    Index("ix_user_account_created_at", text("created_at DESC"), text("id DESC")),
    Index(
        "ix_user_account_admins",
        "id",
        postgresql_where=text("status = 'active' AND roles @> ARRAY['admin']"),
    ),
    Index("ix_user_account_pending", "id", postgresql_where=text("status = 'pending'")),
    Index(
        "ix_user_account_token_version_at",
        "token_version_at",
        postgresql_where=text("token_version_at IS NOT NULL"),
    ),
)

# A new address is its user's once both have confirmed; a later change takes the place of this one.
email_change = Table(
    "email_change",
    METADATA,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("email", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("old_confirmed", Boolean, nullable=False),
    Column("new_confirmed", Boolean, nullable=False),
    CheckConstraint("NOT (old_confirmed AND new_confirmed)", name="waits"),
    Index("ix_email_change_expires_at", "expires_at"),
)

# Names that their users gave up, and that nobody else may have yet.
resting_name = Table(
    "resting_name",
    METADATA,
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of what looks the same"),
    Column("user_id", Uuid, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(key) = 32", name="key_length"),
    Index("ix_resting_name_until", "until"),
    Index("ix_resting_name_user_id", "user_id"),
)

# A row is written before payments and wallet are asked, and removed with the user or on a refusal.
deletion = Table(
    "deletion",
    METADATA,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("attempt", Uuid, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Index("ix_deletion_begun_at", "begun_at"),
)
