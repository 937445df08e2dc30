"""Reads unread notices along the index of all: a person keeps 10,000 at most."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX ix_notice_unread")


def downgrade() -> None:
    op.execute(
        "CREATE INDEX ix_notice_unread ON notice (user_id, created_at, id) WHERE read_at IS NULL"
    )
