"""Adds deletions under way, resting names, skeletons of names, users' languages."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE deletion (
        user_id uuid NOT NULL,
        attempt uuid NOT NULL,
        begun_at timestamptz NOT NULL,
        CONSTRAINT pk_deletion PRIMARY KEY (user_id),
        CONSTRAINT fk_deletion_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id)
    )
    """,
    "CREATE INDEX ix_deletion_begun_at ON deletion (begun_at)",
    # For users who exist already, auth fills it in when it starts.
    "ALTER TABLE user_account ADD COLUMN username_skeleton text",
    "COMMENT ON COLUMN user_account.username_skeleton IS 'what looks the same (Unicode TS 39)'",
    """ALTER TABLE user_account ADD CONSTRAINT uq_user_account_username_skeleton
    UNIQUE (username_skeleton)""",
    "ALTER TABLE user_account ADD COLUMN language text NOT NULL DEFAULT 'ru'",
    """ALTER TABLE user_account ADD CONSTRAINT ck_user_account_language
    CHECK (language IN ('en', 'ru'))""",
    """
    CREATE TABLE resting_name (
        key bytea NOT NULL,
        user_id uuid NOT NULL,
        until timestamptz NOT NULL,
        CONSTRAINT pk_resting_name PRIMARY KEY (key),
        CONSTRAINT ck_resting_name_key_length CHECK (octet_length(key) = 32)
    )
    """,
    "COMMENT ON COLUMN resting_name.key IS 'SHA-256 of what looks the same'",
    "CREATE INDEX ix_resting_name_until ON resting_name (until)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE resting_name")
    op.execute("ALTER TABLE user_account DROP COLUMN language, DROP COLUMN username_skeleton")
    op.execute("DROP TABLE deletion")
