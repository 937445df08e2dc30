"""Adds all owners of an act's subject to the audit log, which had one."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Older rows can't be changed, so they still name at most one owner.
UPGRADE = (
    "ALTER TABLE audit ADD COLUMN owner_ids uuid[] NOT NULL DEFAULT '{}'",
    """
    COMMENT ON COLUMN audit.owner_ids IS
        'all whose it is; empty also in rows of before, which name one at most'
    """,
    "CREATE INDEX ix_audit_owner_ids ON audit USING gin (owner_ids)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE audit DROP COLUMN owner_ids")
