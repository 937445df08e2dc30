"""Leaves room beside each book and account, so that a movement changes them where they are."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Fill new pages less; those there are get room as their rows move."""
    for table in ("book", "account"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")


def downgrade() -> None:
    """Fill pages whole again."""
    for table in ("book", "account"):
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
