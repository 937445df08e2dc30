"""Defines the tables of others' front ends and programs."""

from sqlalchemy import (
    BigInteger,
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

# Front ends of others'. A deleted one stays for the sessions and audit rows that name it.
client = Table(
    "client",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("secret_hash", LargeBinary, comment="SHA-256 of the secret; NULL for a public client"),
    Column("old_secret_hash", LargeBinary, comment="SHA-256"),
    Column("old_secret_until", DateTime(timezone=True)),
    Column("created_by", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("char_length(name) BETWEEN 1 AND 60", name="name_length"),
    CheckConstraint("cardinality(redirect_uris) BETWEEN 1 AND 10", name="has_redirect_uris"),
    CheckConstraint("octet_length(secret_hash) = 32", name="secret_hash_length"),
    CheckConstraint(
        "(old_secret_hash IS NULL) = (old_secret_until IS NULL)", name="old_secret_ends"
    ),
    CheckConstraint("octet_length(old_secret_hash) = 32", name="old_secret_hash_length"),
    CheckConstraint("deleted_at IS NULL OR disabled_at IS NOT NULL", name="deleted_is_disabled"),
    Index(
        "ix_client_created_at",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

# A used one is kept for a while: used again, it ends the session that it opened.
authorization_code = Table(
    "authorization_code",
    METADATA,
    Column("code_hash", LargeBinary, primary_key=True, comment="SHA-256 of the code"),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", LargeBinary, nullable=False, comment="SHA-256 of the code verifier"),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("token_version", Integer, nullable=False, comment="the user's, at the login"),
    Column("password_digest", LargeBinary, nullable=False, comment="SHA-256 of the hash, likewise"),
    Column("amr", ARRAY(Text), nullable=False, comment="RFC 8176"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("session_id", Uuid, comment="the session that it opened"),
    CheckConstraint("octet_length(code_hash) = 32", name="code_hash_length"),
    CheckConstraint("octet_length(challenge) = 32", name="challenge_length"),
    CheckConstraint("session_id IS NULL OR used_at IS NOT NULL", name="opened_when_used"),
    Index("ix_authorization_code_expires_at", "expires_at"),
    Index("ix_authorization_code_user_id", "user_id", postgresql_where=text("used_at IS NULL")),
)

# Of each key the newest secret's hash, and for an overlap the one before.
api_key = Table(
    "api_key",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False, comment="what is shown of the secret"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256"),
    Column("old_secret_hash", LargeBinary, unique=True, comment="SHA-256"),
    Column("old_secret_until", DateTime(timezone=True)),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("wallet_ids", ARRAY(Uuid), comment="NULL for all of the owner's"),
    Column("per_day_minor", BigInteger, comment="what it may pay in a day (UTC)"),
    Column("currency", Text, comment="of per_day_minor"),
    Column("addresses", ARRAY(Text), comment="networks; NULL for everywhere"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True), comment="to the minute"),
    Column("last_address", Text),
    Column("places", ARRAY(Text), nullable=False, server_default="{}", comment="used from"),
    CheckConstraint("octet_length(secret_hash) = 32", name="secret_hash_length"),
    CheckConstraint("octet_length(old_secret_hash) = 32", name="old_secret_hash_length"),
    CheckConstraint(
        "(old_secret_hash IS NULL) = (old_secret_until IS NULL)", name="old_secret_ends"
    ),
    CheckConstraint("cardinality(scopes) > 0", name="some_scope"),
    CheckConstraint(
        "cardinality(wallet_ids) > 0 AND cardinality(addresses) > 0", name="bounded_to_some"
    ),
    CheckConstraint("(per_day_minor IS NULL) = (currency IS NULL)", name="amount_has_a_currency"),
    CheckConstraint("per_day_minor > 0", name="per_day_is_some"),
    Index(
        "ix_api_key_live",
        "user_id",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
    Index("ix_api_key_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
)
