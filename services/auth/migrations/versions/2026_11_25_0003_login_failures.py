"""Creates the counts of recent wrong passwords, which lock logins."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOGIN_FAILURE = """
CREATE TABLE login_failure (
    key bytea NOT NULL,
    user_id uuid,
    count integer NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT pk_login_failure PRIMARY KEY (key),
    CONSTRAINT ck_login_failure_key_length CHECK (octet_length(key) = 32),
    CONSTRAINT ck_login_failure_counted_from_one CHECK (count > 0)
)
"""


def upgrade() -> None:
    op.execute(LOGIN_FAILURE)
    op.execute("COMMENT ON COLUMN login_failure.key IS 'SHA-256 of name and address'")
    op.execute("COMMENT ON COLUMN login_failure.user_id IS 'NULL for a name that nobody has'")
    op.execute("CREATE INDEX ix_login_failure_ends_at ON login_failure (ends_at)")
    op.execute(
        """CREATE INDEX ix_login_failure_user_id ON login_failure (user_id)
        WHERE user_id IS NOT NULL"""
    )


def downgrade() -> None:
    op.execute("DROP TABLE login_failure")
