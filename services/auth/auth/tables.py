"""Defines auth's tables; their constraints restate the domain's rules. No queries."""

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
    func,
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
    Index(
        "ix_user_account_token_version_at",
        "token_version_at",
        postgresql_where=text("token_version_at IS NOT NULL"),
    ),
)

# Front ends of others'. A deleted one stays for the sessions and audit rows that name it.
client = Table(
    "client",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("secret_hash", LargeBinary, comment="SHA-256 of the secret; NULL for a public client"),
    Column("created_by", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
    CheckConstraint("char_length(name) BETWEEN 1 AND 60", name="name_length"),
    CheckConstraint("cardinality(redirect_uris) BETWEEN 1 AND 10", name="has_redirect_uris"),
    CheckConstraint("octet_length(secret_hash) = 32", name="secret_hash_length"),
    CheckConstraint("deleted_at IS NULL OR disabled_at IS NOT NULL", name="deleted_is_disabled"),
    Index(
        "ix_client_created_at",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

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

# A used one is kept for a while: used again, it ends the session that it opened.
authorization_code = Table(
    "authorization_code",
    METADATA,
    Column("code_hash", LargeBinary, primary_key=True, comment="SHA-256 of the code"),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", LargeBinary, nullable=False, comment="SHA-256 of the code verifier"),
    Column("token_version", Integer, nullable=False, comment="the user's, at the login"),
    Column("amr", ARRAY(Text), nullable=False, comment="RFC 8176"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("session_id", Uuid, comment="the session that it opened"),
    CheckConstraint("octet_length(code_hash) = 32", name="code_hash_length"),
    CheckConstraint("octet_length(challenge) = 32", name="challenge_length"),
    CheckConstraint("session_id IS NULL OR used_at IS NOT NULL", name="opened_when_used"),
    Index("ix_authorization_code_expires_at", "expires_at"),
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
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of name and address"),
    Column("user_id", Uuid, comment="NULL for a name that nobody has"),
    Column("count", Integer, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("octet_length(key) = 32", name="key_length"),
    CheckConstraint("count > 0", name="counted_from_one"),
    Index("ix_login_failure_ends_at", "ends_at"),
    Index("ix_login_failure_user_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
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

audit = Table(
    "audit",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Uuid, comment="NULL where nobody is known"),
    Column("service", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, comment="NULL for a list"),
    Column("owner_id", Uuid, comment="NULL where it is nobody's, or everybody's"),
    Column("request_id", Text),
    Column(
        "owner_ids",
        ARRAY(Uuid),
        nullable=False,
        server_default="{}",
        comment="all whose it is; empty also in rows of before, which name one at most",
    ),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Column("position", BigInteger, nullable=False, unique=True),
    Column(
        "origin_hash", LargeBinary, nullable=False, comment="SHA-256 of salt, address and client"
    ),
    Index("ix_audit_at", text("at DESC"), text("id DESC")),
    Index("ix_audit_actor_id", "actor_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_subject_id", "subject_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_owner_id", "owner_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_owner_ids", "owner_ids", postgresql_using="gin"),
    Index("ix_audit_action", "action", text("at DESC"), text("id DESC")),
)

# Where the requests of the audit log came from; deleted with the user whom it would tell about.
audit_origin = Table(
    "audit_origin",
    METADATA,
    Column("audit_id", Uuid, ForeignKey("audit.id"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("user_agent", Text),
    Column("salt", LargeBinary, nullable=False),
    CheckConstraint("octet_length(salt) = 32", name="salt_length"),
    Index("ix_audit_origin_address", "address"),
)

# The hash of each row of the audit log and of all before it.
audit_seal = Table(
    "audit_seal",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("octet_length(hash) = 32", name="hash_length"),
)

signing_key = Table(
    "signing_key",
    METADATA,
    Column("kid", Text, primary_key=True, comment="RFC 7638 thumbprint"),
    Column("status", Text, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("private_key", LargeBinary, nullable=False, comment="PKCS#8, encrypted (auth.vault)"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("activated_at", DateTime(timezone=True)),
    Column("retired_at", DateTime(timezone=True)),
    CheckConstraint("status IN ('next', 'active', 'retired')", name="status"),
    CheckConstraint("NOT public_jwk ? 'd'", name="public_jwk_is_public"),
    CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name="retired_since"),
    Index(
        "uq_signing_key_status",
        "status",
        unique=True,
        postgresql_where=text("status <> 'retired'"),
    ),
)

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
