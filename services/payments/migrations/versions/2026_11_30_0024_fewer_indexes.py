"""Keeps one index of each person's payments a side: by status and time.

A page of all is read along it, the newest of each status. Each new payment, and each that ends, had
two more entries for that before.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for side in ("payer", "payee"):
        op.execute(f"DROP INDEX ix_payment_{side}_id_created_at_id")
    # Asking again takes an earlier refusal back from now on; else the next one would not count.
    op.execute("UPDATE movement SET refused_code = NULL WHERE posted_at IS NULL")


def downgrade() -> None:
    for side in ("payer", "payee"):
        op.execute(
            f"CREATE INDEX ix_payment_{side}_id_created_at_id"
            f" ON payment ({side}_id, created_at, id)"
        )
