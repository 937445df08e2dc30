"""Counts wrong passwords by scope, and creates the places that users are known at."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KNOWN_PLACE = """
CREATE TABLE known_place (
    user_id uuid NOT NULL,
    key bytea NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT pk_known_place PRIMARY KEY (user_id, key),
    CONSTRAINT ck_known_place_key_length CHECK (octet_length(key) = 32)
)
"""


def upgrade() -> None:
    op.execute(KNOWN_PLACE)
    op.execute("COMMENT ON COLUMN known_place.key IS 'SHA-256 of address or network'")
    op.execute("CREATE INDEX ix_known_place_last_at ON known_place (last_at)")
    op.execute("DELETE FROM login_failure")  # counted otherwise
    op.execute(
        """ALTER TABLE login_failure ADD COLUMN scope text NOT NULL,
        ADD CONSTRAINT ck_login_failure_scope
        CHECK (scope IN ('login', 'name', 'place', 'everybody'))"""
    )
    op.execute("COMMENT ON COLUMN login_failure.key IS 'SHA-256 of what is counted'")
    op.execute("COMMENT ON COLUMN login_failure.user_id IS 'whose name is counted, if anybody''s'")


def downgrade() -> None:
    op.execute("DROP TABLE known_place")
    op.execute("DELETE FROM login_failure")
    op.execute("ALTER TABLE login_failure DROP COLUMN scope")
    op.execute("COMMENT ON COLUMN login_failure.key IS 'SHA-256 of name and address'")
    op.execute("COMMENT ON COLUMN login_failure.user_id IS 'NULL for a name that nobody has'")
