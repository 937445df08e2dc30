"""Lets the names on cards that were kept long enough be found along an index."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_payment_created_at_while_card_holder_kept ON payment (created_at)
        WHERE card_holder IS NOT NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_payment_created_at_while_card_holder_kept")
