"""Lets the names be counted that one user keeps from others."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_resting_name_user_id ON resting_name (user_id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_resting_name_user_id")
