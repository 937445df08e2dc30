"""Lets PostgreSQL look at commands and holds only where they are many.

A plan that is made while they fit a page reads all of them, and is kept while they grow.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change when they are analyzed; they are not read."""
    for table in ("command", "hold"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_analyze_threshold = 1000)")


def downgrade() -> None:
    """Go back to the server's own threshold."""
    for table in ("command", "hold"):
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_analyze_threshold)")
