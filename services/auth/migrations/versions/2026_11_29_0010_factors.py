"""Adds second factors: codes of an app, passkeys, recovery codes, and challenges."""

from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

UPGRADE = (
    # What the tables below hold for a user, so that a login reads one row.
    "ALTER TABLE user_account ADD COLUMN factors text[] NOT NULL DEFAULT '{}'",
    """ALTER TABLE user_account ADD CONSTRAINT ck_user_account_known_factors
    CHECK (factors <@ ARRAY['passkey', 'totp'])""",
    """
    CREATE TABLE totp (
        user_id uuid NOT NULL,
        secret bytea NOT NULL,
        last_step bigint,
        created_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        CONSTRAINT pk_totp PRIMARY KEY (user_id),
        CONSTRAINT fk_totp_user_id_user_account FOREIGN KEY (user_id) REFERENCES user_account (id),
        CONSTRAINT ck_totp_confirmed_by_a_code
            CHECK (confirmed_at IS NULL OR last_step IS NOT NULL)
    )
    """,
    "COMMENT ON COLUMN totp.secret IS 'base32, encrypted (auth.vault)'",
    "COMMENT ON COLUMN totp.last_step IS 'of the newest code used (RFC 6238)'",
    "COMMENT ON COLUMN totp.confirmed_at IS 'NULL until the first code'",
    """
    CREATE TABLE passkey (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        credential_id bytea NOT NULL,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        name text NOT NULL,
        transports text[] NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz,
        CONSTRAINT pk_passkey PRIMARY KEY (id),
        CONSTRAINT fk_passkey_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id),
        CONSTRAINT uq_passkey_credential_id UNIQUE (credential_id),
        CONSTRAINT ck_passkey_sign_count_counts_up CHECK (sign_count >= 0)
    )
    """,
    "COMMENT ON COLUMN passkey.public_key IS 'COSE (RFC 9052)'",
    "CREATE INDEX ix_passkey_user_id ON passkey (user_id, created_at)",
    """
    CREATE TABLE recovery_code (
        user_id uuid NOT NULL,
        code_hash bytea NOT NULL,
        used_at timestamptz,
        CONSTRAINT pk_recovery_code PRIMARY KEY (user_id, code_hash),
        CONSTRAINT fk_recovery_code_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id),
        CONSTRAINT ck_recovery_code_code_hash_length CHECK (octet_length(code_hash) = 32)
    )
    """,
    "COMMENT ON COLUMN recovery_code.code_hash IS 'SHA-256 of user and code'",
    """
    CREATE TABLE challenge (
        token_hash bytea NOT NULL,
        kind text NOT NULL,
        user_id uuid,
        token_version integer,
        tries integer NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_challenge PRIMARY KEY (token_hash),
        CONSTRAINT fk_challenge_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id),
        CONSTRAINT ck_challenge_kind CHECK (
            kind IN ('second_factor', 'passkey_registration', 'passkey_login', 'passkey_factor',
            'step_up')),
        CONSTRAINT ck_challenge_somebody_s_version
            CHECK ((user_id IS NULL) = (token_version IS NULL)),
        CONSTRAINT ck_challenge_whose CHECK ((user_id IS NULL) = (kind = 'passkey_login')),
        CONSTRAINT ck_challenge_token_hash_length CHECK (octet_length(token_hash) = 32),
        CONSTRAINT ck_challenge_tries_count_up CHECK (tries >= 0)
    )
    """,
    "COMMENT ON COLUMN challenge.token_hash IS 'SHA-256 of the token'",
    "COMMENT ON COLUMN challenge.user_id IS 'NULL: whoever has a passkey'",
    "COMMENT ON COLUMN challenge.token_version IS 'the user''s: a new password ends it'",
    "CREATE INDEX ix_challenge_expires_at ON challenge (expires_at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("challenge", "recovery_code", "passkey", "totp"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE user_account DROP COLUMN factors")
