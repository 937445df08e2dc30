"""Adds what OAuth clients may do, an overlap of their secrets, and two indexes.

Clients and sessions of before keep what their users had allowed: all of it.
"""

# ruff: noqa: S608 - every text is put together from constants

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EVERY = (
    "finance:read finance:write notifications:read notifications:write orders:read orders:write"
    " payments:read payments:write products:read products:write profile:read refunds:read"
    " refunds:write services:write wallets:read wallets:write webhooks:read webhooks:write"
)
UPGRADE = (
    *(
        f"ALTER TABLE {table} ADD COLUMN scopes text[] NOT NULL DEFAULT '{{}}'"
        for table in ("client", "session", "authorization_code")
    ),
    "COMMENT ON COLUMN session.scopes IS 'of client_id'",
    f"UPDATE client SET scopes = string_to_array('{EVERY}', ' ')",
    f"""UPDATE session SET scopes = string_to_array('{EVERY}', ' ')
    WHERE client_id IS NOT NULL AND ended_at IS NULL""",
    f"UPDATE authorization_code SET scopes = string_to_array('{EVERY}', ' ')",
    "ALTER TABLE client ADD COLUMN old_secret_hash bytea",
    "ALTER TABLE client ADD COLUMN old_secret_until timestamptz",
    "COMMENT ON COLUMN client.old_secret_hash IS 'SHA-256'",
    """ALTER TABLE client ADD CONSTRAINT ck_client_old_secret_ends
    CHECK ((old_secret_hash IS NULL) = (old_secret_until IS NULL))""",
    """ALTER TABLE client ADD CONSTRAINT ck_client_old_secret_hash_length
    CHECK (octet_length(old_secret_hash) = 32)""",
    """CREATE INDEX ix_authorization_code_user_id ON authorization_code (user_id)
    WHERE used_at IS NULL""",
    "CREATE INDEX ix_user_account_pending ON user_account (id) WHERE status = 'pending'",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE client DROP COLUMN old_secret_hash, DROP COLUMN old_secret_until")
    op.execute("DROP INDEX ix_user_account_pending, ix_authorization_code_user_id")
    for table in ("client", "session", "authorization_code"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN scopes")
