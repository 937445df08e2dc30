"""Defines the tables of logins: sessions, links, wrong passwords and known places."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from auth.tables.users import METADATA

session = Table(
    "session",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("counter", Integer, nullable=False, server_default=text("0")),
    Column("hmac_key", LargeBinary, nullable=False),
    Column("user_agent", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("rotated_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("end_reason", Text),
    Column("address", Text),
    Column("amr", ARRAY(Text), nullable=False, server_default="{pwd}", comment="RFC 8176"),
    Column("authenticated_at", DateTime(timezone=True), nullable=False),
    Column("client_id", Uuid, ForeignKey("client.id"), comment="NULL for our own front ends"),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}", comment="of client_id"),
    CheckConstraint("counter >= 0", name="counter_counts_up"),
    CheckConstraint("octet_length(hmac_key) = 32", name="hmac_key_length"),
    CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_for_a_reason"),
    Index(
        "ix_session_live",
        "user_id",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_session_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    Index(
        "ix_session_client_id",
        "client_id",
        postgresql_where=text("client_id IS NOT NULL AND ended_at IS NULL"),
    ),
)

link = Table(
    "link",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint(
        "purpose IN ('activation', 'password_reset', 'old_email', 'new_email')", name="purpose"
    ),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
    Index("ix_link_user_id", "user_id", "purpose"),
)

login_failure = Table(
    "login_failure",
    METADATA,
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of what is counted"),
    Column("scope", Text, nullable=False),
    Column("user_id", Uuid, comment="whose name is counted, if anybody's"),
    Column("count", Integer, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(key) = 32", name="key_length"),
    CheckConstraint("scope IN ('login', 'name', 'place', 'everybody')", name="scope"),
    CheckConstraint("count > 0", name="counted_from_one"),
    Index("ix_login_failure_ends_at", "ends_at"),
    Index("ix_login_failure_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
)

# Where from users have logged in. What others do wrong there, or with their names, is not theirs.
known_place = Table(
    "known_place",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of address or network"),
    Column("last_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(key) = 32", name="key_length"),
    Index("ix_known_place_last_at", "last_at"),
)
