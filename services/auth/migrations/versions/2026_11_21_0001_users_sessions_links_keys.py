"""Creates users, sessions, links and signing keys, and kit's outbox and inbox."""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_USER_ACCOUNT = (
    """CREATE TABLE user_account (
    id uuid NOT NULL,
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    username text,
    username_key text,
    email text,
    email_key text,
    full_name text,
    search_key text NOT NULL,
    password_hash text,
    status text NOT NULL,
    roles text[] NOT NULL,
    token_version integer NOT NULL DEFAULT 1,
    token_version_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    activated_at timestamptz,
    CONSTRAINT pk_user_account PRIMARY KEY (id),
    CONSTRAINT uq_user_account_number UNIQUE (number),
    CONSTRAINT uq_user_account_username_key UNIQUE (username_key),
    CONSTRAINT uq_user_account_email_key UNIQUE (email_key),
    CONSTRAINT ck_user_account_status
        CHECK (status IN ('pending', 'active', 'disabled', 'deleted')),
    CONSTRAINT ck_user_account_username_has_its_key
        CHECK ((username IS NULL) = (username_key IS NULL)),
    CONSTRAINT ck_user_account_email_has_its_key
        CHECK ((email IS NULL) = (email_key IS NULL)),
    CONSTRAINT ck_user_account_username_length
        CHECK (char_length(username) BETWEEN 3 AND 64),
    CONSTRAINT ck_user_account_username_is_no_email
        CHECK (position('@' in username_key) = 0),
    CONSTRAINT ck_user_account_email_is_no_username
        CHECK (position('@' in email_key) > 1),
    CONSTRAINT ck_user_account_somebody_has_a_name
        CHECK (num_nonnulls(username, email) > 0 OR status = 'deleted'),
    CONSTRAINT ck_user_account_deleted_is_forgotten CHECK (
        num_nonnulls(username, email, full_name, password_hash) = 0 OR status <> 'deleted'
    ),
    CONSTRAINT ck_user_account_somebody_has_a_password
        CHECK (password_hash IS NOT NULL OR status = 'deleted'),
    CONSTRAINT ck_user_account_active_since
        CHECK (activated_at IS NOT NULL OR status <> 'active'),
    CONSTRAINT ck_user_account_known_roles
        CHECK (roles <@ ARRAY['user', 'admin'] AND roles @> ARRAY['user']),
    CONSTRAINT ck_user_account_versions_count_from_one
        CHECK (token_version > 0 AND version > 0)
)""",
    "COMMENT ON COLUMN user_account.username_key IS 'NFKC casefold of username'",
    "COMMENT ON COLUMN user_account.email_key IS 'NFKC casefold of email'",
    "COMMENT ON COLUMN user_account.search_key IS 'all names, NFKC casefold, one a line'",
    "COMMENT ON COLUMN user_account.token_version_at IS 'when it last grew'",
    "CREATE INDEX ix_user_account_created_at ON user_account (created_at DESC, id DESC)",
    """CREATE INDEX ix_user_account_admins ON user_account (id)
    WHERE status = 'active' AND roles @> ARRAY['admin']""",
    """CREATE INDEX ix_user_account_token_version_at ON user_account (token_version_at)
    WHERE token_version_at IS NOT NULL""",
)
_SESSION = (
    """CREATE TABLE session (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    counter integer NOT NULL DEFAULT 0,
    hmac_key bytea NOT NULL,
    user_agent text,
    created_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    CONSTRAINT pk_session PRIMARY KEY (id),
    CONSTRAINT fk_session_user_id FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT ck_session_counter_counts_up CHECK (counter >= 0),
    CONSTRAINT ck_session_hmac_key_length CHECK (octet_length(hmac_key) = 32),
    CONSTRAINT ck_session_ended_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
)""",
    """CREATE INDEX ix_session_live ON session (user_id, created_at DESC, id DESC)
    WHERE ended_at IS NULL""",
    "CREATE INDEX ix_session_ended_at ON session (ended_at) WHERE ended_at IS NOT NULL",
)
_LINK = (
    """CREATE TABLE link (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_link PRIMARY KEY (token_hash),
    CONSTRAINT fk_link_user_id FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT ck_link_purpose CHECK (purpose IN ('activation')),
    CONSTRAINT ck_link_token_hash_length CHECK (octet_length(token_hash) = 32)
)""",
    "COMMENT ON COLUMN link.token_hash IS 'SHA-256 of the token'",
    "CREATE INDEX ix_link_user_id ON link (user_id, purpose)",
)
_SIGNING_KEY = (
    """CREATE TABLE signing_key (
    kid text NOT NULL,
    status text NOT NULL,
    public_jwk jsonb NOT NULL,
    private_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz,
    retired_at timestamptz,
    CONSTRAINT pk_signing_key PRIMARY KEY (kid),
    CONSTRAINT ck_signing_key_status CHECK (status IN ('next', 'active', 'retired')),
    CONSTRAINT ck_signing_key_public_jwk_is_public CHECK (NOT public_jwk ? 'd'),
    CONSTRAINT ck_signing_key_retired_since
        CHECK ((status = 'retired') = (retired_at IS NOT NULL))
)""",
    "COMMENT ON COLUMN signing_key.kid IS 'RFC 7638 thumbprint'",
    "COMMENT ON COLUMN signing_key.private_key IS 'PKCS#8, encrypted (auth.vault)'",
    """CREATE UNIQUE INDEX uq_signing_key_status ON signing_key (status)
    WHERE status <> 'retired'""",
)


def upgrade() -> None:
    """Create auth's own tables and those of kit's messaging."""
    for statement in (*_USER_ACCOUNT, *_SESSION, *_LINK, *_SIGNING_KEY):
        op.execute(statement)
    ddl.create_messaging(op)


def downgrade() -> None:
    """Drop all of these tables."""
    ddl.drop_messaging(op)
    op.execute("DROP TABLE signing_key, link, session, user_account")
