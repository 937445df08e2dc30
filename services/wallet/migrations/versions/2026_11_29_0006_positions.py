"""Numbers all entries in one row, and lets a transfer say what it is for."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both. Entries there are get the numbers of the order in which they lie.

    That rewrites `entry` and keeps it locked against readers meanwhile: some seven seconds for each
    million entries.
    """
    op.execute("ALTER TABLE entry ADD COLUMN position bigint NOT NULL GENERATED ALWAYS AS IDENTITY")
    op.execute("ALTER TABLE entry ADD CONSTRAINT uq_entry_position UNIQUE (position)")
    op.execute("ALTER TABLE transfer ADD COLUMN purpose text")


def downgrade() -> None:
    """Undo it; what transfers were for is forgotten."""
    op.execute("ALTER TABLE transfer DROP COLUMN purpose")
    op.execute("ALTER TABLE entry DROP COLUMN position")
