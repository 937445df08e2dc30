"""Creates API keys, known only by the hashes of their secrets."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE api_key (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        name text NOT NULL,
        hint text NOT NULL,
        secret_hash bytea NOT NULL,
        old_secret_hash bytea,
        old_secret_until timestamptz,
        scopes text[] NOT NULL,
        wallet_ids uuid[],
        per_day_minor bigint,
        currency text,
        addresses text[],
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        last_used_at timestamptz,
        last_address text,
        places text[] NOT NULL DEFAULT '{}',
        CONSTRAINT pk_api_key PRIMARY KEY (id),
        CONSTRAINT uq_api_key_secret_hash UNIQUE (secret_hash),
        CONSTRAINT uq_api_key_old_secret_hash UNIQUE (old_secret_hash),
        CONSTRAINT fk_api_key_user_id_user_account
            FOREIGN KEY (user_id) REFERENCES user_account (id),
        CONSTRAINT ck_api_key_secret_hash_length CHECK (octet_length(secret_hash) = 32),
        CONSTRAINT ck_api_key_old_secret_hash_length CHECK (octet_length(old_secret_hash) = 32),
        CONSTRAINT ck_api_key_old_secret_ends
            CHECK ((old_secret_hash IS NULL) = (old_secret_until IS NULL)),
        CONSTRAINT ck_api_key_some_scope CHECK (cardinality(scopes) > 0),
        CONSTRAINT ck_api_key_bounded_to_some
            CHECK (cardinality(wallet_ids) > 0 AND cardinality(addresses) > 0),
        CONSTRAINT ck_api_key_amount_has_a_currency
            CHECK ((per_day_minor IS NULL) = (currency IS NULL)),
        CONSTRAINT ck_api_key_per_day_is_some CHECK (per_day_minor > 0)
    )
    """,
    "COMMENT ON COLUMN api_key.hint IS 'what is shown of the secret'",
    "COMMENT ON COLUMN api_key.secret_hash IS 'SHA-256'",
    "COMMENT ON COLUMN api_key.old_secret_hash IS 'SHA-256'",
    "COMMENT ON COLUMN api_key.wallet_ids IS 'NULL for all of the owner''s'",
    "COMMENT ON COLUMN api_key.per_day_minor IS 'what it may pay in a day (UTC)'",
    "COMMENT ON COLUMN api_key.currency IS 'of per_day_minor'",
    "COMMENT ON COLUMN api_key.addresses IS 'networks; NULL for everywhere'",
    "COMMENT ON COLUMN api_key.last_used_at IS 'to the minute'",
    "COMMENT ON COLUMN api_key.places IS 'used from'",
    """
    CREATE INDEX ix_api_key_live ON api_key (user_id, created_at DESC, id DESC)
        WHERE revoked_at IS NULL
    """,
    "CREATE INDEX ix_api_key_revoked_at ON api_key (revoked_at) WHERE revoked_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE api_key")
