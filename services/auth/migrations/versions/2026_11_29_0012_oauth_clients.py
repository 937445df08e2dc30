"""Adds registered OAuth clients, their codes, and the client of a session."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE client (
        id uuid NOT NULL,
        name text NOT NULL,
        redirect_uris text[] NOT NULL,
        secret_hash bytea,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL,
        disabled_at timestamptz,
        deleted_at timestamptz,
        CONSTRAINT pk_client PRIMARY KEY (id),
        CONSTRAINT fk_client_created_by_user_account FOREIGN KEY (created_by)
            REFERENCES user_account (id),
        CONSTRAINT ck_client_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
        CONSTRAINT ck_client_has_redirect_uris CHECK (cardinality(redirect_uris) BETWEEN 1 AND 10),
        CONSTRAINT ck_client_secret_hash_length CHECK (octet_length(secret_hash) = 32),
        CONSTRAINT ck_client_deleted_is_disabled
            CHECK (deleted_at IS NULL OR disabled_at IS NOT NULL)
    )
    """,
    "COMMENT ON COLUMN client.secret_hash IS 'SHA-256 of the secret; NULL for a public client'",
    """CREATE INDEX ix_client_created_at ON client (created_at DESC, id DESC)
    WHERE deleted_at IS NULL""",
    "ALTER TABLE session ADD COLUMN client_id uuid",
    """ALTER TABLE session ADD CONSTRAINT fk_session_client_id_client FOREIGN KEY (client_id)
    REFERENCES client (id)""",
    "COMMENT ON COLUMN session.client_id IS 'NULL for our own front ends'",
    """CREATE INDEX ix_session_client_id ON session (client_id)
    WHERE client_id IS NOT NULL AND ended_at IS NULL""",
    """
    CREATE TABLE authorization_code (
        code_hash bytea NOT NULL,
        client_id uuid NOT NULL,
        user_id uuid NOT NULL,
        redirect_uri text NOT NULL,
        challenge bytea NOT NULL,
        token_version integer NOT NULL,
        password_digest bytea NOT NULL,
        amr text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        session_id uuid,
        CONSTRAINT pk_authorization_code PRIMARY KEY (code_hash),
        CONSTRAINT fk_authorization_code_client_id_client FOREIGN KEY (client_id)
            REFERENCES client (id),
        CONSTRAINT fk_authorization_code_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id),
        CONSTRAINT ck_authorization_code_code_hash_length CHECK (octet_length(code_hash) = 32),
        CONSTRAINT ck_authorization_code_challenge_length CHECK (octet_length(challenge) = 32),
        CONSTRAINT ck_authorization_code_opened_when_used
            CHECK (session_id IS NULL OR used_at IS NOT NULL)
    )
    """,
    "COMMENT ON COLUMN authorization_code.code_hash IS 'SHA-256 of the code'",
    "COMMENT ON COLUMN authorization_code.challenge IS 'SHA-256 of the code verifier'",
    "COMMENT ON COLUMN authorization_code.token_version IS 'the user''s, at the login'",
    "COMMENT ON COLUMN authorization_code.password_digest IS 'SHA-256 of the hash, likewise'",
    "COMMENT ON COLUMN authorization_code.amr IS 'RFC 8176'",
    "COMMENT ON COLUMN authorization_code.session_id IS 'the session that it opened'",
    "CREATE INDEX ix_authorization_code_expires_at ON authorization_code (expires_at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE authorization_code")
    op.execute("ALTER TABLE session DROP COLUMN client_id")
    op.execute("DROP TABLE client")
