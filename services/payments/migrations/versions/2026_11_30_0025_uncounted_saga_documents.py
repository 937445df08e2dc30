"""Keeps no statistics of what sagas know and log."""

from alembic import op

from kit.db import ddl

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.leave_saga_documents_uncounted(op)


def downgrade() -> None:
    ddl.count_saga_documents(op)
