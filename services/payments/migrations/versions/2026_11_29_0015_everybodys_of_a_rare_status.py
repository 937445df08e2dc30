"""Lets everybody's payments of a rare status be read along an index."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_payment_status_created_at_id_while_rare ON payment (status, created_at, id)
        WHERE status IN ('scheduled', 'processing', 'failed', 'cancelled', 'refunded')
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_payment_status_created_at_id_while_rare")
