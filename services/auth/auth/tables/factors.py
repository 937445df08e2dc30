"""Defines the tables of second factors."""

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

totp = Table(
    "totp",
    METADATA,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False, comment="base32, encrypted (auth.vault)"),
    Column("last_step", BigInteger, comment="of the newest code used (RFC 6238)"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True), comment="NULL until the first code"),
    CheckConstraint("confirmed_at IS NULL OR last_step IS NOT NULL", name="confirmed_by_a_code"),
)

passkey = Table(
    "passkey",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False, comment="COSE (RFC 9052)"),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("transports", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    CheckConstraint("sign_count >= 0", name="sign_count_counts_up"),
    Index("ix_passkey_user_id", "user_id", "created_at"),
)

recovery_code = Table(
    "recovery_code",
    METADATA,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True, comment="SHA-256 of user and code"),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint("octet_length(code_hash) = 32", name="code_hash_length"),
)

challenge = Table(
    "challenge",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the token"),
    Column("kind", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("user_account.id"), comment="NULL: whoever has a passkey"),
    Column("token_version", Integer, comment="the user's: a new password ends it"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "kind IN ('second_factor', 'passkey_registration', 'passkey_login', 'passkey_factor',"
        " 'step_up')",
        name="kind",
    ),
    CheckConstraint("(user_id IS NULL) = (token_version IS NULL)", name="somebody_s_version"),
    CheckConstraint("(user_id IS NULL) = (kind = 'passkey_login')", name="whose"),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
    CheckConstraint("tries >= 0", name="tries_count_up"),
    Index("ix_challenge_expires_at", "expires_at"),
)
