"""Lists of one status, read along an index of their own."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for side in ("payer_id", "payee_id"):
        op.execute(
            f"CREATE INDEX ix_payment_{side}_status_created_at_id"
            f" ON payment ({side}, status, created_at, id)"
        )


def downgrade() -> None:
    for side in ("payer_id", "payee_id"):
        op.execute(f"DROP INDEX ix_payment_{side}_status_created_at_id")
