"""All whose a thing is that an administrator saw or changed: of some there are two."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Rows of before stay as they are (they may not be changed): they name one owner at most.
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
